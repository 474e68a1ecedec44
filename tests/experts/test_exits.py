"""Mandatory exits (二（三）): registered, the expert heard, approved by another, reviewed."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import UnitSetting
from audit.models import Event
from core.workdays import add_workdays
from experts.actions import exits as acts
from experts.actions.exit_retention import purge_exits
from experts.effects import on_exit
from experts.models import (
    ExitState,
    ExitText,
    ExitTextKind,
    Expert,
    MandatoryExit,
    Proposal,
    ReviewState,
    RosterEntry,
)
from tests.experts.grants import head, worker
from tests.experts.pages import at
from tests.factories import make_expert, make_user, restrict, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db
TEXTS = {
    ExitTextKind.REASON: "学术不端",
    ExitTextKind.FACTS: "论文数据系伪造",
    ExitTextKind.DOCUMENT: "示范机关《处理决定》（示范〔2026〕1号），2026-01-05",
}


@pytest.fixture
def expert():
    return make_expert("林应退", awards=["CAS"])


@pytest.fixture
def people(officer_haidian, director_haidian):
    return officer_haidian, director_haidian


@pytest.fixture
def case(as_app, people, expert):
    with as_app(people[0]):
        return acts.register_exit(by=people[0], expert=expert, known_on=timezone.localdate(), texts=TEXTS)


def enter(expert, code, by, since=None):
    """On the unit's roster by an approved proposal, written as owner."""
    other = make_user()
    proposal = Proposal.objects.create(
        kind="admit",
        unit=unit(code),
        state="approved",
        drafted_by=by,
        submitted_by=by,
        reviewed_by=by,
        approved_by=other,
        approved_at=timezone.now(),
    )
    since = since or timezone.localdate() - timedelta(days=100)
    return RosterEntry.objects.create(
        expert=expert, unit=unit(code), scope="key", category="other", since=since, opened_by=proposal
    )


def told(as_app, by, case):
    with as_app(by):
        acts.note_told(by=by, case=case, told_on=timezone.localdate())


def checked(as_app, case, by=None):
    """Past the first level, by a colleague who has not registered it."""
    by = by or worker("审核人")
    with as_app(by):
        acts.check_exit(by=by, case=case, opinion="属实")


def approved(as_app, people, case):
    officer, director = people
    told(as_app, officer, case)
    checked(as_app, case)
    with as_app(director):
        acts.approve_exit(by=director, case=case, opinion="同意")
    case.refresh_from_db()
    return case


def test_a_case_is_due_in_the_working_days_that_the_unit_sets(as_app, people, expert):
    UnitSetting.objects.create(unit=unit("D04"), key=acts.DAYS, value=3)
    known = timezone.localdate() - timedelta(days=1)
    with as_app(people[0]):
        case = acts.register_exit(by=people[0], expert=expert, known_on=known, texts=TEXTS)
    assert case.due_on == add_workdays(known, 3)


def test_what_is_said_is_stored_encrypted_and_not_in_the_trail(case):
    rows = list(ExitText.objects.filter(case=case))
    assert {row.kind for row in rows} == {"reason", "facts", "document"}
    with connection.cursor() as cursor:
        for table in ("experts_exittext", "experts_mandatoryexit", "audit_event"):
            cursor.execute(f"SELECT string_agg(t::text, '') FROM {table} t")
            text = cursor.fetchone()[0]
            for said in TEXTS.values():
                assert said not in text
                assert said.encode().hex() not in text


def test_the_records_own_log_does_not_tell_that_there_is_a_case(case, client_of, leader_city, expert):
    assert Event.objects.filter(kind="exit", reference=expert.record_number).exists()
    page = client_of(leader_city).get(at(expert), {"tab": "log"})
    assert page.context["log"]["lines"] == []


def test_a_second_case_waits_for_the_first(as_app, people, case, expert):
    with as_app(people[0]), pytest.raises(ValidationError, match="已有待审批"):
        acts.register_exit(by=people[0], expert=expert, known_on=timezone.localdate(), texts=TEXTS)


@pytest.mark.parametrize("who", ["leader_city", "officer_chaoyang", "sysadmin", "auditor", "no_role"])
def test_only_who_may_change_and_see_sensitive_fields_registers(as_app, request, expert, who):
    user = request.getfixturevalue(who)
    with as_app(user), pytest.raises(PermissionDenied):
        acts.register_exit(by=user, expert=expert, known_on=timezone.localdate(), texts=TEXTS)


