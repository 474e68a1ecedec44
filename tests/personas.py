"""Named people: the same cast as the demo accounts, as fixtures; `client_of` signs one in."""

import pytest

from accounts.enums import Clearance, Duty
from accounts.roles import Role
from tests.factories import assign, make_user, unit

PERSONAS = {
    # name: (unit code, role or None, duty, clearance)
    "staff_city": ("BJ", Role.LIAISON_OFFICER, Duty.WORK, Clearance.SENSITIVE),
    "leader_city": ("BJ", Role.LEADER, Duty.WORK, Clearance.INTERNAL),
    "director_haidian": ("D04", Role.DEPARTMENT_HEAD, Duty.WORK, Clearance.SENSITIVE),
    "officer_haidian": ("D04", Role.LIAISON_OFFICER, Duty.WORK, Clearance.SENSITIVE),
    "officer_chaoyang": ("D03", Role.LIAISON_OFFICER, Duty.WORK, Clearance.INTERNAL),
    "cleared_city": ("BJ", Role.LIAISON_OFFICER, Duty.WORK, Clearance.SENSITIVE),
    "sysadmin": ("BJ", Role.SYSTEM_ADMIN, Duty.SYSTEM, Clearance.INTERNAL),
    "secadmin": ("BJ", Role.SECURITY_ADMIN, Duty.SECURITY, Clearance.INTERNAL),
    "auditor": ("BJ", Role.SECURITY_AUDITOR, Duty.AUDIT, Clearance.INTERNAL),
    "no_role": ("BJ", None, Duty.WORK, Clearance.INTERNAL),
}


def make_persona(name):
    code, role, duty, clearance = PERSONAS[name]
    user = make_user(username=name, unit=unit(code), duty=duty, clearance=clearance)
    if role is not None:
        assign(user, role, unit(code))
    return user


def _persona_fixture(name):
    @pytest.fixture(name=name)
    def fixture(db):
        return make_persona(name)

    return fixture


for _name in PERSONAS:
    globals()[_name] = _persona_fixture(_name)


@pytest.fixture
def personas(db):
    """All of them, by name."""
    return {name: make_persona(name) for name in PERSONAS}


@pytest.fixture
def client_of(db):
    """A test client signed in as the user."""
    from django.test import Client

    def sign_in(user):
        client = Client()
        client.force_login(user, backend="accounts.backends.LockingBackend")
        return client

    return sign_in
