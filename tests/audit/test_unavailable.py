"""Without its event nothing is shown and nothing is saved: 503, and the database as it was."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import UnitSetting, User
from audit.models import Event
from core.models import Holiday
from exchange.models import RosterImport
from experts.enums import AwardState, SensitiveField
from experts.models import Award, Expert
from tests.access.test_routes import body
from tests.exchange import wizard
from tests.experts.pages import at, edited, posted
from tests.factories import make_award, make_expert, make_sensitive, restrict, unit

pytestmark = pytest.mark.django_db
PAGE = "系统暂时不可用"


@pytest.fixture
def expert(cleared_city):
    expert = make_expert("林中一")
    make_award(expert, "MUNICIPAL_AWARD", text="示范奖", state=AwardState.PENDING)
    make_sensitive(expert)
    return restrict(expert, cleared_city)


@pytest.fixture
def no_trail(db):
    """The web may no longer add events."""
    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON audit_event FROM liaison_app")


def state():
    """Everything that the writes below would change."""
    return [
        list(model.objects.order_by("pk").values()) for model in (Event, Expert, Award, User, UnitSetting)
    ]


def asked(client, method, path, data=None):
    response = getattr(client, method)(path, data or {})
    return response.status_code, body(response).decode()


@pytest.mark.parametrize("page", ["", "?tab=facts", "edit/", "awards/new/"])
def test_a_restricted_page_is_not_shown(client_of, cleared_city, expert, no_trail, page):
    status, text = asked(client_of(cleared_city), "get", at(expert) + page)
    assert (status, PAGE in text, "林中一" in text, expert.record_number in text) == (503, True, False, False)


def test_a_photo_is_not_shown(client_of, cleared_city, expert, no_trail):
    assert asked(client_of(cleared_city), "get", at(expert, "photo"))[0] == 503


def test_a_value_is_not_revealed(client_of, officer_haidian, no_trail):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    status, text = asked(
        client_of(officer_haidian), "post", at(expert, "reveal", "phone"), {"reason": "走访联系"}
    )
    assert (status, PAGE in text, "13800138000" in text) == (503, True, False)


WRITES = {
    "create": lambda expert, award: (reverse("experts:create"), posted()),
    "edit": lambda expert, award: (at(expert, "edit"), edited(expert, post="主任")),
    "confirm": lambda expert, award: (at(expert, "confirm"), {}),
    "award_create": lambda expert, award: (at(expert, "awards", "new"), {"honour": "CAS", "year": "2020"}),
    "award_edit": lambda expert, award: (
        at(expert, "awards", award.uuid, "edit"),
        {
            "honour": "MUNICIPAL_AWARD",
            "text": "示范奖",
            "year": "2021",
            "level": "municipal",
            "issuer": "示范局",
        },
    ),
    "award_verify": lambda expert, award: (at(expert, "awards", award.uuid, "verify"), {"accept": "yes"}),
    "award_remove": lambda expert, award: (at(expert, "awards", award.uuid, "remove"), {}),
    "bulk": lambda expert, award: (
        reverse("experts:bulk"),
        {"act": "category", "category": "high_skill", "expert": [expert.uuid]},
    ),
    "unit_setting": lambda expert, award: (
        reverse("accounts:unit_setting", args=["D04", "confirmation_years"]),
        {"value": "3"},
    ),
}


def write(client, name):
    expert = make_expert("张一")
    award = make_award(expert, "MUNICIPAL_AWARD", text="示范奖", state=AwardState.PENDING)
    before = state()
    path, data = WRITES[name](expert, award)
    status = client.post(path, data).status_code
    return status, before == state()


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_written(client_of, director_haidian, no_trail, name):
    assert write(client_of(director_haidian), name) == (503, True)


@pytest.mark.parametrize("name", WRITES)
def test_with_the_trail_it_is(client_of, director_haidian, name):
    assert write(client_of(director_haidian), name) == (302, False)


def test_nobody_signs_in(db, director_haidian, no_trail):
    client = Client()
    sent = {"login": director_haidian.username, "password": "Demo-2026-pass"}
    assert client.post(reverse("account_login"), sent).status_code == 503
    assert client.get("/").status_code == 302
    assert "liaison_session" not in client.cookies or "_auth_user_id" not in client.session


def test_a_guess_does_not_count_for_nothing(db, director_haidian, no_trail):
    """Neither the failure nor its event is kept, and no guess can succeed meanwhile."""
    sent = {"login": director_haidian.username, "password": "wrong"}
    assert Client().post(reverse("account_login"), sent).status_code == 503
    assert User.objects.get(pk=director_haidian.pk).failed_sign_ins == 0


def test_a_refusal_that_cannot_be_recorded_is_a_503(client_of, leader_city, no_trail):
    assert asked(client_of(leader_city), "get", reverse("exchange:list"))[0] == 503


def test_a_session_that_ends_is_not_forgotten(client_of, leader_city, settings, no_trail):
    client = client_of(leader_city)
    client.get("/")
    settings.SESSION_IDLE_MINUTES = -1
    assert client.get("/").status_code == 503


def test_the_page_asks_nothing_of_the_broken_transaction(client_of, cleared_city, expert, no_trail):
    client = client_of(cleared_city)
    with CaptureQueriesContext(connection) as captured:
        client.get(at(expert))
    statements = [query["sql"] for query in captured]
    failed = next(n for n, text in enumerate(statements) if "INSERT INTO audit_event" in text)
    assert [
        text for text in statements[failed + 1 :] if not text.startswith(("ROLLBACK", "RELEASE", "RESET"))
    ] == []


def test_ordinary_pages_are_still_shown(client_of, director_haidian, no_trail):
    expert = make_expert("张一", unit=unit("D04"))
    assert asked(client_of(director_haidian), "get", at(expert))[0] == 200


def test_administrators_write_nothing_either(client_of, sysadmin, no_trail):
    sent = {"day": "2031-05-01", "name": "测试"}
    assert asked(client_of(sysadmin), "post", reverse("admin:core_holiday_add"), sent)[0] == 503
    assert not Holiday.objects.filter(day="2031-05-01").exists()


def test_a_roster_is_not_taken_in(client_of, officer_haidian, no_trail):
    roster = SimpleUploadedFile("名册.csv", f"{wizard.HEAD}\n{wizard.GOOD}\n".encode())
    sent = {"file": roster, "unit": "D04"}
    assert asked(client_of(officer_haidian), "post", reverse("exchange:create"), sent)[0] == 503
    assert not RosterImport.objects.exists()


def test_nobody_signs_out_unrecorded(client_of, leader_city, no_trail):
    client = client_of(leader_city)
    assert client.post(reverse("account_logout")).status_code == 503
    assert client.get("/").status_code == 200
