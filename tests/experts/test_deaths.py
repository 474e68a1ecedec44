"""Deaths (二（三）): entries are closed everywhere, and reopened when another person corrects it."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from experts.actions import deaths as acts
from experts.effects import on_exit
from experts.identity import note_pairs
from experts.models import Death, Expert, Proposal, RosterEntry
from experts.roster import DECEASED, unfit
from tests.experts.grants import worker
from tests.experts.pages import BULK, LIST, at, body, field_errors, said
from tests.experts.test_exits import enter
from tests.factories import make_award, make_exit, make_expert, make_report, restrict, unit

pytestmark = pytest.mark.django_db
LONG_AGO = date(2020, 1, 2)


@pytest.fixture
def expert():
    return make_expert("林故人", confirmed_on=timezone.localdate() - timedelta(days=4000))


def register(as_app, by, expert):
    with as_app(by):
        acts.register_death(by=by, expert=expert, died_on=timezone.localdate(), source="讣告")


def test_a_death_closes_entries_everywhere_and_tells_others(as_app, officer_haidian, expert):
    entries = [enter(expert, code, officer_haidian) for code in ("D04", "BJ", "D03")]
    heard = []
    on_exit.register(heard.append)
    try:
        register(as_app, officer_haidian, expert)
    finally:
        on_exit.handlers.remove(heard.append)
    for entry in entries:
        entry.refresh_from_db()
        assert entry.until == timezone.localdate()
        assert (entry.closed_by.kind, entry.closed_by.unit, entry.closed_by.is_registration) == (
            "exit",
            entry.unit,
            True,
        )
        assert entry.closed_by.lines.get().reason == "deceased"
    assert [(event.expert, event.unit) for event in heard] == [(expert, None)]
    expert.refresh_from_db()
    assert expert.died_on == timezone.localdate()
    assert [why for _, why in unfit("admit", unit("D04"), [expert])] == [DECEASED]


def test_a_correction_by_another_person_reopens_the_entries(
    as_app, client_of, officer_haidian, director_haidian, expert
):
    was = [enter(expert, code, officer_haidian) for code in ("D04", "D03")]
    register(as_app, officer_haidian, expert)
    page = reverse("experts:death", args=[expert.uuid])
    own = client_of(officer_haidian).post(page, {"reason": "登记有误"})
    assert (own.status_code, "请由登记人以外的另一人更正" in body(own)) == (422, True)
    done = client_of(director_haidian).post(page, {"reason": "同名误登"}, follow=True)
    assert said(done) == ["已更正，原名单已恢复。结对和取消了的走访不自动恢复，请重新安排。"]
    back = RosterEntry.objects.open().filter(expert=expert)
    assert {(entry.unit, entry.scope, entry.since) for entry in back} == {
        (entry.unit, entry.scope, timezone.localdate()) for entry in was
    }
    expert.refresh_from_db()
    assert expert.died_on is None
    assert Death.objects.get().correction == "同名误登"
    register(as_app, officer_haidian, expert)
    assert not RosterEntry.objects.open().filter(expert=expert).exists()


def test_after_thirty_days_it_stands(as_app, client_of, officer_haidian, director_haidian, expert):
    register(as_app, officer_haidian, expert)
    Death.objects.update(registered_at=timezone.now() - timedelta(days=31))
    response = client_of(director_haidian).post(at(expert, "death"), {"reason": "登记有误"})
    assert (response.status_code, "已超过 30 天" in body(response)) == (422, True)


def test_the_page_and_the_list_say_so_plainly_and_nothing_asks_for_more(
    as_app, client_of, officer_haidian, leader_city, expert
):
    make_award(expert, "MUNICIPAL_AWARD", text="示范奖", state="pending")
    client = client_of(officer_haidian)
    assert ("核实过期信息" in body(client.get("/")), "已过期" in body(client.get(LIST))) == (True, True)
    client.post(at(expert, "death", "new"), {"died_on": timezone.localdate().isoformat(), "source": "讣告"})
    for url in (LIST, at(expert)):
        text = body(client_of(leader_city).get(url))
        assert ("已故" in text, "已过期" in text) == (True, False)
    workbench = body(client.get("/"))
    for item in ("核实过期信息", "选定专家类别", "核实新获奖励"):
        assert item not in workbench
    assert client.get(f"{LIST}?freshness=stale").context["total"] == 0
    assert client.get(f"{LIST}?category=none").context["total"] == 0


@pytest.mark.parametrize(("changes", "errors"), [
    ({"died_on": ""}, {"died_on": ["请填去世日期。"]}),
    ({"died_on": "9999-01-01"}, {"died_on": ["去世日期不能晚于今天，也不能早于 1990 年。"]}),
    ({"source": " "}, {"source": ["请填写信息来源。"]}),
    ({"source": "密级：机密"}, {"source": ["含有密级标志。本系统为非涉密系统，不得录入。"]}),
])  # fmt: skip
def test_what_is_wrong_is_said_beside_the_field(client_of, officer_haidian, expert, changes, errors):
    today = timezone.localdate().isoformat()
    sent = {"died_on": today, "source": "讣告"} | changes
    response = client_of(officer_haidian).post(at(expert, "death", "new"), sent)
    assert (response.status_code, field_errors(response)) == (422, errors)
    assert not Death.objects.exists()


def test_the_database_checks_the_right_itself(
    as_app, sql, officer_chaoyang, leader_city, officer_haidian, expert
):
    statement = "SELECT experts_register_death(%s, current_date - 1, '讣告')"
    for user in (officer_chaoyang, leader_city, None):
        with as_app(user):
            assert sql(statement, expert.uuid) == [("unknown",)]
    one, two = worker("甲"), worker("乙")
    hidden = restrict(make_expert("林限知悉"), one, two)
    with as_app(officer_haidian):
        assert sql(statement, hidden.uuid) == [("unknown",)]
    with as_app(one):
        assert sql(statement, hidden.uuid) == [("done",)]
    with as_app(officer_haidian):
        assert not Death.objects.exists()
    with as_app(two):
        assert Death.objects.count() == 1


def test_nobody_marks_a_record_or_makes_a_registration_by_hand(as_app, officer_haidian, expert):
    with as_app(officer_haidian):
        with pytest.raises(DatabaseError), transaction.atomic():
            Expert.objects.filter(pk=expert.pk).update(died_on=timezone.localdate())
        with pytest.raises(DatabaseError), transaction.atomic():
            Proposal.objects.create(
                kind="exit", unit=unit("D04"), drafted_by=officer_haidian, is_registration=True
            )


def test_both_locks_agree_on_deaths(as_app, officer_haidian, officer_chaoyang, leader_city, auditor, expert):
    register(as_app, officer_haidian, expert)
    for user in (officer_haidian, officer_chaoyang, leader_city, auditor):
        expected = set(Death.objects.visible_to(user).values_list("pk", flat=True))
        with as_app(user):
            assert set(Death.objects.values_list("pk", flat=True)) == expected


def dead(expert):
    Expert.objects.filter(pk=expert.pk).update(died_on=timezone.localdate())
    expert.refresh_from_db()
    return expert


def test_lists_that_may_still_show_the_dead_say_so(client_of, officer_haidian, director_haidian):
    """Reported changes, cases of exit, possible duplicates, suggestions, a roster of an earlier day."""
    expert = make_expert("林故人", birth=timezone.localdate(), awards=["CAS"])
    twin = make_expert("林故人", birth=timezone.localdate())
    note_pairs(expert, twin)
    enter(expert, "D04", officer_haidian)
    RosterEntry.objects.update(since=timezone.localdate() - timedelta(days=9))
    make_report(officer_haidian, expert, "award")
    make_exit(officer_haidian, expert)
    dead(expert)
    client = client_of(director_haidian)
    for url in ("/experts/changes/", "/experts/exits/", "/experts/duplicates/", "/experts/suggest/?q=林故人",
                "/experts/roster/D04/", at(twin)):  # fmt: skip
        assert "已故" in body(client.get(url)), url


def test_nothing_asks_for_what_only_the_living_need(client_of, officer_haidian, director_haidian, expert):
    case = make_exit(officer_haidian, expert, known_on=LONG_AGO, due_on=LONG_AGO)
    client = client_of(director_haidian)
    assert "办理应退事项" in body(client.get("/"))
    dead(expert)
    assert "办理应退事项" not in body(client.get("/"))
    for url in (at(expert), f"/experts/exits/{case.uuid}/"):
        assert "逾期" not in body(client.get(url)), url
    page = body(client.get(at(expert) + "?tab=facts"))
    assert not [
        words for words in ("已过期", "核实姓名", "核实无误", "提出纳入名单", "登记应退") if words in page
    ]
    options = client.get("/proposals/experts/?q=林故人").json()["results"]
    assert options == []
    kinds = body(client.get(at(expert, "changes", "new")))
    assert ("重要奖励" in kinds, "工作调动" in kinds, "严重伤病" in kinds) == (True, False, False)
    assert client.get(at(expert, "changes", "new", "transfer")).status_code == 403
    assert client.post(BULK, {"act": "confirm", "expert": [str(expert.uuid)]}).status_code == 302
    expert.refresh_from_db()
    assert expert.confirmed_on == timezone.localdate() - timedelta(days=4000)


def test_the_figures_count_the_living_and_lead_to_them(client_of, officer_haidian, expert):
    make_expert("林在世")
    dead(expert)
    client = client_of(officer_haidian)
    figures = {figure.label: figure for figure in client.get("/").context["figures"]}
    assert figures["联系专家"].value == 1
    for figure in figures.values():
        assert client.get(figure.url).context["total"] == figure.value
    assert client.get(f"{LIST}?life=died").context["total"] == 1
    assert client.get(LIST).context["total"] == 2
