"""What people choose for their reminders, and what units tune."""

from datetime import time

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import UnitSetting
from accounts.unit_settings import effective
from audit.models import Event
from reminders.mailing import after_quiet, is_digest_time, unsubscribe_token
from reminders.models import Habit, Letter, Preference
from tests.factories import make_user, unit
from tests.reminders.ticking import at

pytestmark = pytest.mark.django_db
PREFERENCES = "/messages/preferences/"


def fields(form, **changes):
    data = {name: form[name].value() for name in form.fields}
    data = {name: "on" if value is True else value for name, value in data.items() if value is not False}
    return data | {"quiet_from": "21:00", "quiet_until": "08:00"} | changes


def test_only_what_differs_from_the_rules_own_way_is_kept(client_of, officer_haidian):
    client = client_of(officer_haidian)
    form = client.get(PREFERENCES).context["form"]
    data = fields(form, mail_proposal_waiting="now", mail_change_waiting="off", hides_birthdays="on")
    assert client.post(PREFERENCES, data).status_code == 302
    assert dict(Preference.objects.values_list("rule", "mail")) == {
        "proposal_waiting": "now",
        "change_waiting": "off",
    }
    assert Habit.objects.get(user=officer_haidian).hides_birthdays is True
    form = client.get(PREFERENCES).context["form"]
    assert form["mail_proposal_waiting"].value() == "now"
    client.post(PREFERENCES, fields(form, mail_proposal_waiting="digest"))
    assert dict(Preference.objects.values_list("rule", "mail")) == {"change_waiting": "off"}


def test_everybody_chooses_among_what_can_concern_them(client_of, officer_haidian, secadmin, sysadmin):
    seen = {
        user.username: {rule.key for rule in client_of(user).get(PREFERENCES).context["form"].rules}
        for user in (officer_haidian, secadmin, sysadmin)
    }
    assert "proposal_waiting" in seen["officer_haidian"]
    assert seen["secadmin"] == {"role_expiring", "role_ending", "grant_ending"}
    assert seen["sysadmin"] == {"role_expiring", "holidays_missing"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quiet_from": "25:99"}, "填如 21:00 的时间"),
        ({"quiet_until": ""}, "这个字段是必填项"),
        ({"mail_proposal_waiting": "sometimes"}, "sometimes"),
    ],
)
def test_a_wrong_choice_is_told_beside_its_field(client_of, officer_haidian, changes, words):
    client = client_of(officer_haidian)
    response = client.post(PREFERENCES, fields(client.get(PREFERENCES).context["form"], **changes))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Preference.objects.exists()


def letter_to(user, *rules):
    now = timezone.now()
    return Letter.objects.create(
        kind="digest", key=f"digest:{user.pk}", recipient=user, rules=list(rules), created_at=now, next_at=now
    )


def test_the_link_of_a_letter_stops_its_rules_without_a_sign_in(officer_haidian, officer_chaoyang):
    letter = letter_to(officer_haidian, "proposal_waiting", "change_waiting")
    letter_to(officer_chaoyang, "proposal_waiting")
    url = reverse("reminders:unsubscribe", args=[unsubscribe_token(letter)])
    client = Client(enforce_csrf_checks=True)
    page = client.get(url)
    names = ["名单提案等我办理", "信息变动等我核实"]
    assert [label for _, label in page.context["form"].fields["stopped"].choices] == names
    assert not Preference.objects.exists()
    assert "已停发" in client.post(url, {"chosen": "yes", "stopped": names}).content.decode()
    assert set(Preference.objects.values_list("user", "rule", "mail")) == {
        (officer_haidian.pk, "proposal_waiting", "off"),
        (officer_haidian.pk, "change_waiting", "off"),
    }


def test_one_of_the_rules_of_a_letter_is_stopped_alone(officer_haidian):
    letter = letter_to(officer_haidian, "proposal_waiting", "change_waiting")
    url = reverse("reminders:unsubscribe", args=[unsubscribe_token(letter)])
    client = Client()
    for stopped in ([], ["别的事项"]):
        response = client.post(url, {"chosen": "yes", "stopped": stopped})
        assert response.status_code == 422
    assert "请在列出的事项里勾选" in response.content.decode()
    assert not Preference.objects.exists()
    client.post(url, {"chosen": "yes", "stopped": ["信息变动等我核实"]})
    assert list(Preference.objects.values_list("rule", "mail")) == [("change_waiting", "off")]


def test_without_a_sign_in_nothing_tells_of_a_need_to_know_list(officer_haidian):
    letter = letter_to(officer_haidian, "grant_expiring", "proposal_waiting", "restriction_waiting")
    url = reverse("reminders:unsubscribe", args=[unsubscribe_token(letter)])
    asked, done = Client().get(url).content.decode(), Client().post(url).content.decode()
    for page in (asked, done):
        assert "名单提案等我办理" in page
        assert "其他事项" in page
        assert "知悉" not in page
    assert Preference.objects.filter(user=officer_haidian, mail="off").count() == 3


