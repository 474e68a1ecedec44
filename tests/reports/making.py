"""Asking for exports and making them as the worker does; reading what came out."""

from io import BytesIO

from django.urls import reverse
from docx import Document
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from accounts.enums import Duty
from reports.actions import finish
from reports.models import Export, Kind
from reports.tasks import run_export
from tests.exchange.wizard import Silent
from tests.roles import as_role

START = "/exports/experts/"
HEAD_LINE = 5  # counted from 0


def url(name, export):
    return reverse(f"reports:{name}", args=[export.uuid])


def ask(client, query="", reason="准备座谈会", path=START, **asked):
    """The export that a click on 导出 begins."""
    response = client.post(path, {"query": query, "reason": reason, **asked})
    assert response.status_code == 302, response.content
    return Export.objects.order_by("pk").last()


def make(export, monkeypatch, reporter=Silent):
    """What the worker does with it, as liaison_app."""
    monkeypatch.setattr("reports.tasks.Reporter", reporter)
    with as_role("liaison_app"):
        run_export(export.pk, export.user_id)
    export.refresh_from_db()
    return export


def made(client, monkeypatch, query="", **asked):
    """An export that is ready to be fetched."""
    export = make(ask(client, query, **asked), monkeypatch)
    assert export.is_ready, export.job_error
    return export


def fetched(client, monkeypatch, query="", **asked):
    """The bytes that its owner gets."""
    return content(client.get(url("fetch", made(client, monkeypatch, query, **asked))))


def content(response):
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def lines(data):
    """All lines of the sheet as lists of cells."""
    return (
        CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    )


def table(data):
    """The rows below the head, each by heading."""
    head, *rows = lines(data)[HEAD_LINE:]
    return [dict(zip(head, row, strict=True)) for row in rows]


def names(data):
    return [row["姓名"] for row in table(data)]


def pages(data):
    """The text of every page of a PDF, without the line ends that its columns make."""
    return [page.extract_text().replace("\n", "") for page in PdfReader(BytesIO(data)).pages]


def grids(data):
    """The tables of a Word file, each as lists of the cells of its rows."""
    return [
        [[cell.text for cell in row.cells] for row in grid.rows] for grid in Document(BytesIO(data)).tables
    ]


def text_of(data):
    """Everything that the file says, whatever its format."""
    if data.startswith(b"%PDF"):
        return "".join(pages(data))
    if b"word/document.xml" not in data:
        return str(lines(data))
    document = Document(BytesIO(data))
    section = document.sections[0]
    frame = [each.text for part in (section.header, section.footer) for each in part.paragraphs]
    return str(frame + [each.text for each in document.paragraphs] + grids(data))


def ready_export(user, data=b"PK"):
    """An export without rows that is there to be fetched, of the kind that belongs to the account."""
    kind = Kind.TRAIL if user.duty == Duty.AUDIT else Kind.EXPERTS
    export = Export.objects.create(user=user, kind=kind, words="全部", reason="核对")
    finish(export=export, data=data)
    return export
