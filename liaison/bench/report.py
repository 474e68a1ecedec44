"""The measurements as the table of docs/benchmarks.md: one section for each size."""

import re
from typing import Any

from django.conf import settings

from liaison.bench.exports import Making
from liaison.bench.load import READERS
from liaison.bench.pages import Timing

REMINDERS_NOTE = (
    "One day's planning of all rules by `liaison_worker`, then two workers that deliver 20,000 of the"
    " reminders, while a reader of a tenth opens pages (median milliseconds in quiet and meanwhile)."
)
REMINDERS_HEAD = (
    "| experts | planned | seconds | delivered | seconds | pages, ms |\n|--:|--:|--:|--:|--:|---|"
)
FILE = settings.BASE_DIR / "docs" / "benchmarks.md"
HEAD = (
    "| reader | page | p50 ms | p95 ms | × floor | × bare | queries | database ms | main query alone ms |\n"
    "|---|---|" + "--:|" * 7
)
EXPORT_HEAD = "| lines of a workbook | seconds | × floor | memory MB | floor MB |\n|" + "--:|" * 5


def lines_of(reader: str, timings: list[Timing]) -> list[str]:
    floor, bare = (each.p50 for each in timings[:2])
    part = f"{READERS[reader][1]:.0%}"
    lines = []
    for each in timings:
        times = f"{each.p50:.1f} | {each.p95:.1f} | {each.p50 / floor:.1f} | {each.p50 / bare:.1f}"
        raw = "" if each.raw is None else f"{each.raw:.2f}"
        lines.append(f"| {part} | {each.page} | {times} | {each.queries} | {each.database:.1f} | {raw} |")
    return lines


def table(found: dict[str, list[Timing]]) -> str:
    rows = [line for reader, timings in found.items() for line in lines_of(reader, timings)]
    return "\n".join([HEAD, *rows])


def export_table(makings: list[Making]) -> str:
    lines = [
        f"| {each.lines:,} | {each.seconds:.1f} | {each.seconds / each.floor:.1f} | {each.memory:.0f}"
        f" | {each.floor_memory:.0f} |"
        for each in makings
    ]
    return "\n".join([EXPORT_HEAD, *lines])


def write_reminders(count: int, found: dict[str, Any]) -> None:
    """The line of this size in the section of the reminders."""
    plan, deliver = found["plan"], found["pages"]
    pages = "; ".join(f"{name} {each['quiet']} → {each['busy']}" for name, each in deliver["pages"].items())
    line = (
        f"| {count:,} | {plan['reminders']:,} | {plan['seconds']} | {deliver['reminders']:,}"
        f" | {deliver['seconds']} | {pages} |"
    )
    text = FILE.read_text(encoding="utf-8")
    if REMINDERS_HEAD not in text:
        text = f"{text.rstrip()}\n\n## Reminders\n\n{REMINDERS_NOTE}\n\n{REMINDERS_HEAD}\n"
    kept = [each for each in text.splitlines() if "→" not in each]
    rows = [each for each in text.splitlines() if "→" in each and not each.startswith(f"| {count:,} |")]
    rows = sorted([*rows, line], key=lambda row: int(row.split()[1].replace(",", "")))
    end = kept.index(REMINDERS_HEAD.splitlines()[-1]) + 1
    FILE.write_text("\n".join([*kept[:end], *rows, *kept[end:]]) + "\n", encoding="utf-8")


def write_table(count: int, found: dict[str, list[Timing]], makings: list[Making]) -> None:
    """Replace the section of this size, and nothing else."""
    title = f"## {count:,} experts"
    text = FILE.read_text(encoding="utf-8")
    section = re.compile(rf"{re.escape(title)}\n.*?(?=\n## |\Z)", re.DOTALL)
    written = f"{title}\n\n{table(found)}\n\n{export_table(makings)}\n"
    kept = text if section.search(text) else f"{text.rstrip()}\n\n{written}"
    FILE.write_text(section.sub(lambda _: written, kept), encoding="utf-8")
