"""Kept files, as they are handed to a browser."""

from collections.abc import Callable
from io import BytesIO

from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404

from experts.evidence import TYPES


def handed_over(name: str, content: Callable[[], bytes]) -> FileResponse:
    """The file, never shown inside a page and kept by no cache. 404 when its content is gone."""
    try:
        data = content()
    except ValidationError as problem:
        raise Http404(problem.messages[0]) from None
    kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    response = FileResponse(BytesIO(data), as_attachment=True, filename=name, content_type=kind)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
