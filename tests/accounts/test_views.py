"""Units in the product: only those in reach, filtered and paged by the URL, settings by those who approve."""

import pytest
from django.urls import reverse

from accounts.models import Unit, UnitSetting, User
from accounts.roles import Role
from audit.models import Event
from tests.accounts.test_units import many_units
from tests.factories import assign, make_unit, make_user, unit

pytestmark = pytest.mark.django_db
UNITS = "/units/"
KEY = "confirmation_years"


def codes(response):
    return [row.code for row in response.context["page"].rows]


FLAG, FLAG_URL = "remote_contact_counts", "/units/D04/settings/remote_contact_counts/"


def setting_url(code, name="unit_setting"):
    return reverse(f"accounts:{name}", args=[code, KEY])


def test_list_shows_the_reach_and_nothing_beside_it(client_of, officer_haidian):
    child = make_unit("D04")
    response = client_of(officer_haidian).get(UNITS)
    expected = list(Unit.objects.within(unit("D04")).order_by("order").values_list("code", flat=True))
    assert codes(response) == expected
    assert child.code in expected
    assert "朝阳区委" not in response.content.decode()


def test_list_names_leader_in_charge_and_todays_officers(client_of, officer_haidian, leader_city):
    Unit.objects.filter(code="D04").update(leader_in_charge=leader_city)
    past = make_user(display_name="前联络员")
    assign(past, Role.LIAISON_OFFICER, unit("D04"), until="2021-01-01")
    off = make_user(display_name="停用联络员", is_active=False)
    assign(off, Role.LIAISON_OFFICER, unit("D04"))
    head = make_user(display_name="某部长")
    assign(head, Role.DEPARTMENT_HEAD, unit("D04"))
    row = client_of(officer_haidian).get(UNITS).context["page"].rows[0]
    assert row.leader_in_charge == leader_city
    assert [held.user for held in row.officers] == [officer_haidian]
    assert list(unit("D04").liaison_officers()) == [officer_haidian]


@pytest.mark.parametrize("name", ["sysadmin", "secadmin", "auditor", "no_role"])
def test_units_are_closed_to_those_without_the_right(client_of, request, name):
    client = client_of(request.getfixturevalue(name))
    urls = [UNITS, "/units/D04/", setting_url("D04")]
    assert [client.get(url).status_code for url in urls] == [403, 403, 403]
    assert client.get("/units/options/").json() == {"results": []}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"q": "中共北京市海淀区委组织部"}, ["D04"]),
        ({"q": "d04 区委"}, ["D04"]),
        ({"q": "组织部 市委"}, ["BJ"]),
        ({"kind": "municipal"}, ["BJ"]),
        ({"q": "没有这样的单位"}, []),
        ({"q": "%"}, []),
        ({"q": "\0"}, None),
        ({"kind": "nonsense", "area": "", "under": "nowhere"}, None),
    ],
)
def test_filters_in_the_url(client_of, staff_city, asked, expected):
    found = codes(client_of(staff_city).get(UNITS, asked))
    first_page = list(Unit.objects.order_by("order").values_list("code", flat=True)[:50])
    assert found == (first_page if expected is None else expected)


def test_filters_combine_and_each_can_be_taken_off(client_of, staff_city):
    one = make_unit("D04", name="海淀测试一局", area="海淀区")
    make_unit("D04", name="海淀测试二局", area="昌平区")
    make_unit("D03", name="朝阳测试一局", area="海淀区")
    response = client_of(staff_city).get(UNITS, {"under": "D04", "area": "海淀区", "q": "测试"})
    assert codes(response) == [one.code]
    chips = {chip["label"]: chip["url"] for chip in response.context["chips"]}
    assert set(chips) == {"测试", "海淀区", "海淀区委所属"}
    assert "area=" not in chips["海淀区"]
    assert "under=D04" in chips["海淀区"]


def test_areas_offered_are_those_in_reach(client_of, officer_haidian):
    Unit.objects.within(unit("D04")).update(area="海淀区")
    assert client_of(officer_haidian).get(UNITS).context["areas"] == ["海淀区"]


