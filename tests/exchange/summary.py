"""The outcome of a check in the form of the truth files; scopes are the register's to decide."""

import csv
from pathlib import Path

from exchange.checking import HonourCatalogue, HonourEntry

HONOURS = Path(__file__).parent.parent.parent / "data/reference/honours.csv"


def shipped_catalogue():
    with HONOURS.open(encoding="utf-8-sig", newline="") as handle:
        return HonourCatalogue(
            HonourEntry(line["code"], line["name"], tuple(filter(None, line["aliases"].split("|"))))
            for line in csv.DictReader(handle)
        )


def summarise(rows):
    people, rejected, duplicates, total = {}, [], [], 0
    for checked in rows:
        total += 1
        rejected += [
            {"row": checked.row, "column": problem.column, "value": problem.value, "reason": problem.reason}
            for problem in checked.problems
        ]
        if checked.problems:
            continue
        if checked.duplicate_of is None:
            people[checked.row] = checked
            continue
        duplicates.append({"row": checked.row, "of_row": checked.duplicate_of})
        first = people[checked.duplicate_of]
        first.values.update(checked.fills)
        first.honours = tuple(dict.fromkeys((*first.honours, *checked.honours)))
    found = [
        {
            "row": person.row,
            "name": person.values["name"],
            "birth": person.values.get("birth", "")[:7],
            "employer": person.values.get("employer", ""),
            "honours": sorted({claim.code for claim in person.honours}),
        }
        for person in people.values()
    ]
    return {"rows": total, "people": found, "rejected": rejected, "duplicates": duplicates}
