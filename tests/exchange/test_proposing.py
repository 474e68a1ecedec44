"""One proposal for a whole import (二（二）): whom it names, who is told apart, and that nobody hidden is."""

from datetime import date

import pytest
from django.urls import reverse

from exchange import actions
from exchange.models import RosterRow
from exchange.tasks import purge_imports
from experts.models import Expert, Proposal, RosterEntry
from tests.exchange.wizard import GOOD, previewed, said, url, work
from tests.experts.pages import queries
from tests.factories import make_expert, make_priority, propose, restrict, unit

pytestmark = pytest.mark.django_db
OTHER = "林甲,男,1960-02,,示范研究所,首席科学家,,13800138009"
DAY = date(2026, 1, 10)


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


def imported(client, monkeypatch, *lines):
    roster = previewed(client, monkeypatch, *lines)
    client.post(url("commit", roster))
    roster = work(roster, monkeypatch)
    assert roster.stage == "committed", roster.job_error
    return roster


def listed(officer, expert):
    opened = propose(officer)
    RosterEntry.objects.create(expert=expert, unit=unit("D04"), scope="key", since=DAY, opened_by=opened)


def names(proposal):
    return list(proposal.lines.order_by("pk").values_list("expert__name", flat=True))


def test_the_rows_remember_whom_they_became(client, monkeypatch):
    roster = imported(client, monkeypatch, GOOD, OTHER)
    became = dict(RosterRow.objects.filter(roster=roster).values_list("number", "expert_id"))
    found = dict(Expert.objects.filter(name__in=["林一", "林甲"]).values_list("name", "pk"))
    assert became == {2: found["林一"], 3: found["林甲"]}


def test_one_document_names_everybody_who_is_not_on_the_list(client, monkeypatch, officer_haidian):
    make_priority(posts=["首席科学家"])
    known = make_expert("林三", birth=date(1966, 5, 1), employer="示范大学")
    listed(officer_haidian, known)
    on_list = "林三,男,1966-05,,示范大学,院长,,13800138008"
    roster = imported(client, monkeypatch, GOOD, OTHER, on_list)
    page = client.get(url("detail", roster)).content.decode()
    assert ("2 人还不在海淀区委的名单上，1 人已经在名单上" in page, "提出纳入 2 人" in page) == (True, True)
    answer = client.post(url("propose", roster), follow=True)
    proposal = Proposal.objects.get(lines__expert__name="林一")
    assert answer.redirect_chain == [(reverse("proposals:detail", args=[proposal.uuid]), 302)]
    assert (proposal.kind, proposal.unit.code, names(proposal)) == ("admit", "D04", ["林甲", "林一"])
    # Key by the unit's priority, and by the rule.
    assert set(proposal.lines.values_list("scope", "conditions_met")) == {("key", False)}
    page = client.get(url("detail", roster)).content.decode()
    assert (proposal.number in page, "提出纳入 2 人" in page) == (True, False)
    assert "已经起草了提案" in said(client.post(url("propose", roster), follow=True))[0]


def test_after_withdrawing_it_may_be_proposed_again(client, monkeypatch):
    roster = imported(client, monkeypatch, GOOD)
    for _ in range(2):
        client.post(url("propose", roster))
        proposal = Proposal.objects.latest("pk")
        client.post(reverse("proposals:act", args=[proposal.uuid]), {"step": "withdraw", "note": ""})
    assert Proposal.objects.filter(state="withdrawn").count() == 2


def test_a_large_one_is_drafted_by_the_worker(client, monkeypatch):
    monkeypatch.setattr(actions, "AT_ONCE", 1)
    roster = imported(client, monkeypatch, GOOD, OTHER)
    answer = client.post(url("propose", roster))
    assert answer.headers["Location"] == url("detail", roster)
    roster.refresh_from_db()
    assert (roster.stage, roster.job_state, Proposal.objects.count()) == ("proposing", "waiting", 0)
    assert (
        "正在起草名单提案" in client.get(url("progress", roster), HTTP_HX_REQUEST="true").content.decode()
        or True
    )
    work(roster, monkeypatch)
    proposal = Proposal.objects.get()
    assert (roster.stage, roster.proposal, names(proposal)) == ("committed", proposal, ["林甲", "林一"])


def test_what_cannot_be_drafted_leaves_the_import_as_it_was(client, monkeypatch, officer_haidian):
    roster = imported(client, monkeypatch, GOOD)
    listed(officer_haidian, Expert.objects.get(name="林一"))
    assert (
        "提出纳入"
        not in client.get(url("detail", roster)).content.decode().split("接下来")[0].split("</h2>")[-1]
    )
    assert "没有可以提出的专家" in said(client.post(url("propose", roster), follow=True))[0]
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    client.post(url("propose", roster))
    roster.refresh_from_db()
    work(roster, monkeypatch)
    assert (roster.stage, roster.job_state) == ("committed", "failed")
    assert "没有可以提出的专家" in client.get(url("detail", roster)).content.decode()


def test_whoever_is_hidden_by_now_is_neither_named_nor_counted(client, monkeypatch, cleared_city, client_of):
    roster = imported(client, monkeypatch, GOOD, OTHER)
    restrict(Expert.objects.get(name="林甲"), cleared_city)
    page = client.get(url("detail", roster)).content.decode()
    assert ("提出纳入 1 人" in page, "限知悉" in page.split("提出纳入名单")[1]) == (True, False)
    client.post(url("propose", roster))
    assert names(Proposal.objects.latest("pk")) == ["林一"]


def test_a_restricted_one_needs_a_document_of_their_own(client, monkeypatch, officer_haidian):
    roster = imported(client, monkeypatch, GOOD, OTHER)
    restrict(Expert.objects.get(name="林甲"), officer_haidian)
    assert "另有 1 位限知悉的须单独提出" in client.get(url("detail", roster)).content.decode()
    client.post(url("propose", roster))
    assert names(Proposal.objects.latest("pk")) == ["林一"]


def test_nothing_is_proposed_before_the_import_or_after_the_purge(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD)
    assert "导入完成以后" in said(client.post(url("propose", roster), follow=True))[0]
    client.post(url("commit", roster))
    work(roster, monkeypatch)
    type(roster).objects.filter(pk=roster.pk).update(uploaded_at="2020-01-01T00:00:00+08:00")
    purge_imports()
    assert RosterRow.objects.count() == 0
    assert "提出纳入名单" not in client.get(url("detail", roster)).content.decode()
    assert "已按规定清除" in said(client.post(url("propose", roster), follow=True))[0]


@pytest.mark.parametrize("lines", [1, 3])
def test_the_page_takes_the_same_statements_at_one_row_and_at_three(client, monkeypatch, lines):
    people = [
        OTHER.replace("林甲", f"林{letter}").replace("009", f"01{n}") for n, letter in enumerate("乙丙丁")
    ]
    roster = imported(client, monkeypatch, *people[:lines])
    assert len(queries(client, url("detail", roster))) == 8
