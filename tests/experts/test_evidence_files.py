"""What is accepted as evidence: told by content, without macros, passwords, markings or hidden data."""

from io import BytesIO

import pytest
from PIL import Image

from experts.evidence import DAMAGED, LARGEST, MACRO, OLD_OFFICE, PASSWORD, UNKNOWN, Refused, accepted
from tests.experts.files import PDF, docx, photo, xlsx, zipped


def taken(data, name="来函"):
    return accepted(BytesIO(data), name)


@pytest.mark.parametrize(("data", "kind"), [
    (PDF, "pdf"), (photo("JPEG"), "jpg"), (photo("PNG"), "jpg"), (docx(), "docx"), (xlsx(), "xlsx"),
])  # fmt: skip
@pytest.mark.parametrize("name", ["来函", "来函.exe", "C:\\桌面\\来函.html", "../来函.pdf"])
def test_the_content_says_what_a_file_is_and_names_it(data, kind, name):
    file = taken(data, name)
    assert (file.kind, file.name) == (kind, f"来函.{kind}")


def test_documents_stay_as_they_are_and_pictures_lose_what_they_hide():
    assert [taken(data).data for data in (PDF, docx(), xlsx())] == [PDF, docx(), xlsx()]
    data = photo()
    assert b"taken at home" in data
    kept = taken(data).data
    assert b"taken at home" not in kept
    assert (Image.open(BytesIO(kept)).format, dict(Image.open(BytesIO(kept)).getexif())) == ("JPEG", {})


def test_a_certificate_stays_legible():
    assert Image.open(BytesIO(taken(photo(size=(4000, 2000))).data)).size == (3000, 1500)


@pytest.mark.parametrize(("data", "words"), [
    (b"", UNKNOWN),
    (b"MZ\x90\x00", UNKNOWN),
    (b"<html><script>alert(1)</script>", UNKNOWN),
    (b"GIF89a" + bytes(20), UNKNOWN),
    (b" " + PDF, UNKNOWN),
    (PDF[:20], DAMAGED),
    (PDF.replace(b"<<>>", b"<</Encrypt 5 0 R>>"), PASSWORD),
    (PDF.replace(b"<<>>", b"<</JavaScript 5 0 R>>"), "PDF 里含有脚本或附件，请重新打印为 PDF 后再上传。"),
    (b"\xff\xd8\xff\xe0 not a picture", "这个文件不是可用的照片，请上传 JPG 或 PNG。"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), OLD_OFFICE),
    (b"PK\x03\x04 broken", DAMAGED),
    (zipped(**{"a.txt": "x"}), UNKNOWN),
    (docx(**{"xl/workbook.xml": "<workbook/>"}), UNKNOWN),
    (docx(**{"word/vbaProject.bin": "x"}), MACRO),
    (docx(types='<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'), MACRO),
    (docx(**{"word/activeX/activeX1.xml": "x"}), MACRO),
    (docx(**{"word/embeddings/oleObject1.bin": "x"}), MACRO),
    (xlsx(**{"xl/macrosheets/sheet1.xml": "x"}), MACRO),
    (xlsx(**{"xl/worksheets/big.xml": "0" * 101 * 1024 * 1024}), "文件展开后过大，请精简后再上传。"),
])  # fmt: skip
def test_what_is_refused_says_why(data, words):
    with pytest.raises(Refused, match=f"^{words}$"):
        taken(data)


def test_a_large_file_is_refused():
    assert taken(PDF + b" " * (LARGEST - len(PDF) - 10) + PDF[-10:]).kind == "pdf"
    with pytest.raises(Refused, match="超过 10 MB"):
        taken(PDF + b" " * LARGEST)


@pytest.mark.parametrize(("data", "name"), [
    (PDF, "绝密★来函.pdf"),
    (PDF, "机密.pdf"),
    (docx("机密★一年"), "来函.docx"),
    (docx("</w:t></w:r></w:p><w:p><w:r><w:t>秘</w:t></w:r><w:r><w:t>密"), "来函.docx"),
    (docx(**{"word/header1.xml": "<w:hdr><w:p><w:t>密级：秘密</w:t></w:p></w:hdr>"}), "来函.docx"),
    (xlsx("绝密★"), "来函.xlsx"),
    (xlsx(**{"xl/worksheets/sheet1.xml": "<row><c><is><t>机密</t></is></c></row>"}), "来函.xlsx"),
])  # fmt: skip
def test_a_secrecy_marking_is_refused(data, name):
    with pytest.raises(Refused, match="含有密级标志"):
        taken(data, name)


def test_words_that_are_no_marking_pass():
    assert taken(docx("保密工作和机密设备"), "秘密花园.docx").kind == "docx"