def test_approval_closes_the_entries_below_the_approver_and_tells_others(as_app, people, case, expert):
    officer, director = people
    below = enter(expert, "D04-01", officer)
    own, city = enter(expert, "D04", officer), enter(expert, "BJ", officer)
    heard = []
    on_exit.register(heard.append)
    try:
        approved(as_app, people, case)
    finally:
        on_exit.handlers.remove(heard.append)
    for entry in (own, below):
        entry.refresh_from_db()
        assert entry.until == timezone.localdate()
        proposal = entry.closed_by
        assert (proposal.state, proposal.submitted_by, proposal.reviewed_by, proposal.approved_by) == (
            "approved",
            officer,
            case.checked_by,
            director,
        )
        assert proposal.lines.get().reason == ""
    city.refresh_from_db()
    assert city.until is None
    assert {event.unit.code for event in heard} == {"D04", "D04-01"}
    assert (case.state, case.decided_by, len(case.proposals)) == ("approved", director, 2)
    assert Expert.objects.filter(pk=expert.pk).exists()


def test_an_entry_begun_today_ends_tomorrow(as_app, people, case, expert):
    entry = enter(expert, "D04", people[0], since=timezone.localdate())
    approved(as_app, people, case)
    entry.refresh_from_db()
    assert entry.until == timezone.localdate() + timedelta(days=1)


def test_it_works_when_nobody_is_on_a_roster(as_app, people, case):
    assert approved(as_app, people, case).proposals == []


def test_approval_waits_until_the_expert_was_told_or_it_is_said_why_not(as_app, people, case):
    officer, director = people
    checked(as_app, case)
    with as_app(director), pytest.raises(ValidationError, match="告知本人"):
        acts.approve_exit(by=director, case=case)
    with as_app(officer):
        acts.note_told(by=officer, case=case, told_on=None, untold="本人失联")
    with as_app(director):
        acts.approve_exit(by=director, case=case)
    case.refresh_from_db()
    assert (case.state, case.told_on, case.could_not_be_told) == ("approved", None, True)


@pytest.mark.parametrize(("days", "untold"), [(-1, ""), (1, ""), (None, ""), (0, "失联")])
def test_telling_has_a_day_between_known_and_today_or_a_reason(as_app, people, case, days, untold):
    day = None if days is None else timezone.localdate() + timedelta(days=days)
    with as_app(people[0]), pytest.raises(ValidationError):
        acts.note_told(by=people[0], case=case, told_on=day, untold=untold)


def test_who_registers_does_not_approve(as_app, people, expert):
    _, director = people
    with as_app(director):
        case = acts.register_exit(by=director, expert=expert, known_on=timezone.localdate(), texts=TEXTS)
    told(as_app, director, case)
    with as_app(director), pytest.raises(ValidationError, match="自己登记"):
        acts.approve_exit(by=director, case=case)
    with as_app(director), pytest.raises(ValidationError, match="自己登记"):
        acts.check_exit(by=director, case=case)
    now = timezone.now()
    with pytest.raises(DatabaseError, match="exit_four_eyes"), transaction.atomic():
        MandatoryExit.objects.update(state="approved", decided_by=director, decided_at=now)
    with pytest.raises(DatabaseError, match="exit_checked_by_another"), transaction.atomic():
        MandatoryExit.objects.update(checked_by=director, checked_at=now)


def test_approval_is_the_second_level_and_another_persons(as_app, people, case):
    officer, director = people
    told(as_app, officer, case)
    with as_app(director), pytest.raises(ValidationError, match="两级审批"):
        acts.approve_exit(by=director, case=case)
    with as_app(director), pytest.raises(DatabaseError, match="its own way"), transaction.atomic():
        MandatoryExit.objects.filter(pk=case.pk).update(
            state="approved", decided_by=director, decided_at=timezone.now()
        )
    second = head("第二负责人", "D04")
    checked(as_app, case, second)
    with as_app(second), pytest.raises(ValidationError, match="已经审核过"):
        acts.approve_exit(by=second, case=case)
    with as_app(second), pytest.raises(DatabaseError, match="exit_four_eyes"), transaction.atomic():
        MandatoryExit.objects.filter(pk=case.pk).update(
            state="approved", decided_by=second, decided_at=timezone.now()
        )
    with as_app(director), pytest.raises(ValidationError, match="已经审核过了"):
        acts.check_exit(by=director, case=case)
    with as_app(director):
        acts.approve_exit(by=director, case=case)
    case.refresh_from_db()
    assert (case.state, case.checked_by, case.decided_by) == ("approved", second, director)


def test_the_only_one_who_can_approve_does_not_check(as_app, people, case):
    with as_app(people[1]), pytest.raises(ValidationError, match="能审批的只有您"):
        acts.check_exit(by=people[1], case=case)
    case.refresh_from_db()
    assert case.checked_by is None