def test_mail_programs_stop_with_one_click(officer_haidian):
    letter = letter_to(officer_haidian, "proposal_waiting")
    url = reverse("reminders:unsubscribe", args=[unsubscribe_token(letter)])
    response = Client(enforce_csrf_checks=True).post(url, {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 200
    assert Preference.objects.get().mail == "off"


def test_a_forged_link_and_one_of_a_disabled_user_are_missing(officer_haidian):
    token = unsubscribe_token(letter_to(officer_haidian, "proposal_waiting"))
    client = Client()
    for forged in ("x", token[:-1] + ("a" if token[-1] != "a" else "b"), "W10:1abc:def"):
        assert client.get(reverse("reminders:unsubscribe", args=[forged])).status_code == 404
    officer_haidian.is_active = False
    officer_haidian.save(update_fields=["is_active"])
    assert client.get(reverse("reminders:unsubscribe", args=[token])).status_code == 404


def test_the_link_tells_neither_rule_nor_person(officer_haidian):
    token = unsubscribe_token(letter_to(officer_haidian, "grant_expiring"))
    assert "grant" not in token
    assert officer_haidian.username not in token


@pytest.mark.parametrize(
    ("moment", "then"),
    [
        (at("2026-12-01", 20, 59), at("2026-12-01", 20, 59)),
        (at("2026-12-01", 21), at("2026-12-02", 8)),
        (at("2026-12-31", 23, 30), at("2027-01-01", 8)),
        (at("2026-12-02", 7, 59), at("2026-12-02", 8)),
        (at("2026-12-02", 8), at("2026-12-02", 8)),
    ],
)
def test_quiet_hours_end_in_the_morning(moment, then):
    assert after_quiet(Habit(quiet_from=time(21), quiet_until=time(8)), moment) == then


def test_quiet_hours_within_a_day_and_none_at_all():
    noon = Habit(quiet_from=time(12), quiet_until=time(14))
    assert after_quiet(noon, at("2026-12-01", 13)) == at("2026-12-01", 14)
    assert after_quiet(noon, at("2026-12-01", 14)) == at("2026-12-01", 14)
    never = Habit(quiet_from=time(9), quiet_until=time(9))
    assert after_quiet(never, at("2026-12-01", 9)) == at("2026-12-01", 9)


@pytest.mark.parametrize(
    ("moment", "is_time"),
    [
        (at("2026-11-23", 8, 29), False),  # Monday
        (at("2026-11-23", 8, 30), True),
        (at("2026-11-22", 9), False),  # Sunday
        (at("2026-10-01", 9), False),  # National Day
        (at("2026-10-10", 9), True),  # a Saturday that is worked
        (at("2026-12-31", 9), True),  # next year's table is missing
        (at("2027-01-01", 9), True),  # so the new year's Friday counts as a working day
        (at("2027-01-02", 9), False),
    ],
)
def test_digests_go_out_on_working_days_from_half_past_eight(moment, is_time):
    assert is_digest_time(moment) is is_time


def tune_url(code="D04", key="role_expiring"):
    return reverse("reminders:tune", args=[code, key])


def test_a_head_tunes_a_rule_for_the_unit_and_gives_it_back(client_of, director_haidian):
    client = client_of(director_haidian)
    data = {"reminder_role_expiring": "0", "reminder_role_expiring_before": "30"}
    response = client.post(tune_url(), data, follow=True)
    assert response.redirect_chain == [("/messages/rules/?unit=D04", 302)]
    assert effective(unit("D04-01"), "reminder_role_expiring").value == 0
    assert effective(unit("D04-01"), "reminder_role_expiring_before").origin == "继承自 海淀区委"
    fields = set(Event.objects.filter(kind="unit_setting").values_list("fields", flat=True)[0])
    assert fields <= {"reminder_role_expiring", "reminder_role_expiring_before"}
    client.post(reverse("reminders:inherit", args=["D04", "role_expiring"]))
    assert not UnitSetting.objects.filter(key__startswith="reminder_").exists()


def test_only_what_was_changed_is_set(client_of, director_haidian):
    data = {"reminder_role_expiring": "1", "reminder_role_expiring_before": "30"}
    client_of(director_haidian).post(tune_url(), data)
    assert list(UnitSetting.objects.filter(key__startswith="reminder_").values_list("key", "value")) == [
        ("reminder_role_expiring_before", 30)
    ]


@pytest.mark.parametrize("value", ["0", "91", "", "x"])
def test_a_number_out_of_range_is_told_beside_its_field(client_of, director_haidian, value):
    data = {"reminder_role_expiring": "1", "reminder_role_expiring_before": value}
    response = client_of(director_haidian).post(tune_url(), data)
    assert response.status_code == 422
    assert "请填 1 到 90 之间的整数。" in response.content.decode()


def test_rules_of_the_whole_product_are_not_tuned(client_of, director_haidian):
    assert client_of(director_haidian).get(tune_url(key="holidays_missing")).status_code == 404
    assert client_of(director_haidian).get(tune_url(key="nothing")).status_code == 404


def test_the_units_page_leaves_the_rules_to_their_own(client_of, director_haidian):
    page = client_of(director_haidian).get(reverse("accounts:unit", args=["D04"])).content.decode()
    assert "提醒“" not in page
    assert reverse("reminders:rules") + "?unit=D04" in page


def test_the_rules_page_says_where_a_value_comes_from(client_of, officer_haidian):
    UnitSetting.objects.create(unit=unit("BJ"), key="reminder_role_expiring", value=0)
    lines = client_of(officer_haidian).get("/messages/rules/").context["lines"]
    origins = {line.rule.key: (line.is_on, line.origin) for line in lines}
    assert origins["role_expiring"] == (False, "继承自 市委组织部")
    assert origins["role_ending"] == (True, "系统缺省")


def test_own_choices_are_ones_own_in_the_database_too(as_app, officer_haidian):
    other = make_user()
    Preference.objects.create(user=other, rule="proposal_waiting", mail="off")
    Habit.objects.create(user=other)
    letter_to(other, "proposal_waiting")
    with as_app(officer_haidian):
        assert (Preference.objects.count(), Habit.objects.count(), Letter.objects.count()) == (0, 0, 0)
    with as_app(other):
        assert (Preference.objects.count(), Habit.objects.count(), Letter.objects.count()) == (1, 1, 1)
