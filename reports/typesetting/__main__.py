"""The process that sets one document: a task as JSON comes in, the file goes out.

`{"document": …, "data": …}` asks for a PDF; with `"template"` (base64) for a Word file. What stands against
it is written to standard error as a JSON list, with the exit code REFUSED.
"""

import base64
import json
import resource
import sys

from reports.typesetting import REFUSED, SECONDS, TOO_MUCH, Refused
from reports.typesetting.pdf import set_pdf
from reports.typesetting.word import set_word

MEMORY = 4 * 1024**3  # address space, bytes


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (2 * SECONDS, 2 * SECONDS))  # Typst uses two cores
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    task = json.load(sys.stdin.buffer)
    try:
        if template := task.get("template"):
            made = set_word(base64.b64decode(template), task["data"])
        else:
            made = set_pdf(task["document"], task["data"])
    except Refused as refused:
        sys.stderr.write(json.dumps(refused.problems))
        return REFUSED
    except MemoryError:
        return TOO_MUCH
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