def test_nobody_checks_in_the_name_of_another(as_app, people, case):
    other = worker("另一人")
    with as_app(people[1]), pytest.raises(DatabaseError, match="its own way"), transaction.atomic():
        MandatoryExit.objects.filter(pk=case.pk).update(checked_by=other, checked_at=timezone.now())


def test_who_does_not_approve_cannot_decide_nor_in_the_database(as_app, people, case):
    other = worker("另一联络员")
    told(as_app, people[0], case)
    with as_app(other), pytest.raises(PermissionDenied):
        acts.approve_exit(by=other, case=case)
    with as_app(other), pytest.raises(DatabaseError), transaction.atomic():
        MandatoryExit.objects.filter(pk=case.pk).update(
            state="approved", decided_by=other, decided_at=timezone.now()
        )
    case.refresh_from_db()
    assert case.state == "pending"


@pytest.mark.parametrize("facts", [
    {"known_on": date(2020, 1, 1)}, {"due_on": date(2099, 1, 1)}, {"state": "reversed"}, {"review": "asked"},
    {"proposals": [1]}, {"could_not_be_told": True, "due_on": date(2099, 1, 1)},
])  # fmt: skip
def test_the_database_lets_a_case_go_its_own_way_only(as_app, people, case, facts):
    with as_app(people[1]), pytest.raises(DatabaseError), transaction.atomic():
        MandatoryExit.objects.filter(pk=case.pk).update(**facts)


def test_a_refusal_says_why_and_changes_no_roster(as_app, people, case, expert):
    officer, director = people
    entry = enter(expert, "D04", officer)
    with as_app(director):
        with pytest.raises(ValidationError, match="理由"):
            acts.refuse_exit(by=director, case=case, opinion=" ")
        acts.refuse_exit(by=director, case=case, opinion="依据不足")
    entry.refresh_from_db()
    case.refresh_from_db()
    assert (entry.until, case.state) == (None, "refused")
    with as_app(director), pytest.raises(ValidationError, match="已经办理"):
        acts.approve_exit(by=director, case=case)


def test_a_statement_is_attached_once_and_before_the_decision(as_app, people, case):
    officer, _ = people
    with as_app(officer):
        acts.attach_statement(by=officer, case=case, text="数据由合作者提供")
        with pytest.raises(ValidationError, match="已经附过"):
            acts.attach_statement(by=officer, case=case, text="再说一次")
    approved(as_app, people, case)
    ExitText.objects.filter(kind="statement").delete()
    with as_app(officer), pytest.raises(ValidationError, match="已经办理"):
        acts.attach_statement(by=officer, case=case, text="太晚")


def test_no_text_takes_a_secrecy_marking(as_app, people, case):
    with as_app(people[0]), pytest.raises(ValidationError, match="密级"):
        acts.attach_statement(by=people[0], case=case, text="密级：绝密")


def ask(as_app, by, case):
    with as_app(by):
        acts.ask_review(by=by, case=case, reason="新的鉴定结论")


def test_a_review_that_reverses_readmits_and_hides_what_was_said(as_app, people, case, expert):
    officer, director = people
    was = enter(expert, "D04", officer)
    approved(as_app, people, case)
    ask(as_app, officer, case)
    second = head("第二负责人", "D04")
    with as_app(director), pytest.raises(ValidationError, match="原审批人以外"):
        acts.decide_review(by=director, case=case, outcome=ReviewState.REVERSED, opinion="撤销")
    with as_app(second):
        acts.decide_review(by=second, case=case, outcome=ReviewState.REVERSED, opinion="原结论已撤销")
    case.refresh_from_db()
    assert (case.state, case.review, case.decided_by, case.review_by) == (
        "reversed",
        "reversed",
        director,
        second,
    )
    back = RosterEntry.objects.of(unit("D04")).open().get(expert=expert)
    assert (back.since, back.scope, back.opened_by.kind, back.opened_by.approved_by) == (
        timezone.localdate(),
        was.scope,
        "readmit",
        second,
    )
    with as_app(officer):
        assert ExitText.objects.visible_to(officer).count() == ExitText.objects.count() == 0
        with pytest.raises(PermissionDenied):
            acts.reveal_exit(by=officer, case=case, kind=ExitTextKind.FACTS, reason="核对")
    with as_app(second):
        assert ExitText.objects.visible_to(second).count() == ExitText.objects.count() == 7
        shown = acts.reveal_exit(by=second, case=case, kind=ExitTextKind.FACTS, reason="核对")
    assert shown == TEXTS[ExitTextKind.FACTS]
    assert Event.objects.get(verb="reveal").reason == "核对"


