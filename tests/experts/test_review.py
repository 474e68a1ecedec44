"""Rounds of the yearly review (二（二）): opened by a head or the system, closed once."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions import set_unit_setting
from accounts.roles import Role
from audit.models import Event
from experts.actions import review as actions
from experts.actions.register import confirm_information
from experts.enums import Label
from experts.models import Expert, ReviewRound, RoundState
from experts.reviewing import counts_of, waiting_for
from experts.tasks import open_review_rounds
from tests.factories import assign, make_expert, make_round, make_user, restrict, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db
today = timezone.localdate
OLD = today() - timedelta(days=400)


def numbers(review, user):
    """Covered and confirmed, by the code of the unit."""
    codes = {each.order: each.code for each in (unit("D04"), unit("D04-01"), unit("D03"))}
    return {codes[order]: found for order, found in counts_of(review, user).items()}


def waiting(review):
    return set(Expert.objects.filter(review.waiting()).values_list("name", flat=True))


def test_a_round_covers_the_subtree_and_waits_for_what_is_older_than_its_start():
    make_expert("旧的", confirmed_on=OLD)
    make_expert("从未", unit_code="D04-01", confirmed_on=None)
    make_expert("今天", confirmed_on=today())
    make_expert("别处", unit_code="D03", confirmed_on=OLD)
    make_expert("已去世", confirmed_on=OLD, died_on=today())
    assert waiting(make_round()) == {"旧的", "从未"}


def test_who_came_after_the_first_day_is_not_covered(officer_haidian):
    review = make_round(starts_on=today() - timedelta(days=3))
    make_expert("后来的", confirmed_on=None)
    first = timezone.now() - timedelta(days=3)
    make_expert("头一天的", confirmed_on=None, created_at=first)
    assert waiting(review) == {"头一天的"}
    assert numbers(review, officer_haidian) == {"D04": (1, 0)}


def test_confirming_moves_the_progress_of_the_unit(officer_haidian):
    review = make_round()
    here, below = make_expert("甲", confirmed_on=OLD), make_expert("乙", unit_code="D04-01", confirmed_on=OLD)
    assert numbers(review, officer_haidian) == {"D04": (1, 0), "D04-01": (1, 0)}
    assert waiting_for(review, officer_haidian) == (2, True)
    confirm_information(by=officer_haidian, experts=Expert.objects.filter(pk=below.pk))
    assert numbers(review, officer_haidian) == {"D04": (1, 0), "D04-01": (1, 1)}
    assert waiting(review) == {here.name}


def test_one_field_alone_does_not_take_the_record_off_the_list(officer_haidian):
    review, expert = make_round(), make_expert("甲", confirmed_on=OLD)
    actions.confirm_key_fields(by=officer_haidian, expert=expert, fields=["name"])
    assert waiting(review) == {"甲"}


def test_progress_leaves_out_what_the_reader_may_not_see(leader_city, cleared_city, director_haidian):
    review = make_round()
    make_expert("内部", confirmed_on=OLD)
    make_expert("敏感", label=Label.SENSITIVE, confirmed_on=OLD)
    hidden = make_expert("限知悉", confirmed_on=OLD)
    assert numbers(review, leader_city) == {"D04": (2, 0)}
    assert numbers(review, cleared_city) == {"D04": (3, 0)}
    restrict(hidden, cleared_city, make_user(), approver=director_haidian)
    assert numbers(review, leader_city) == {"D04": (1, 0)}
    assert numbers(review, cleared_city) == {"D04": (3, 0)}


def test_the_database_leaves_restricted_records_out_too(officer_haidian):
    """The counting statement without the condition of lock one."""
    review = make_round()
    make_expert("内部", confirmed_on=OLD)
    restrict(make_expert("限知悉", confirmed_on=OLD), make_user(), make_user())
    assert Expert.objects.filter(review.waiting()).count() == 2
    with as_role("liaison_app", officer_haidian):
        assert Expert.objects.filter(review.waiting()).count() == 1


def test_what_another_unit_manages_is_not_asked_of_those_who_hold_it_too(officer_chaoyang):
    from tests.factories import Holder

    review = make_round("BJ")
    expert = make_expert("海淀的", confirmed_on=OLD)
    Holder.objects.create(expert=expert, unit=unit("D03"))
    assert Expert.objects.visible_to(officer_chaoyang).filter(pk=expert.pk).exists()
    assert (counts_of(review, officer_chaoyang), waiting_for(review, officer_chaoyang)) == ({}, (0, True))


@pytest.mark.parametrize(("start", "due", "state"), [
    (1, 50, RoundState.PLANNED), (0, 0, RoundState.OPEN), (-10, 0, RoundState.OPEN),
    (-10, -1, RoundState.OVERDUE),
])  # fmt: skip
def test_the_state_follows_from_the_days(start, due, state, director_haidian):
    first, last = today() + timedelta(days=start), today() + timedelta(days=due)
    review = make_round(starts_on=first, due_on=last)
    assert review.state == state
    running = state in {RoundState.OPEN, RoundState.OVERDUE}
    assert (review.is_running, ReviewRound.objects.running_on(today()).exists()) == (running, running)
    actions.close_round(by=director_haidian, review=review)
    review.refresh_from_db()
    assert (review.state, ReviewRound.objects.running_on(today()).exists()) == (RoundState.CLOSED, False)


def test_a_round_is_due_after_the_weeks_of_the_unit(director_haidian):
    set_unit_setting(by=director_haidian, unit=unit("D04"), key=actions.WEEKS, value=3)
    review = actions.open_round(by=director_haidian, unit=unit("D04-01"), starts_on=today())
    assert (review.due_on, review.year, review.opened_by) == (
        today() + timedelta(weeks=3), today().year, director_haidian,
    )  # fmt: skip
    event = Event.objects.latest("pk")
    assert (event.verb, event.kind, event.reference) == ("create", "review", f"D04-01 {today().year}")


def test_a_unit_has_one_round_a_year(director_haidian):
    actions.open_round(by=director_haidian, unit=unit("D04"), starts_on=today())
    with pytest.raises(ValidationError, match="已经有一轮"):
        actions.open_round(by=director_haidian, unit=unit("D04"), starts_on=today())
    assert ReviewRound.objects.count() == 1


@pytest.mark.parametrize("name", ["officer_haidian", "officer_chaoyang", "leader_city"])
def test_only_who_approves_in_the_unit_opens_and_closes(personas, name):
    with pytest.raises(PermissionDenied):
        actions.open_round(by=personas[name], unit=unit("D04"), starts_on=today())
    with pytest.raises(PermissionDenied):
        actions.close_round(by=personas[name], review=make_round())


@pytest.mark.parametrize("facts", [
    {"due_on": today() - timedelta(days=1)},
    {"year": today().year - 1},
    {"note": "小结"},
    {"closed_at": timezone.now()},
])  # fmt: skip
def test_the_database_refuses_half_a_round(facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_round(**facts)


def test_closing_keeps_how_far_it_came_of_internal_records(director_haidian, officer_haidian):
    review, done = make_round(), make_expert("甲", confirmed_on=OLD)
    make_expert("乙", confirmed_on=OLD)
    make_expert("敏感", label=Label.SENSITIVE, confirmed_on=OLD)
    confirm_information(by=officer_haidian, experts=Expert.objects.filter(pk=done.pk))
    actions.close_round(by=director_haidian, review=review, note=" 一人出国 ")
    review.refresh_from_db()
    assert (review.note, review.closed_by) == ("一人出国", director_haidian)
    Expert.objects.update(confirmed_on=today())
    assert numbers(review, officer_haidian) == {"D04": (2, 1)}
    assert counts_of(review, make_user()) == {}
    assert Event.objects.filter(verb="confirm", kind="review", result="closed").count() == 1


def test_a_round_is_closed_once(director_haidian):
    review = make_round()
    actions.close_round(by=director_haidian, review=review, note="第一次")
    with pytest.raises(ValidationError, match="已经结束"):
        actions.close_round(by=director_haidian, review=review, note="第二次")
    review.refresh_from_db()
    assert review.note == "第一次"


def test_a_note_with_a_secrecy_mark_is_refused(director_haidian):
    review = make_round()
    with pytest.raises(ValidationError, match="密级"):
        actions.close_round(by=director_haidian, review=review, note="机密★5年")
    review.refresh_from_db()
    assert review.closed_at is None


@pytest.fixture
def in_january(monkeypatch):
    """The day on which the system looks."""

    def set_day(day):
        monkeypatch.setattr("experts.actions.review.timezone.localdate", lambda: day)

    set_day(date(2026, 1, 20))
    return set_day


def opened():
    with as_role("liaison_worker"):
        open_review_rounds()
    return {(each.unit.code, each.starts_on, each.opened_by_id) for each in ReviewRound.objects.all()}


def test_the_system_opens_the_month_s_rounds_of_units_with_a_head(in_january, director_haidian):
    january = {("D04", date(2026, 1, 1), None)}
    assert opened() == january
    assert opened() == january
    assert Event.objects.filter(verb="create", kind="review").count() == 1


def test_each_unit_has_its_own_month_and_weeks(in_january, director_haidian):
    assign(make_user(), Role.DEPARTMENT_HEAD, unit("D04-01"))
    set_unit_setting(by=director_haidian, unit=unit("D04-01"), key=actions.MONTH, value=3)
    set_unit_setting(by=director_haidian, unit=unit("D04-01"), key=actions.WEEKS, value=2)
    assert {code for code, *_ in opened()} == {"D04"}
    in_january(date(2026, 2, 10))
    assert {code for code, *_ in opened()} == {"D04"}
    in_january(date(2026, 3, 31))
    assert {code for code, *_ in opened()} == {"D04", "D04-01"}
    assert ReviewRound.objects.get(unit=unit("D04-01")).due_on == date(2026, 3, 15)


def test_the_system_leaves_a_round_that_the_head_has_opened(in_january, director_haidian):
    actions.open_round(by=director_haidian, unit=unit("D04"), starts_on=date(2026, 6, 1))
    assert opened() == {("D04", date(2026, 6, 1), director_haidian.pk)}
