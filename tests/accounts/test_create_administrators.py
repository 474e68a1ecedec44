"""The first three administrators of an installation."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.roles import Role

pytestmark = pytest.mark.django_db
NAMES = (
    *("--system", "xitong01", "系统甲"),
    *("--security", "anquan01", "安全乙"),
    *("--auditor", "shenji01", "审计丙"),
)


def test_three_accounts_are_opened_with_one_time_passwords():
    out = StringIO()
    call_command("create_administrators", *NAMES, stdout=out)
    lines = [line.split("\t") for line in out.getvalue().splitlines()]
    assert [(role, username) for role, username, _ in lines] == [
        ("system_admin", "xitong01"),
        ("security_admin", "anquan01"),
        ("security_auditor", "shenji01"),
    ]
    for role, username, password in lines:
        user = User.objects.get(username=username)
        assert user.check_password(password)
        assert user.must_change_password
        assert user.holds(Role(role))


def test_a_second_time_it_refuses_and_opens_nobody():
    call_command("create_administrators", *NAMES, stdout=StringIO())
    with pytest.raises(CommandError, match="already"):
        call_command(
            "create_administrators", *(name.replace("01", "02") for name in NAMES), stdout=StringIO()
        )
    assert User.objects.count() == 3


def test_a_taken_username_opens_nobody(officer_haidian):
    taken = [name.replace("anquan01", officer_haidian.username) for name in NAMES]
    with pytest.raises(CommandError, match=officer_haidian.username):
        call_command("create_administrators", *taken, stdout=StringIO())
    assert list(User.objects.values_list("username", flat=True)) == [officer_haidian.username]
