"""`manage.py coverage`: what it prints, for whom, with the cause of every gap."""

import json
import random
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from audit.models import Event
from tests.activities import oracle
from tests.activities.histories import CODES, History
from tests.factories import (
    assign,
    enter,
    make_contact,
    make_expert,
    make_user,
    pair,
    restrict,
    unit,
)
from tests.roles import as_role

DAY = date(2026, 6, 30)


def printed(user, code="D04", day=DAY):
    out = StringIO()
    call_command("coverage", unit=code, as_of=day, by=user.username, json=True, stdout=out)
    return json.loads(out.getvalue())


def gap(name, **facts):
    expert = make_expert(name, **facts)
    enter(expert, facts.get("unit_code", "D04"), since=date(2026, 1, 1))
    return expert


def leader(until=None):
    user = make_user(unit=unit("D04"))
    assign(user, Role.LEADER, unit("D04"), until=until)
    return user


def officer(until=None):
    user = make_user(unit=unit("D04"))
    assign(user, Role.LIAISON_OFFICER, unit("D04"), until=until)
    return user


def test_a_unit_without_anybody_has_no_rate(officer_haidian):
    assert printed(officer_haidian) == {"key": 0, "covered": 0, "rate": None, "gaps": []}


def test_covered_missed_and_newly_listed(officer_haidian):
    met, missed, fresh = gap("王一"), gap("王二"), make_expert("王三")
    enter(fresh, since=date(2026, 4, 1))
    make_contact(officer_haidian, met, date(2026, 3, 30))
    pair(missed, leader())
    assert printed(officer_haidian) == {
        "key": 2,
        "covered": 1,
        "rate": 0.5,
        "gaps": [{"expert": missed.record_number, "cause": "not_done"}],
    }
    assert printed(officer_haidian, day=date(2026, 7, 1))["key"] == 3


@pytest.mark.parametrize(("on", "covered"), [(date(2026, 3, 30), 1), (date(2026, 3, 29), 0)])
def test_the_day_on_which_it_is_due_is_still_in_time(officer_haidian, on, covered):
    make_contact(officer_haidian, gap("王一"), on)
    assert printed(officer_haidian)["covered"] == covered


def test_only_what_took_place_in_a_way_that_counts_counts(officer_haidian):
    expert = gap("王一")
    make_contact(officer_haidian, expert, DAY, way="remote", kind="phone")
    make_contact(officer_haidian, expert, DAY, state="planned", way="")
    make_contact(officer_haidian, expert, DAY + timedelta(days=1))
    assert printed(officer_haidian)["covered"] == 0
    make_contact(officer_haidian, expert, DAY, way="symposium", kind="symposium")
    assert printed(officer_haidian)["covered"] == 1


def test_every_gap_has_the_first_cause_that_held_that_day(officer_haidian):
    ended = DAY - timedelta(days=1)
    hindered = {"state": "missed", "way": ""}
    abroad, declined, without = gap("王一"), gap("王二"), gap("王三")
    make_contact(officer_haidian, abroad, DAY, hindrance="abroad", **hindered)
    make_contact(officer_haidian, declined, DAY, hindrance="declined", **hindered)
    left, officer_left, none = gap("王四"), gap("王五"), gap("王六")
    pair(left, leader(until=ended))
    pair(officer_left, leader())
    pair(officer_left, officer(until=ended), "officer")
    pair(none, leader())
    unlisted = make_expert("王七", awards=["CAE"])
    day = timezone.localdate()
    causes = {row["expert"]: row["cause"] for row in printed(officer_haidian)["gaps"]}
    assert causes == {
        abroad.record_number: "abroad",
        declined.record_number: "declined",
        without.record_number: "no_leader",
        left.record_number: "leader_left",
        officer_left.record_number: "officer_left",
        none.record_number: "not_done",
    }
    today = {row["expert"]: row["cause"] for row in printed(officer_haidian, day=day)["gaps"]}
    assert today[unlisted.record_number] == "not_on_roster"


def test_a_restricted_expert_counts_for_those_on_the_list_only(officer_haidian, cleared_city, staff_city):
    hidden = gap("金丝雀")
    restrict(hidden, cleared_city)
    nobody = {"key": 0, "covered": 0, "rate": None, "gaps": []}
    assert printed(officer_haidian) == printed(staff_city, "BJ") == nobody
    seen = printed(cleared_city, "BJ")
    assert seen["key"] == 1
    assert [row["expert"] for row in seen["gaps"]] == [hidden.record_number]


def test_a_unit_out_of_reach_and_an_unknown_user_are_refused(officer_chaoyang):
    with pytest.raises(CommandError, match="may not see unit"):
        printed(officer_chaoyang)
    with pytest.raises(CommandError, match="no active user"):
        call_command("coverage", unit="D04", by="nobody")


def test_it_is_on_the_trail(officer_haidian):
    gap("王一")
    printed(officer_haidian)
    event = Event.objects.get(kind="coverage")
    assert (event.reference, event.counts) == ("D04", {"rows": 1})


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_it_prints_what_plain_python_makes_of_the_raw_rows(personas, seed):
    rng = random.Random(seed)
    viewers = [personas[name] for name in ("staff_city", "cleared_city", "leader_city", "officer_haidian")]
    with transaction.atomic():
        experts = [make_expert(f"王{n}", rng.choice(CODES), awards=["CAE"][: n % 2]) for n in range(5)]
        for expert in experts[:3]:
            restrict(expert, personas["cleared_city"])
        history = History(rng, experts)
        history.begin_paired()
        for _ in range(3):
            for _ in range(12):
                history.write()
            day = history.day()
            for user in viewers:
                for code in ("D04", rng.choice(["BJ", "D04-01"])):
                    if user.may("view", unit(code).order):
                        with as_role("liaison_app", user):
                            found = printed(user, code, day)
                        assert found == oracle.printed(user, unit(code), day)
        transaction.set_rollback(True)