def test_a_review_that_upholds_leaves_everything_and_is_the_last(as_app, people, case, expert):
    officer, _ = people
    enter(expert, "D04", officer)
    approved(as_app, people, case)
    ask(as_app, officer, case)
    second = head("第二负责人", "D04")
    with as_app(second):
        acts.decide_review(by=second, case=case, outcome=ReviewState.UPHELD, opinion="维持")
    case.refresh_from_db()
    assert (case.state, case.review) == ("approved", "upheld")
    assert not RosterEntry.objects.open().filter(expert=expert).exists()
    with as_app(officer), pytest.raises(ValidationError):
        acts.ask_review(by=officer, case=case, reason="再来")


def test_the_only_head_may_review_and_who_asked_may_not(as_app, people, case):
    officer, director = people
    approved(as_app, people, case)
    ask(as_app, director, case)
    with as_app(director), pytest.raises(ValidationError, match="自己申请"):
        acts.decide_review(by=director, case=case, outcome=ReviewState.UPHELD, opinion="维持")
    MandatoryExit.objects.update(review_asked_by=officer)
    with as_app(director):
        acts.decide_review(by=director, case=case, outcome=ReviewState.UPHELD, opinion="维持")


def test_a_restricted_expert_is_decided_on_the_list(as_app, people, expert, staff_city):
    one, two, three = worker("甲"), head("乙", "D04"), worker("丙")
    restrict(expert, one, two, three)
    for outsider in (*people, staff_city):
        with as_app(outsider), pytest.raises(PermissionDenied):
            acts.register_exit(by=outsider, expert=expert, known_on=timezone.localdate(), texts=TEXTS)
    with as_app(one):
        case = acts.register_exit(by=one, expert=expert, known_on=timezone.localdate(), texts=TEXTS)
    for outsider in (*people, staff_city):
        assert not MandatoryExit.objects.visible_to(outsider).exists()
        with as_app(outsider):
            assert not MandatoryExit.objects.exists()
            assert not ExitText.objects.exists()
    entry = enter(expert, "D04", one)
    told(as_app, one, case)
    checked(as_app, case, three)
    with as_app(two):
        acts.approve_exit(by=two, case=case)
    entry.refresh_from_db()
    assert entry.until is not None


def test_both_locks_agree_on_cases_and_texts_also_of_reversed_ones(
    as_app, people, case, leader_city, staff_city, officer_chaoyang, auditor
):
    officer, director = people
    approved(as_app, people, case)
    ask(as_app, officer, case)
    second = head("第二负责人", "D04")
    with as_app(second):
        acts.decide_review(by=second, case=case, outcome=ReviewState.REVERSED, opinion="撤销")
    counts = {}
    for user in (officer, director, second, leader_city, staff_city, officer_chaoyang, auditor):
        for model in (MandatoryExit, ExitText):
            expected = set(model.objects.visible_to(user).values_list("pk", flat=True))
            with as_app(user):
                assert set(model.objects.values_list("pk", flat=True)) == expected, (user, model)
            counts[user, model] = len(expected)
    assert (counts[officer, MandatoryExit], counts[officer, ExitText], counts[second, ExitText]) == (1, 0, 7)
    assert counts[leader_city, MandatoryExit] == 0


def test_overdue_is_pending_past_its_day(case):
    assert not MandatoryExit.objects.overdue().exists()
    yesterday = timezone.localdate() - timedelta(days=1)
    MandatoryExit.objects.update(known_on=yesterday, due_on=yesterday)
    case.refresh_from_db()
    assert (list(MandatoryExit.objects.overdue()), case.is_overdue) == ([case], True)
    assert ExitState(case.state) == ExitState.PENDING


def test_what_was_said_goes_after_the_years_that_the_unit_keeps_it(as_app, people, case):
    approved(as_app, people, case)
    MandatoryExit.objects.update(decided_at=timezone.now() - timedelta(days=4 * 366))
    with as_role("liaison_worker"):
        assert purge_exits() == 0
    UnitSetting.objects.create(unit=unit("D04"), key="exit_facts_years", value=4)
    with as_role("liaison_worker"):
        assert purge_exits() == 1
        assert purge_exits() == 0
    assert not ExitText.objects.exists()
    assert MandatoryExit.objects.get().decided_by == people[1]
    assert Event.objects.get(verb="delete").counts == {"cases": 1, "texts": 5, "files": 0}


def test_a_case_that_waits_keeps_what_was_said(case):
    with as_role("liaison_worker"):
        assert not MandatoryExit.objects.values_list("pk").exists()
        assert purge_exits() == 0
    assert ExitText.objects.count() == 3
