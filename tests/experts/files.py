"""Small files of every kind that people upload as evidence, good and bad, made by hand."""

import zipfile
from io import BytesIO

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"
LETTER = "<w:document><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:document>"


def zipped(**parts):
    """An archive of these parts, the same whenever it is made."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def office(main, types="", **parts):
    content = {"[Content_Types].xml": f"<Types>{types}</Types>", **main, **parts}
    return zipped(**content)


def docx(text="单位来函", types="", **parts):
    return office({"word/document.xml": LETTER.format(text)}, types, **parts)


def xlsx(text="单位来函", types="", **parts):
    shared = f"<sst><si><t>{text}</t></si></sst>"
    return office({"xl/workbook.xml": "<workbook/>", "xl/sharedStrings.xml": shared}, types, **parts)


def photo(kind="JPEG", size=(60, 80)):
    """A picture that says where it was taken."""
    out, image = BytesIO(), Image.new("RGB", size, "steelblue")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    image.save(out, kind, exif=exif)
    return out.getvalue()
