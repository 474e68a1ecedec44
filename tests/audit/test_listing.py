"""What the auditor reads: everything, as the URL asks for it; what is exported says the same in words."""

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from audit.actions import record
from audit.listing import COLUMNS, PAGE_SIZE, trail, trail_context
from audit.models import Event
from audit.verbs import Verb
from core.context import Acting, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def events(empty_trail, monkeypatch):
    """Three events on three days."""
    moment = [None]
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment[0])
    moment[0] = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # 2 March here
    with acting_as(Acting(1, "officer", "10.0.0.1", "web")):
        record(Verb.VIEW, by=None, kind="expert", reference="ZJ-AAAA1111")
    moment[0] = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
    with acting_as(Acting(2, "head", "10.0.0.2", "job")):
        record(Verb.IMPORT, by=None, kind="roster", reference="r1", counts={"rows": 3}, result="uploaded")
    moment[0] = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
    with acting_as(Acting(2, "head", "10.0.0.1", "web")):
        record(Verb.REVEAL, by=None, kind="expert", reference="ZJ-BBBB2222", fields=["phone"], reason="走访")


@pytest.mark.parametrize(("query", "references"), [
    ("", ["ZJ-BBBB2222", "r1", "ZJ-AAAA1111"]),
    ("since=2026-03-02&until=2026-03-02", ["ZJ-AAAA1111"]),
    ("since=2026-03-03", ["ZJ-BBBB2222", "r1"]),
    ("until=9999-12-31&since=0001-01-01", ["ZJ-BBBB2222", "r1", "ZJ-AAAA1111"]),
    ("user=head", ["ZJ-BBBB2222", "r1"]),
    ("user=hea", []),
    ("verb=reveal", ["ZJ-BBBB2222"]),
    ("kind=expert", ["ZJ-BBBB2222", "ZJ-AAAA1111"]),
    ("reference=ZJ-AAAA1111", ["ZJ-AAAA1111"]),
    ("reference=ZJ-AAAA", []),
    ("result=uploaded", ["r1"]),
    ("channel=job", ["r1"]),
    ("address=10.0.0.1&kind=expert&user=head", ["ZJ-BBBB2222"]),
    ("kind=nonsense", []),
    ("since=nonsense", []),
    ("reference=%00", []),
])  # fmt: skip
def test_the_url_filters(events, auditor, query, references):
    assert [event.reference for event in trail(auditor, QueryDict(query))] == references


def test_only_the_auditor_reads_the_trail(events, personas):
    read = {name: trail(user, QueryDict("")).count() for name, user in personas.items()}
    assert read == dict.fromkeys(personas, 0) | {"auditor": 3}


def test_a_disabled_auditor_reads_nothing(events, auditor):
    auditor.is_active = False
    auditor.save()
    assert trail(auditor, QueryDict("")).count() == 0


def test_columns_say_it_in_words(events, auditor):
    event = trail(auditor, QueryDict("verb=import")).get()
    assert [read(event) for _, read in COLUMNS] == [
        "2026-03-03 10:00:00", "head", "导入", "名册", "r1", "", "", "已上传", "rows 3",
        "10.0.0.2", "后台作业",
    ]  # fmt: skip


def test_pages_follow_each_other_without_a_gap(empty_trail, auditor):
    for number in range(PAGE_SIZE + 3):
        record(Verb.VIEW, by=None, kind="expert", reference=str(number))
    first = trail_context(auditor, QueryDict(""))
    second = trail_context(auditor, QueryDict(first["next_url"].lstrip("?")))
    seen = [event.reference for page in (first, second) for event in page["page"].rows]
    assert seen == [str(number) for number in reversed(range(PAGE_SIZE + 3))]
    assert (first["total"], first["exact"], second["next_url"]) == (PAGE_SIZE + 3, True, "")
    assert Event.objects.count() == PAGE_SIZE + 3
