"""Sign-in: the lock in the database, ends of sessions, and nothing that tells which accounts exist."""

import re
import time
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.backends import LockingBackend
from accounts.middleware import SEEN, STARTED
from accounts.models import User
from audit.models import Event
from tests.factories import make_user, unit

pytestmark = pytest.mark.django_db
PASSWORD = "Demo-2026-pass"
NEW = "Wenming-2026-lian"
SIGN_IN, SIGN_OUT, CHANGE = "/accounts/login/", "/accounts/logout/", "/accounts/password/"


@pytest.fixture
def officer(db):
    return make_user(username="officer", unit=unit("D04"))


def sign_in(client, username="officer", password=PASSWORD, **more):
    return client.post(SIGN_IN, {"login": username, "password": password} | more)


def trail():
    return list(
        Event.objects.filter(kind="user")
        .order_by("id")
        .values_list("verb", "username", "reference", "result")
    )


def refusal(response):
    assert response.status_code == 200
    return list(response.context["form"].non_field_errors())


def who(client):
    request = type("Request", (), {"session": client.session, "META": {}})()
    return get_user(request)


def test_sign_in_leads_to_the_workbench_and_is_recorded(client, officer):
    response = sign_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert who(client) == officer
    event = Event.objects.get(kind="user")
    assert (event.verb, event.username, event.result, event.channel) == ("sign_in", "officer", "ok", "web")
    assert event.address == "127.0.0.1"


def test_sign_in_page_needs_no_session_and_offers_neither_sign_up_nor_reset(client):
    text = client.get(SIGN_IN).content.decode()
    assert "忘记密码请联系系统管理员重置" in text
    assert "signup" not in text
    assert "reset" not in text


def test_sign_in_gives_the_session_a_new_key(client, officer):
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies["liaison_session"] = session.session_key
    sign_in(client)
    assert client.session.session_key != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()


def test_wrong_password_says_so_in_chinese_and_is_counted(client, officer):
    messages = refusal(sign_in(client, password="wrong"))
    assert messages == ["用户名或密码不对，或账号已被锁定。连续输错 5 次锁定 30 分钟，可联系系统管理员。"]
    officer.refresh_from_db()
    assert officer.failed_sign_ins == 1
    assert trail() == [("sign_in", "", "officer", "failed")]


def test_fifth_failure_locks_even_against_the_right_password(client, officer):
    for _ in range(5):
        sign_in(client, password="wrong")
    officer.refresh_from_db()
    left = officer.locked_until - timezone.now()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    assert refusal(sign_in(client)) == refusal(sign_in(client, password="wrong"))
    assert who(client).is_anonymous
    assert [result for *_, result in trail()] == ["failed"] * 5 + ["locked"] * 2


def test_lock_ends_after_its_minutes(client, officer):
    User.objects.filter(pk=officer.pk).update(locked_until=timezone.now() + timedelta(seconds=60))
    assert refusal(sign_in(client))
    User.objects.filter(pk=officer.pk).update(locked_until=timezone.now() - timedelta(seconds=1))
    assert sign_in(client).status_code == 302
    officer.refresh_from_db()
    assert (officer.locked_until, officer.failed_sign_ins) == (None, 0)


def test_success_forgets_earlier_failures(client, officer):
    for _ in range(4):
        sign_in(client, password="wrong")
    sign_in(client)
    client.post(SIGN_OUT)
    for _ in range(4):
        sign_in(client, password="wrong")
    officer.refresh_from_db()
    assert not officer.is_locked


def test_upper_case_spelling_of_the_name_does_not_get_around_the_lock(client, officer):
    User.objects.filter(pk=officer.pk).update(locked_until=timezone.now() + timedelta(minutes=9))
    for name in ["OFFICER", "Officer", " officer ", "officer"]:
        assert refusal(sign_in(client, username=name))
    assert who(client).is_anonymous


