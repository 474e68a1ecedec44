"""Word templates as an administrator might upload them, made from the shipped ones."""

import zipfile
from io import BytesIO

from reports.printing import shipped

BODY, FOOTER, RELATIONS = "word/document.xml", "word/footer1.xml", "word/_rels/document.xml.rels"
TITLE = "{{ title }}"


def rewritten(data, replaced, added=()):
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            text = source.read(item)
            for old, new in replaced.get(item.filename, ()):
                assert old.encode() in text, old
                text = text.replace(old.encode(), new.encode(), 1)
            target.writestr(zipfile.ZipInfo(item.filename), text, zipfile.ZIP_DEFLATED)
        for name, content in dict(added).items():
            target.writestr(name, content)
    return made.getvalue()


def saying(words, document="card"):
    """The shipped template with these words beside its title."""
    return rewritten(shipped(document), {BODY: [(TITLE, f"{TITLE}{words}")]})
