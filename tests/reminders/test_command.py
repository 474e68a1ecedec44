"""`manage.py reminders plan | deliver`: what they print, twice, and of what is no moment."""

import json
from datetime import date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.roles import Role
from tests.factories import assign, make_user, unit
from tests.reminders.ticking import told
from tests.roles import as_role


@pytest.fixture(autouse=True)
def _stays_connected(monkeypatch):
    """The command looks at its role over the test's own connection, and closes it: as_role stands for it."""
    monkeypatch.setattr("reminders.management.commands.reminders.refuse_unsafe_role", lambda: None)


def ran(act, now):
    out = StringIO()
    with as_role("liaison_worker"):
        call_command("reminders", act, "--now", now, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_each_act_run_twice_does_nothing_the_second_time(db):
    person = make_user()
    assign(person, Role.LIAISON_OFFICER, unit("D04"), until=date(2026, 12, 15))
    now = "2026-12-01T08:00:00"
    planned = {"now": f"{now}+08:00", "planned": 1, "rules": {"role_expiring": 1}}
    delivered = {
        "now": f"{now}+08:00", "delivered": 1, "dropped": 0, "put_off": 0, "rules": {"role_expiring": 1},
        "digests": 0, "letters": {},
    }  # fmt: skip
    assert ran("plan", now) == planned
    assert ran("plan", now) == planned | {"planned": 0, "rules": {}}
    assert ran("deliver", now) == delivered
    assert ran("deliver", now) == delivered | {"delivered": 0, "rules": {}}
    assert told(person) == ["role_expiring"]


@pytest.mark.parametrize(
    "now", ["gestern", "2026-13-45T00:00", "2026-12-01T99:00", "0001-01-01", "9999-12-31T23:59:59+08:00", ""]
)
def test_what_is_no_moment_is_told_with_an_example(now):
    with pytest.raises(CommandError, match="is no moment such as 2026-11-23T08:30:00"):
        call_command("reminders", "plan", "--now", now)


def test_a_moment_without_an_offset_is_that_of_the_office(db):
    hours = [datetime.fromisoformat(ran("plan", now)["now"]).utctimetuple().tm_hour for now in (
        "2026-12-01T08:00", "2026-12-01T08:00Z", "2026-12-01T08:00-02:00")]  # fmt: skip
    assert hours == [0, 8, 10]