def test_unit_out_of_reach_is_as_good_as_missing(client_of, officer_haidian):
    client = client_of(officer_haidian)
    statuses = [client.get(f"/units/{code}/").status_code for code in ["D04", "D03", "BJ", "NOWHERE"]]
    assert statuses == [200, 404, 404, 404]
    assert codes(client.get(UNITS, {"under": "D03"})) == codes(client.get(UNITS))


def test_five_thousand_units_are_paged_by_key(client_of, staff_city, django_assert_num_queries):
    many_units(unit("D04"), 5000)
    client = client_of(staff_city)
    seen, response = [], client.get(UNITS)
    for _ in range(3):
        seen += codes(response)
        with django_assert_num_queries(13):
            response = client.get(UNITS + response.context["next_url"])
    seen += codes(response)
    assert seen == list(Unit.objects.order_by("order").values_list("code", flat=True)[:200])
    back = client.get(UNITS + response.context["previous_url"])
    assert codes(back) == seen[100:150]


def test_unit_page_tells_facts_people_and_where_it_hangs(client_of, officer_haidian):
    User.objects.filter(pk=officer_haidian.pk).update(position="主任科员", phone="010-62000000")
    child = make_unit("D04")
    response = client_of(officer_haidian).get("/units/D04/")
    assert [held.user for held in response.context["people"]] == [officer_haidian]
    assert [(each.code, reachable) for each, reachable in response.context["ancestors"]] == [("BJ", False)]
    assert child in list(response.context["children"])
    text = response.content.decode()
    assert "主任科员 · 010-62000000" in text
    assert 'href="/units/BJ/"' not in text
    deeper = client_of(officer_haidian).get(f"/units/{child.code}/")
    assert [(each.code, reachable) for each, reachable in deeper.context["ancestors"]] == [
        ("BJ", False),
        ("D04", True),
    ]


def test_unit_page_says_where_a_setting_comes_from(client_of, officer_haidian):
    client = client_of(officer_haidian)
    assert "系统缺省" in client.get("/units/D04/").content.decode()
    UnitSetting.objects.create(unit=unit("BJ"), key=KEY, value=5)
    text = client.get("/units/D04/").content.decode()
    assert "继承自 市委组织部" in text
    assert "5 年" in text


def test_department_head_sets_and_returns_to_inheriting(client_of, director_haidian):
    client = client_of(director_haidian)
    assert setting_url("D04") in client.get("/units/D04/").content.decode()
    response = client.post(setting_url("D04"), {"value": "3"})
    assert (response.status_code, response["Location"]) == (302, "/units/D04/")
    assert UnitSetting.objects.get().value == 3
    assert "恢复继承上级的设置" in client.get(setting_url("D04")).content.decode()
    assert client.post(setting_url("D04", "inherit_unit_setting")).status_code == 302
    assert not UnitSetting.objects.exists()
    assert client.post(setting_url("D04", "inherit_unit_setting")).status_code == 404
    events = Event.objects.filter(username="director_haidian").values_list(
        "verb", "kind", "reference", "fields"
    )
    assert list(events) == [("change", "unit_setting", "D04", [KEY])] * 2


def flags(client):
    """What the form of a flag offers, and which is chosen."""
    field = client.get(FLAG_URL).context["form"]["value"]
    return [choice.choice_label for choice in field if choice.choice_label], str(field.value())


