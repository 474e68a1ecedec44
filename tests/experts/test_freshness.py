"""Stale information (二（二）): the unit's own number of years, inherited by its subtree."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import set_unit_setting
from experts.freshness import KEY, ConfirmationLimits
from experts.models import Expert
from experts.models.expert import years_before
from tests.factories import make_expert, unit

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def settings_of_units(director_haidian):
    set_unit_setting(by=director_haidian, unit=unit("D04"), key=KEY, value=1)
    set_unit_setting(by=director_haidian, unit=unit("D04-01"), key=KEY, value=5)


@pytest.mark.parametrize(("code", "years"), [("D03", 2), ("D04", 1), ("D04-02", 1), ("D04-01", 5), ("BJ", 2)])
def test_each_unit_has_its_own_limit(settings_of_units, code, years):
    limit = years_before(TODAY, years)
    assert ConfirmationLimits.today().of(unit(code).order) == limit
    make_expert("当天", unit_code=code, confirmed_on=limit)
    make_expert("前一天", unit_code=code, confirmed_on=limit - timedelta(days=1))
    make_expert("从未", unit_code=code, confirmed_on=None)
    stale = Expert.objects.filter(ConfirmationLimits.today().stale())
    assert set(stale.values_list("name", flat=True)) == {"前一天", "从未"}


def test_the_condition_and_the_mark_agree_on_every_record(settings_of_units):
    for code in ("BJ", "D03", "D04", "D04-01", "D04-02"):
        for days in (0, 364, 367, 729, 733, 1825, 1829):
            make_expert(f"{code}之{days}", unit_code=code, confirmed_on=TODAY - timedelta(days=days))
    limits = ConfirmationLimits.today()
    marked = {e.pk for e in Expert.objects.all() if limits.is_stale(e.confirmed_on, e.unit_order)}
    assert set(Expert.objects.filter(limits.stale()).values_list("pk", flat=True)) == marked
    assert set(Expert.objects.exclude(limits.stale()).values_list("pk", flat=True)).isdisjoint(marked)


def test_the_list_marks_by_the_unit_s_setting(settings_of_units, client_of, officer_haidian):
    make_expert("张一", confirmed_on=TODAY - timedelta(days=400))
    page = client_of(officer_haidian).get("/experts/")
    assert [(row.name, row.stale) for row in page.context["page"].rows] == [("张一", True)]
    assert "已过期" in page.content.decode()
