"""Setting documents: data and a template become a PDF (Typst) or a Word file (docxtpl).

It is done in a process of its own that knows no secret and no database, has little time and memory, and can
be ended at any moment: `press` starts it, `__main__` is it.
"""

SECONDS = 120  # what one document may take
REFUSED, TOO_MUCH = 3, 4  # exit codes


class Refused(ValueError):
    """The template cannot be used; `problems` say why, each in plain words."""

    def __init__(self, *problems: str) -> None:
        super().__init__("；".join(problems))
        self.problems = list(problems)
