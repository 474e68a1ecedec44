"""The demo as it is laid on days unlike others: it keeps the rules that the product sets itself."""

from datetime import date

import pytest
from django.db import transaction
from django.db.models import F

from activities.models import Gathering, Resolution, TrainingClass, TrainingPlan
from activities.months import add_months
from experts.models import NeedToKnow, ReviewRound
from liaison.demo import seed

DAYS = {
    "the last of a year": date(2026, 12, 31),
    "early in a year": date(2027, 1, 2),
    "the day after a meeting of the quarter": date(2027, 4, 8),
    "29 February, with no table of holidays": date(2028, 2, 29),
}


@pytest.fixture(scope="module", params=DAYS.values(), ids=DAYS.keys())
def today(request, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        seed.seed(today=request.param)
        yield request.param
        transaction.set_rollback(True)


def test_every_class_lies_in_the_year_of_its_plan(today, db):
    assert TrainingPlan.objects.filter(unit__code="D04", state="approved").exists()
    assert TrainingClass.objects.count() == 4
    assert not TrainingClass.objects.exclude(starts_on__year=F("plan__year")).exists()


def test_nothing_of_a_meeting_happens_before_it_or_in_the_future(today, db):
    held = Gathering.objects.filter(state="done")
    assert held.exists()
    assert not held.filter(on__gte=today).exists()
    assert Resolution.objects.overdue_on(today).count() == 2
    assert not Resolution.objects.filter(due_on__lt=F("gathering__on")).exists()
    assert not Resolution.objects.filter(done_at__date__lt=F("gathering__on")).exists()
    assert not Resolution.objects.filter(done_at__date__gte=today).exists()


def test_the_need_to_know_list_is_in_force_for_a_year(today, db):
    assert set(NeedToKnow.objects.values_list("expires_on", flat=True)) == {add_months(today, 12)}


def test_a_round_of_review_is_of_the_year_it_began_in(today, db):
    assert ReviewRound.objects.filter(starts_on__lt=today, due_on__gt=today, closed_at=None).exists()
    assert not ReviewRound.objects.exclude(starts_on__year=F("year")).exists()