def test_a_flag_is_chosen_and_names_what_would_be_inherited(client_of, director_haidian):
    client = client_of(director_haidian)
    assert flags(client) == (["沿用缺省：不计入", "计入", "不计入"], "")
    UnitSetting.objects.create(unit=unit("BJ"), key=FLAG, value=1)
    assert flags(client) == (["沿用上级：计入", "计入", "不计入"], "")
    assert "<b>计入</b>" in client.get("/units/D04/").content.decode()
    assert client.post(FLAG_URL, {"value": "0"}).status_code == 302
    assert flags(client) == (["沿用上级：计入", "计入", "不计入"], "0")
    page = client.get("/units/D04/").content.decode()
    assert ("<b>不计入</b>" in page, "（1 计入" in page) == (True, False)
    assert client.post(FLAG_URL, {"value": ""}).status_code == 302
    assert not UnitSetting.objects.filter(unit=unit("D04")).exists()
    assert client.post(FLAG_URL, {"value": ""}).status_code == 302
    wrong = client.post(FLAG_URL, {"value": "2"})
    assert (wrong.status_code, wrong.context["form"].errors) == (422, {"value": ["请选择一项。"]})


@pytest.mark.parametrize("value", ["", "0", "11", "3.5", "三", "99999999999999999999"])
def test_wrong_value_is_refused_beside_its_field(client_of, director_haidian, value):
    response = client_of(director_haidian).post(setting_url("D04"), {"value": value})
    assert response.status_code == 422
    assert response.context["form"].errors == {"value": ["请填 1 到 10 之间的整数。"]}
    assert "请填 1 到 10 之间的整数" in response.content.decode()
    assert not UnitSetting.objects.exists()


@pytest.mark.parametrize("name", ["officer_haidian", "leader_city"])
def test_others_read_settings_only(client_of, request, name):
    client = client_of(request.getfixturevalue(name))
    assert setting_url("D04") not in client.get("/units/D04/").content.decode()
    assert client.post(setting_url("D04"), {"value": "3"}).status_code == 403
    assert client.post(setting_url("D04", "inherit_unit_setting")).status_code == 403
    assert not UnitSetting.objects.exists()


def test_settings_beyond_the_reach_are_missing(client_of, director_haidian):
    client = client_of(director_haidian)
    assert client.post(setting_url("BJ"), {"value": "3"}).status_code == 404
    assert client.post(setting_url("D03"), {"value": "3"}).status_code == 404
    assert client.get("/units/D04/settings/nonsense/").status_code == 404
    assert client.get(setting_url("D04", "inherit_unit_setting")).status_code == 405


def offered(client, **asked):
    return client.get("/units/options/", asked).json()["results"]


def test_options_keep_to_the_reach_of_the_right(client_of, officer_haidian, leader_city):
    assert offered(client_of(officer_haidian), q="海淀区委", right="change") == [
        {"value": "D04", "text": "海淀区委", "detail": unit("D04").name}
    ]
    assert offered(client_of(officer_haidian), q="朝阳区委") == []
    assert [row["value"] for row in offered(client_of(leader_city), q="朝阳区委")] == ["D03"]
    assert offered(client_of(leader_city), q="朝阳区委", right="change") == []
    assert client_of(leader_city).get("/units/options/", {"right": "catalogue"}).status_code == 400


def test_options_are_at_most_twenty_and_active(client_of, staff_city):
    Unit.objects.filter(code="BJ").update(is_active=False)
    rows = offered(client_of(staff_city))
    active = Unit.objects.active().order_by("order").values_list("code", flat=True)[:20]
    assert [row["value"] for row in rows] == list(active)


@pytest.mark.parametrize("rows", [1, 3])
def test_unit_list_query_count(client_of, staff_city, leader_city, rows, django_assert_num_queries):
    for _ in range(rows):
        made = make_unit("D04", name="查询次数", leader_in_charge=leader_city)
        assign(make_user(), Role.LIAISON_OFFICER, made)
    client = client_of(staff_city)
    client.get(UNITS)
    with django_assert_num_queries(13):
        response = client.get(UNITS, {"q": "查询次数"})
    assert len(codes(response)) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_unit_page_query_count(client_of, staff_city, rows, django_assert_num_queries):
    at = make_unit("BJ")
    for _ in range(rows):
        make_unit(at.code)
        assign(make_user(), Role.LIAISON_OFFICER, at)
    client = client_of(staff_city)
    client.get(UNITS)
    with django_assert_num_queries(17):
        client.get(f"/units/{at.code}/")
