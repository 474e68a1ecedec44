"""The six rosters, read and checked, give exactly the people, held rows and duplicates of their truth.

Their scopes need the register's rule: test_import_roster.py.
"""

import itertools
import json
from pathlib import Path

import pytest

from exchange.checking import check_rows
from exchange.reading import read_roster
from exchange.recognise import HEAD_ROWS, recognise
from tests.exchange.summary import shipped_catalogue, summarise

ROSTERS = Path(__file__).parent.parent / "rosters"
CATALOGUE = shipped_catalogue()
FILES = sorted(path for path in ROSTERS.iterdir() if path.suffix != ".json")


def imported(path):
    with read_roster(path, path.name) as sheet:
        head = list(itertools.islice(sheet.rows, HEAD_ROWS))
        layout = recognise(head, sheet.merges)
        records = layout.records(itertools.chain(head, sheet.rows))
        return summarise(check_rows(records, CATALOGUE))


def test_rosters_are_all_there():
    assert [path.name for path in FILES] == [
        "gbk_7.csv",
        "merged_7.xlsx",
        "plain_7.xlsx",
        "titled_7.xlsx",
        "twohead_7.xlsx",
        "xls_7.xls",
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_roster_gives_exactly_its_truth(path):
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    result = imported(path)
    assert result["rows"] == truth["counts"]["rows"]
    people = sorted(truth["people"], key=lambda person: person["row"])
    assert result["people"] == [{key: person[key] for key in person if key != "scope"} for person in people]
    assert [(item["row"], item["column"]) for item in result["rejected"]] == sorted(
        (item["row"], item["field"]) for item in truth["rejected"]
    )
    assert result["duplicates"] == sorted(truth["duplicates"], key=lambda item: item["row"])
    assert all(item["reason"] for item in result["rejected"])
