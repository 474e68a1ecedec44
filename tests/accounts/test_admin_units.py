"""Django admin: units, their settings, holidays."""

import pytest
from django.urls import reverse

from accounts.actions import request_unit_move
from accounts.models import Confirmation, UnitSetting
from core.models import Holiday
from tests.accounts.admin_pages import act, errors, events, unit_data
from tests.factories import make_expert, make_unit, unit

pytestmark = pytest.mark.django_db


def test_sysadmin_adds_a_unit_below_its_parent(client_of, sysadmin):
    data = {
        "code": "D04-9",
        "name": "海淀区测试局",
        "short_name": "测试局",
        "kind": "subordinate",
        "area": "海淀区",
        "parent": unit("D04").pk,
        "is_active": "on",
    }
    assert client_of(sysadmin).post(reverse("admin:accounts_unit_add"), data).status_code == 302
    added = unit("D04-9")
    assert unit("D04").contains(added.order)
    assert events(username="sysadmin") == [("create", "unit", "D04-9", [], "ok")]


def test_second_root_is_refused(client_of, sysadmin):
    data = {"code": "Z", "name": "某", "short_name": "某", "kind": "other", "is_active": "on"}
    response = client_of(sysadmin).post(reverse("admin:accounts_unit_add"), data)
    assert errors(response) == {"parent": ["请选择上级单位。"]}


def test_sysadmin_changes_a_unit_and_its_leader_in_charge(client_of, sysadmin, leader_city):
    haidian = unit("D04")
    url = reverse("admin:accounts_unit_change", args=[haidian.pk])
    data = unit_data(haidian, short_name="海淀", leader_in_charge=leader_city.pk)
    assert client_of(sysadmin).post(url, data).status_code == 302
    haidian.refresh_from_db()
    assert (haidian.short_name, haidian.leader_in_charge) == ("海淀", leader_city)
    assert events(username="sysadmin") == [
        ("change", "unit", "D04", ["short_name", "leader_in_charge"], "ok")
    ]


def test_new_parent_waits_and_then_experts_follow(client_of, sysadmin, secadmin):
    expert = make_expert(unit_code="D04", awards=["STATE_ALLOWANCE"])
    haidian, old_order = unit("D04"), unit("D04").order
    target = make_unit("BJ")
    url = reverse("admin:accounts_unit_change", args=[haidian.pk])
    response = client_of(sysadmin).post(url, unit_data(haidian, parent=target.pk), follow=True)
    assert "待安全管理员确认" in response.content.decode()
    assert (unit("D04").order, unit("D04").parent.code) == (old_order, "BJ")
    act(client_of(secadmin), "accounts_confirmation", "accept", Confirmation.objects.get())
    haidian.refresh_from_db()
    expert.refresh_from_db()
    assert haidian.parent == target
    assert target.contains(haidian.order)
    assert expert.unit_order == haidian.order != old_order
    assert set(expert.awards.values_list("unit_order", flat=True)) == {haidian.order}
    assert events(username="secadmin") == [("confirm", "unit_move", "D04", [], "ok")]


def test_unit_below_itself_is_refused_beside_the_field(client_of, sysadmin):
    child = make_unit("D04")
    haidian = unit("D04")
    url = reverse("admin:accounts_unit_change", args=[haidian.pk])
    response = client_of(sysadmin).post(url, unit_data(haidian, parent=child.pk))
    assert list(errors(response)) == ["parent"]
    assert not Confirmation.objects.exists()


def test_move_that_became_impossible_is_refused_on_confirming(client_of, sysadmin, secadmin):
    one, two = make_unit("BJ"), make_unit("BJ")
    first = request_unit_move(by=sysadmin, unit=one, parent=two)
    second = request_unit_move(by=sysadmin, unit=two, parent=one)
    client = client_of(secadmin)
    act(client, "accounts_confirmation", "accept", first)
    response = act(client, "accounts_confirmation", "accept", second)
    assert "不能这样调整" in response.content.decode()
    two.refresh_from_db()
    assert two.parent.code == "BJ"


def test_unit_setting_is_set_changed_and_cleared(client_of, sysadmin):
    client = client_of(sysadmin)
    add = {"unit": unit("D04").pk, "key": "confirmation_years", "value": 3}
    assert client.post(reverse("admin:accounts_unitsetting_add"), add).status_code == 302
    setting = UnitSetting.objects.get()
    assert (setting.unit.code, setting.value) == ("D04", 3)
    change = reverse("admin:accounts_unitsetting_change", args=[setting.pk])
    refused = client.post(change, {"value": 99})
    assert errors(refused) == {"value": ["“关键信息几年未核实即为过期”请填 1 到 10 之间的整数。"]}
    client.post(change, {"value": 4})
    setting.refresh_from_db()
    assert setting.value == 4
    client.post(reverse("admin:accounts_unitsetting_delete", args=[setting.pk]), {"post": "yes"})
    assert not UnitSetting.objects.exists()
    assert (
        events(username="sysadmin") == [("change", "unit_setting", "D04", ["confirmation_years"], "ok")] * 3
    )


def test_a_flag_is_written_in_words(client_of, sysadmin):
    client, add = client_of(sysadmin), reverse("admin:accounts_unitsetting_add")
    sent = {"unit": unit("D04").pk, "key": "remote_contact_counts", "value": "计入"}
    assert client.post(add, sent).status_code == 302
    setting = UnitSetting.objects.get()
    assert setting.value == 1
    change = reverse("admin:accounts_unitsetting_change", args=[setting.pk])
    assert 'value="计入"' in client.get(change).content.decode()
    assert (
        '<td class="field-shown">计入</td>'
        in client.get(reverse("admin:accounts_unitsetting_changelist")).content.decode()
    )
    for wrong in ("3", "是", "³", "9" * 20, "-1"):
        assert errors(client.post(change, {"value": wrong})) == {
            "value": ["“电话、信息是否计入联系”请填计入或不计入。"]
        }
    client.post(change, {"value": "不计入"})
    setting.refresh_from_db()
    assert setting.value == 0


def test_setting_twice_is_refused(client_of, sysadmin):
    UnitSetting.objects.create(unit=unit("D04"), key="confirmation_years", value=3)
    add = {"unit": unit("D04").pk, "key": "confirmation_years", "value": 5}
    response = client_of(sysadmin).post(reverse("admin:accounts_unitsetting_add"), add)
    assert response.status_code == 200
    assert UnitSetting.objects.get().value == 3


def test_holidays_are_kept_by_the_sysadmin(client_of, sysadmin):
    client = client_of(sysadmin)
    add = {"day": "2027-09-15", "name": "中秋节"}
    assert client.post(reverse("admin:core_holiday_add"), add).status_code == 302
    day = Holiday.objects.get(day="2027-09-15")
    assert not day.is_workday
    client.post(reverse("admin:core_holiday_change", args=[day.pk]), {"name": "调休", "is_workday": "on"})
    day.refresh_from_db()
    assert (day.name, day.is_workday) == ("调休", True)
    client.post(reverse("admin:core_holiday_delete", args=[day.pk]), {"post": "yes"})
    assert not Holiday.objects.filter(day="2027-09-15").exists()
    assert [event[0] for event in events(username="sysadmin")] == ["change", "change", "delete"]
