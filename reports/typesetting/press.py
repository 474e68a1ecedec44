"""Having a document set by a process of its own, which is ended when it takes too long or is not wanted."""

import base64
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from reports.typesetting import REFUSED, SECONDS, TOO_MUCH, Refused

logger = logging.getLogger(__name__)
EVERY = 0.5  # seconds between two looks at whether it is still wanted
TOO_MUCH_WORK = "排版用时过长或内容过多，已停止。请减少人数，或改用 Excel。"


class TooMuch(ValueError):
    """The time or the memory of one document is used up; the text says so."""


def pressed(
    document: str,
    data: Mapping[str, Any],
    *,
    template: bytes | None = None,
    seconds: float = SECONDS,
    wanted: Callable[[], None] = lambda: None,
) -> bytes:
    """A Word file from `template`, or a PDF without one. `wanted` is called now and then and stops the work
    by raising. Refused when the template is at fault, TooMuch when the time is over, else RuntimeError."""
    task: dict[str, Any] = {"document": document, "data": data}
    if template is not None:
        task["template"] = base64.b64encode(template).decode()
    with _started(json.dumps(task).encode()) as process:
        try:
            made, said = _watched(process, seconds, wanted)
        finally:
            process.kill()  # nothing, once it has ended
    if process.returncode == REFUSED:
        raise Refused(*json.loads(said))
    if process.returncode in {TOO_MUCH, -signal.SIGXCPU, -signal.SIGKILL}:
        raise TooMuch(TOO_MUCH_WORK)
    if process.returncode:
        logger.error("typesetting %s ended with %s", document, process.returncode)
        raise RuntimeError("The document could not be set.")
    return made


def _started(task: bytes) -> subprocess.Popen[bytes]:
    """The process with its task, which it reads from memory: it is in no file, and no pipe has to be fed."""
    with os.fdopen(os.memfd_create("task"), "w+b") as source:
        source.write(task)
        source.seek(0)
        return subprocess.Popen(
            [sys.executable, "-m", "reports.typesetting"],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        )


def _watched(
    process: subprocess.Popen[bytes], seconds: float, wanted: Callable[[], None]
) -> tuple[bytes, bytes]:
    """What it writes, once it has ended by itself."""
    end = time.monotonic() + seconds
    while True:
        try:
            return process.communicate(timeout=EVERY)
        except subprocess.TimeoutExpired:
            wanted()
        if time.monotonic() > end:
            raise TooMuch(TOO_MUCH_WORK)