def page_text(response):
    """The page without what differs on every answer or was typed in."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    return re.sub(r'value="\w+"', "", unescape(text))


def test_unknown_locked_disabled_and_wrong_look_the_same(officer):
    make_user(username="locked", locked_until=timezone.now() + timedelta(minutes=9))
    make_user(username="disabled", is_active=False)
    answers = {
        page_text(sign_in(Client(), username=name, password=password))
        for name, password in [
            ("nobody", PASSWORD),
            ("locked", PASSWORD),
            ("disabled", PASSWORD),
            ("officer", "wrong"),
        ]
    }
    assert len(answers) == 1


def test_unknown_account_costs_one_password_hash_like_a_known_one(client, officer, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    work = []
    encode = MD5PasswordHasher.encode

    def counted(self, password, salt):
        work.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    sign_in(client, password="known")
    sign_in(client, username="nobody", password="unknown")
    assert work == ["known", "unknown"]


def test_what_was_typed_for_an_unknown_account_is_not_kept(client):
    sign_in(client, username="My-Secret-2026", password="x")
    assert trail() == [("sign_in", "", "", "unknown")]


def test_disabled_user_loses_access_on_the_next_request(client_of, officer_haidian):
    client = client_of(officer_haidian)
    assert client.get("/units/").status_code == 200
    User.objects.filter(pk=officer_haidian.pk).update(is_active=False)
    response = client.get("/units/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/units/")


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/units/D04/", "/units/D04/"),
        ("https://example.org/", "/"),
        ("//example.org/", "/"),
        ("javascript:x", "/"),
    ],
)
def test_next_stays_inside(client, officer, wanted, given):
    assert sign_in(client, next=wanted)["Location"] == given


def test_sign_out_by_post_is_recorded(client, officer):
    sign_in(client)
    assert client.get(SIGN_OUT).status_code == 200
    assert who(client) == officer
    assert client.post(SIGN_OUT)["Location"] == SIGN_IN
    assert who(client).is_anonymous
    assert [verb for verb, *_ in trail()] == ["sign_in", "sign_out"]


def age(client, **moments):
    session = client.session
    session.update(moments)
    session.save()


def test_idle_session_ends_and_leads_back(client_of, officer_haidian, settings):
    client = client_of(officer_haidian)
    assert client.get("/units/").status_code == 200
    now = int(time.time())
    age(client, **{SEEN: now - settings.SESSION_IDLE_MINUTES * 60 - 1})
    response = client.get("/units/?q=x")
    assert response["Location"] == "/accounts/login/?next=/units/%3Fq%3Dx"
    assert "登录已过期" in client.get(response["Location"]).content.decode()
    event = Event.objects.get(verb="sign_out")
    assert (event.reference, event.reason, event.channel) == ("officer_haidian", "登录过期", "web")


def test_session_ends_at_its_limit_however_busy(client_of, officer_haidian, settings):
    client = client_of(officer_haidian)
    client.get("/units/")
    now = int(time.time())
    age(client, **{STARTED: now - settings.SESSION_HOURS * 3600 - 1, SEEN: now})
    assert client.get("/units/").status_code == 302
    assert who(client).is_anonymous


def test_busy_session_goes_on_and_is_written_once_a_minute(client_of, officer_haidian):
    client = client_of(officer_haidian)
    client.get("/units/")
    now = int(time.time())
    age(client, **{SEEN: now - 30})
    client.get("/units/")
    assert client.session[SEEN] == now - 30
    age(client, **{SEEN: now - 90})
    client.get("/units/")
    assert client.session[SEEN] >= now


def change(client, old=PASSWORD, new=NEW, again=None):
    return client.post(CHANGE, {"oldpassword": old, "password1": new, "password2": again or new})


def test_user_who_must_change_the_password_gets_nowhere_else(client, officer):
    User.objects.filter(pk=officer.pk).update(must_change_password=True)
    assert sign_in(client).status_code == 302
    for url in ["/", "/units/", "/messages/", "/admin/"]:
        assert client.get(url)["Location"] == CHANGE
    assert change(client)["Location"] == "/"
    officer.refresh_from_db()
    assert not officer.must_change_password
    assert officer.check_password(NEW)
    assert client.get("/messages/").status_code == 200
    assert ("change", "officer", "officer", "ok") in trail()


def test_password_change_ends_other_sessions_and_keeps_this_one(client, officer):
    other = Client()
    sign_in(client)
    sign_in(other)
    change(client)
    assert client.get("/messages/").status_code == 200
    assert other.get("/messages/").status_code == 302


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"old": "wrong"}, "oldpassword"),
        ({"new": PASSWORD}, "password1"),
        ({"new": "Ab1-short"}, "password1"),
        ({"new": "alllowercase"}, "password1"),
        ({"new": "1234567890123"}, "password1"),
        ({"new": "Officer-2026"}, "password1"),
        ({"again": "Different-2026"}, "password2"),
    ],
)
def test_password_rules(client, officer, fields, field):
    sign_in(client)
    response = change(client, **fields)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    officer.refresh_from_db()
    assert officer.check_password(PASSWORD)


def test_password_rules_read_in_chinese(client, officer):
    sign_in(client)
    response = change(client, new="qZv")
    assert response.context["form"].errors["password1"] == [
        "密码太短，至少要有 10 个字符。",
        "密码须含大写字母、小写字母、数字、符号中的至少三种。",
    ]


CLOSED = [
    "account_signup",
    "account_reset_password",
    "account_email",
    "account_confirm_email",
    "account_reauthenticate",
]


@pytest.mark.parametrize("name", CLOSED)
def test_sign_up_and_e_mail_routes_are_not_mounted(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


@pytest.mark.parametrize("path", ["signup/", "password/reset/", "email/", "password/set/", "inactive/"])
def test_their_usual_addresses_are_missing(client_of, officer, path):
    assert client_of(officer).get(f"/accounts/{path}").status_code == 404


def test_empty_credentials_are_nobody_and_no_failure(rf):
    assert LockingBackend().authenticate(rf.get("/"), username="", password="x") is None
    assert LockingBackend().authenticate(rf.get("/"), username="x", password="") is None
    assert trail() == []
