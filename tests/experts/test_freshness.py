"""Stale information (二（二）): each key field's last confirmation, and when it is stale."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import set_unit_setting
from experts.actions.register import (
    assign_category,
    assign_unit,
    confirm_information,
    create_expert,
    update_expert,
)
from experts.actions.review import confirm_key_fields
from experts.enums import Category
from experts.freshness import KEY, KEY_FIELDS, ConfirmationLimits, confirmation_of
from experts.models import Expert
from experts.models.expert import years_before
from tests.experts.pages import at, body, said
from tests.factories import make_expert, make_user, unit

pytestmark = pytest.mark.django_db
today = timezone.localdate


@pytest.fixture
def settings_of_units(director_haidian):
    set_unit_setting(by=director_haidian, unit=unit("D04"), key=KEY, value=1)
    set_unit_setting(by=director_haidian, unit=unit("D04-01"), key=KEY, value=5)


@pytest.mark.parametrize(("code", "years"), [("D03", 2), ("D04", 1), ("D04-02", 1), ("D04-01", 5), ("BJ", 2)])
def test_each_unit_has_its_own_limit(settings_of_units, code, years):
    limit = years_before(today(), years)
    assert ConfirmationLimits.today().of(unit(code).order) == limit
    make_expert("当天", unit_code=code, confirmed_on=limit)
    make_expert("前一天", unit_code=code, confirmed_on=limit - timedelta(days=1))
    make_expert("从未", unit_code=code, confirmed_on=None)
    stale = Expert.objects.filter(ConfirmationLimits.today().stale())
    assert set(stale.values_list("name", flat=True)) == {"前一天", "从未"}


def test_the_condition_and_the_mark_agree_on_every_record(settings_of_units):
    for code in ("BJ", "D03", "D04", "D04-01", "D04-02"):
        for days in (0, 364, 367, 729, 733, 1825, 1829):
            make_expert(f"{code}之{days}", unit_code=code, confirmed_on=today() - timedelta(days=days))
    limits = ConfirmationLimits.today()
    marked = {e.pk for e in Expert.objects.all() if limits.is_stale(e.confirmed_on, e.unit_order)}
    assert set(Expert.objects.filter(limits.stale()).values_list("pk", flat=True)) == marked
    assert set(Expert.objects.exclude(limits.stale()).values_list("pk", flat=True)).isdisjoint(marked)


def test_the_list_marks_by_the_unit_s_setting(settings_of_units, client_of, officer_haidian):
    make_expert("张一", confirmed_on=today() - timedelta(days=400))
    page = client_of(officer_haidian).get("/experts/")
    assert [(row.name, row.stale) for row in page.context["page"].rows] == [("张一", True)]
    assert "已过期" in page.content.decode()


def last(expert):
    """What is known of each key field: (day, who, from what)."""
    expert.refresh_from_db()
    found = {name: confirmation_of(expert, name) for name in KEY_FIELDS}
    return {name: each and (each.on, each.by_id, each.source) for name, each in found.items()}


def aged(years=3, **facts):
    return make_expert(confirmed_on=years_before(today(), years), **facts)


def test_key_fields_are_columns_of_the_expert():
    assert [Expert._meta.get_field(name).name for name in KEY_FIELDS] == list(KEY_FIELDS)


def test_entering_confirms_every_key_field(officer_haidian):
    facts = {"name": "新来的", "unit": unit("D04"), "category": "other"}
    expert = create_expert(by=officer_haidian, facts=facts)
    assert set(last(expert).values()) == {(today(), officer_haidian.pk, "entry")}


def test_before_fields_were_kept_the_record_speaks_for_them(officer_haidian):
    expert = aged(confirmed_by=officer_haidian)
    assert set(last(expert).values()) == {(years_before(today(), 3), officer_haidian.pk, "")}
    never = make_expert("从未", confirmed_on=None)
    assert set(last(never).values()) == {None}


def test_an_edit_confirms_what_it_changes_and_the_record_stays_as_old(officer_haidian):
    expert = aged(post="旧职")
    update_expert(
        by=officer_haidian, expert=expert, version=1, facts={"post": "新职", "email": "a@b.example"}
    )
    found = last(expert)
    assert found.pop("post") == (today(), officer_haidian.pk, "edit")
    assert set(found.values()) == {(years_before(today(), 3), None, "")}
    assert expert.confirmed_on == years_before(today(), 3)


def test_the_record_is_as_old_as_its_oldest_field_that_holds_something(officer_haidian):
    """Of the key fields this record has name, unit and 在京工作; the empty ones do not keep it stale."""
    expert = aged(employer="", post="", title="", category="")
    for name in ("name", "unit"):
        confirm_key_fields(by=officer_haidian, expert=expert, fields=[name])
        expert.refresh_from_db()
        assert expert.confirmed_on == years_before(today(), 3)
    confirm_key_fields(by=officer_haidian, expert=expert, fields=["works_in_beijing"])
    expert.refresh_from_db()
    assert (expert.confirmed_on, expert.confirmed_by) == (today(), officer_haidian)


def test_a_field_never_confirmed_keeps_the_record_unconfirmed(officer_haidian):
    expert = make_expert(confirmed_on=None)
    confirm_key_fields(by=officer_haidian, expert=expert, fields=["name"])
    assert last(expert)["name"] == (today(), officer_haidian.pk, "review")
    assert expert.confirmed_on is None


def test_confirming_many_records_takes_the_same_writes_as_confirming_one(officer_haidian):
    def statements(experts):
        with CaptureQueriesContext(connection) as captured:
            assert confirm_information(by=officer_haidian, experts=experts) == experts.count()
        return len([query for query in captured if query["sql"].startswith("UPDATE")])

    one = aged(name="甲")
    many = [aged(name=f"乙{number}", post="教授") for number in range(5)]
    assert statements(Expert.objects.filter(pk=one.pk)) == 1
    assert statements(Expert.objects.filter(pk__in=[expert.pk for expert in many])) == 1
    for expert in (one, *many):
        assert set(last(expert).values()) == {(today(), officer_haidian.pk, "review")}


@pytest.mark.parametrize(("act", "field"), [
    (lambda by, experts: assign_category(by=by, experts=experts, category=Category.OTHER), "category"),
    (lambda by, experts: assign_unit(by=by, experts=experts, unit=unit("D04-01")), "unit"),
])  # fmt: skip
def test_an_act_on_many_confirms_the_field_it_sets(officer_haidian, act, field):
    expert = aged(post="教授")
    act(officer_haidian, Expert.objects.filter(pk=expert.pk))
    found = last(expert)
    assert found.pop(field) == (today(), officer_haidian.pk, "edit")
    assert set(found.values()) == {(years_before(today(), 3), None, "")}


def test_when_the_oldest_field_is_set_in_bulk_the_record_is_as_old_as_the_next(officer_haidian):
    """Else lists would say stale of a record of which no field is."""
    expert, user = make_expert(post="教授", category="other"), make_user()
    year_ago = years_before(today(), 1)
    stamps = {"all": [year_ago.isoformat(), user.pk, "review"]}
    stamps["category"] = [years_before(today(), 3).isoformat(), None, "import"]
    facts = {"confirmations": stamps, "confirmed_on": years_before(today(), 3), "confirmed_by": None}
    Expert.objects.filter(pk=expert.pk).update(**facts)
    assign_category(
        by=officer_haidian, experts=Expert.objects.filter(pk=expert.pk), category=Category.SCIENCE_ENGINEERING
    )
    expert.refresh_from_db()
    assert (expert.confirmed_on, expert.confirmed_by) == (year_ago, user)
    assert not ConfirmationLimits.today().is_stale(expert.confirmed_on, expert.unit_order)


def test_a_field_that_was_never_confirmed_keeps_it_unconfirmed_in_bulk_too(officer_haidian):
    expert = make_expert(confirmed_on=None, post="教授")
    assign_unit(by=officer_haidian, experts=Expert.objects.filter(pk=expert.pk), unit=unit("D04-01"))
    expert.refresh_from_db()
    assert (expert.confirmed_on, expert.confirmed_by) == (None, None)


@pytest.mark.parametrize("choice", ["fresh", "stale"])
def test_the_dead_are_neither_fresh_nor_stale(client_of, officer_haidian, choice):
    for day in (today(), years_before(today(), 9)):
        make_expert(confirmed_on=day, died_on=today())
    assert client_of(officer_haidian).get(f"/experts/?freshness={choice}").context["total"] == 0


def test_only_who_may_change_confirms_a_field(officer_chaoyang):
    with pytest.raises(Expert.DoesNotExist):
        confirm_key_fields(by=officer_chaoyang, expert=aged(), fields=["name"])


def test_the_page_tells_each_field_s_confirmation_and_marks_stale_ones(client_of, officer_haidian):
    expert = aged(confirmed_by=officer_haidian, employer="示范大学", post="院长", title="")
    client = client_of(officer_haidian)
    client.post(at(expert, "confirm"), {"field": "post"})
    page = client.get(at(expert) + "?tab=facts")
    lines = {line.name: line for line in page.context["key_lines"]}
    assert [name for name, line in lines.items() if line.is_filled and not line.is_stale] == ["post"]
    assert (lines["post"].by, lines["post"].confirmation.source_text) == (str(officer_haidian), "核实")
    assert not lines["title"].is_filled
    assert "（核实）" in body(page)


@pytest.mark.parametrize("field", ["title", "email", "没有", "id_number"])
def test_what_is_empty_or_no_key_field_is_not_confirmed(client_of, officer_haidian, field):
    expert = aged(title="", email="a@b.example")
    response = client_of(officer_haidian).post(at(expert, "confirm"), {"field": field}, follow=True)
    assert said(response) == ["这一项没有填写，或不是关键信息，不用核实。"]
    expert.refresh_from_db()
    assert (expert.confirmations, expert.version) == ({}, 1)


def test_a_reader_sees_the_confirmations_and_no_button(client_of, leader_city):
    page = body(client_of(leader_city).get(at(aged()) + "?tab=facts"))
    assert "关键信息的核实" in page
    assert 'name="field"' not in page
