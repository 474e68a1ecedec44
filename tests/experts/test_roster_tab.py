"""The tab 名单 on the page of an expert: the rosters they are and were on, and by which proposals."""

import pytest

from experts.models import MandatoryExit
from tests.experts.grants import worker
from tests.experts.pages import at, body, queries
from tests.experts.test_proposal_views import admitted, begin, fill, step, submitted
from tests.factories import make_exit, make_expert

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def director(client_of, director_haidian):
    return client_of(director_haidian)


def tab(client, expert):
    return client.get(at(expert) + "?tab=roster")


def stays(response):
    return [
        (stay.entry.scope, stay.opened, stay.closed, stay.opened_by, stay.closed_by)
        for stay in response.context["stays"]
    ]


def decided(officer, director, expert, kind, day, **facts):
    """A proposal of that kind, from the draft to the approval."""
    proposal = begin(officer, expert, kind=kind, effective_on=day)
    fill(officer, proposal, conditions_met="on", **facts)
    step(officer, proposal, "submit")
    for name in ("review", "approve"):
        step(director, proposal, name)
    proposal.refresh_from_db()
    assert proposal.state == "approved"
    return proposal


def test_each_stay_names_what_opened_and_closed_it(officer, director):
    expert = make_expert("甲", awards=["CAS"])
    first = admitted(officer, director, expert)
    rescoped = decided(officer, director, expert, "rescope", "2026-02-01", scope="general")
    left = decided(officer, director, expert, "exit", "2026-03-01", reason="own_request")
    back = decided(officer, director, expert, "readmit", "2026-04-01", scope="key")
    page = tab(officer, expert)
    assert stays(page) == [
        ("key", "重新纳入", "", back, None),
        ("general", "调整", "本人申请不再联系", rescoped, left),
        ("key", "纳入", "调整", first, rescoped),
    ]
    assert all(each.number in body(page) for each in (first, rescoped, left, back))


def test_what_waits_is_named_until_it_is_decided(officer, director):
    expert = make_expert("甲")
    proposal = submitted(officer, expert)
    page = tab(officer, expert)
    assert (page.context["waiting"], stays(page)) == ([proposal], [])
    assert proposal.number in body(page)
    step(officer, proposal, "withdraw")
    page = tab(officer, expert)
    assert page.context["waiting"] == []
    assert "没有列入过名单" in body(page)


def test_a_mandatory_exit_reads_as_an_exit(officer, director, officer_haidian, director_haidian):
    expert = make_expert("甲")
    admitted(officer, director, expert)
    case = make_exit(officer_haidian, expert, checked_by=worker("审核人"))
    officer.post(f"/experts/exits/{case.uuid}/told/", {"told_on": case.known_on.isoformat()})
    director.post(f"/experts/exits/{case.uuid}/decide/", {"decision": "approve"})
    assert MandatoryExit.objects.get().state == "approved"
    [stay] = stays(tab(officer, expert))
    assert stay[:3] == ("general", "纳入", "退出")
    assert "学术不端" not in body(tab(officer, expert))


def test_it_takes_as_many_statements_for_three_stays_as_for_one(officer, director):
    expert = make_expert("甲")
    admitted(officer, director, expert)
    tab(officer, expert)
    one = queries(officer, at(expert) + "?tab=roster")
    decided(officer, director, expert, "rescope", "2026-02-01", scope="key")
    decided(officer, director, expert, "exit", "2026-03-01", reason="own_request")
    three = queries(officer, at(expert) + "?tab=roster")
    assert (len(one), len(three)) == (13, 13)
