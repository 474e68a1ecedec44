"""The auditor's page: in the product's own shell, for the auditor alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actions import record
from audit.sealing import seal_all
from audit.verbs import Verb
from audit.verifying import LATE
from tests.experts.pages import body
from tests.factories import make_user
from tests.personas import PERSONAS

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(empty_trail, client_of, auditor):
    """The page as text, blanks removed."""
    client = client_of(auditor)

    def read(query=""):
        return "".join(body(client.get(f"/audit/?{query}")).split())

    return read


@pytest.mark.parametrize("name", PERSONAS)
def test_the_trail_is_the_auditors_alone(client_of, personas, name):
    assert client_of(personas[name]).get("/audit/").status_code == (200 if name == "auditor" else 403)


def test_nobody_signs_in_first(client):
    assert client.get("/audit/")["Location"] == "/accounts/login/?next=/audit/"


def test_the_auditor_is_led_to_the_trail_and_has_no_admin(empty_trail, client_of, auditor):
    client = client_of(auditor)
    assert client.get("/")["Location"] == "/audit/"
    assert client.get("/admin/").status_code == 403
    text = body(client.get("/audit/"))
    assert ("审计记录" in text, "系统管理" in text) == (True, False)


def test_an_event_reads_in_words(page):
    record(Verb.REVEAL, by=make_user(username="officer"), kind="expert", reference="ZJ-AAAA1111",
           fields=["phone"], reason="走访联系", counts={"rows": 3})  # fmt: skip
    text = page()
    facts = ["字段：phone", "事由：走访联系", "数量：rows3"]
    for words in ["officer", "显示敏感信息", "专家", "ZJ-AAAA1111", *facts, "成功", "共1条"]:
        assert words in text


def test_what_is_recorded_cannot_become_markup(page):
    record(Verb.REVEAL, by=None, kind="expert", reference="<b>x", reason="<script>alert(1)</script>")
    text = page()
    assert ("<script>alert" in text, "&lt;script&gt;alert(1)" in text, "&lt;b&gt;x" in text) == (
        False,
        True,
        True,
    )


def test_filters_in_force_show_as_chips_and_lead_back(page):
    record(Verb.VIEW, by=None, kind="expert", reference="ZJ-AAAA1111")
    text = page("kind=expert&reference=ZJ-AAAA1111&since=2020-01-01")
    assert [word in text for word in ("对象专家", "编号ZJ-AAAA1111", "自2020-01-01")] == [True] * 3


@pytest.mark.parametrize("query", ["reference=ZJ-NOBODY22", "since=nonsense", "kind=nonsense"])
def test_nothing_found_says_what_to_do(page, query):
    record(Verb.VIEW, by=None, kind="expert", reference="ZJ-AAAA1111")
    text = page(query)
    assert ("没有符合条件的记录" in text, "ZJ-AAAA1111" in text) == (True, False)


def test_an_empty_trail_says_what_will_be_in_it(page):
    assert "还没有审计记录" in page()


def test_a_count_past_the_limit_is_counted_on_request(page, monkeypatch):
    monkeypatch.setattr("audit.listing.COUNT_LIMIT", 2)
    for _ in range(3):
        record(Verb.VIEW, by=None, kind="expert")
    assert "超过2条" in page()
    assert "共3条" in page("count=exact")


# The state of the seal


def test_seals_show_beside_their_events_and_the_rest_waits(page):
    record(Verb.VIEW, by=None, kind="expert", reference="ZJ-AAAA1111")
    seal_all()
    record(Verb.VIEW, by=None, kind="expert", reference="ZJ-BBBB2222")
    text = page()
    assert '<tddata-label="封存">1</td>' in text
    assert text.count("待封存</span>") == 1
    assert "<dt>待封存</dt><dd>1条</dd>" in text
    assert "封存没有跟上" not in text


def test_the_end_of_the_chain_can_be_noted_down(page):
    record(Verb.VIEW, by=None, kind="expert")
    seal_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT number || ':' || digest FROM audit_head")
        (head,) = cursor.fetchone()
    assert f">{head}</code>" in page()


def test_a_sealer_that_is_late_is_told(page, monkeypatch):
    real, moment = timezone.now, timezone.now() - LATE * 2
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    record(Verb.VIEW, by=None, kind="expert")
    monkeypatch.setattr("django.utils.timezone.now", real)
    assert "封存没有跟上" in page()
    seal_all()
    assert "封存没有跟上" not in page()


def test_the_page_takes_the_same_statements_at_one_row_and_at_three(empty_trail, client_of, auditor):
    client, counts = client_of(auditor), []
    client.get("/audit/")
    for more in (1, 2):
        for _ in range(more):
            record(Verb.VIEW, by=None, kind="expert")
        seal_all()
        with CaptureQueriesContext(connection) as captured:
            client.get("/audit/")
        counts.append(
            len([q for q in captured if not q["sql"].startswith(("SET ", "RESET ", "SAVEPOINT", "RELEASE"))])
        )
    assert counts == [12, 12]
