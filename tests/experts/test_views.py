"""The register's pages as their users meet them: content, messages, errors beside the field."""

import pytest
from django.utils import timezone

from audit.models import Event
from experts.enums import Category, Label, SensitiveField
from experts.models import Expert, SensitiveValue
from experts.sensitive import opened
from tests.experts.pages import (
    BULK,
    LIST,
    NEW,
    SUGGEST,
    at,
    body,
    edited,
    field_errors,
    picture,
    posted,
    rows,
    said,
)
from tests.factories import hold, make_expert, make_sensitive, restrict, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


# List


def test_the_list_shows_the_people_in_reach_in_order(client):
    make_expert("张三", employer="示范大学", awards=[("STATE_ALLOWANCE", 2018)])
    make_expert("安然", category=Category.ENTREPRENEUR)
    make_expert("外区", unit_code="D03")
    response = client.get(LIST)
    page = body(response)
    assert rows(response) == ["安然", "张三"]
    assert "共 2 人" in page
    assert "享受政府特殊津贴专家 2018" in page
    assert "创业人才" in page
    assert "外区" not in page


def test_the_list_is_for_those_who_may_see_experts(client_of, sysadmin, auditor, no_role):
    for user in (sysadmin, auditor, no_role):
        assert client_of(user).get(LIST).status_code == 403


def test_a_leader_reads_and_is_offered_nothing_to_change(client_of, leader_city):
    make_expert("张三")
    page = body(client_of(leader_city).get(LIST))
    assert "张三" in page
    assert not any(offer in page for offer in ("新增专家", "导入名册", "data-bulk-row"))


def test_an_empty_register_offers_the_import(client):
    assert "把手头的名册导入进来" in body(client.get(LIST))


def test_filters_that_fit_nobody_offer_to_be_cleared(client):
    make_expert("张三")
    for query in ("?scope=key", "?q=李", "?honour=NOPE"):
        page = body(client.get(LIST + query))
        assert ("没有符合条件的专家" in page, "还没有专家" in page) == (True, False)


@pytest.mark.parametrize(("sort", "order"), [
    ("name", ["安然", "李四", "张三"]),
    ("-name", ["张三", "李四", "安然"]),
    ("age", ["李四", "安然"]),
    ("-age", ["安然", "李四"]),
    ("nonsense", ["安然", "李四", "张三"]),
])  # fmt: skip
def test_the_list_is_sorted_as_asked(client, sort, order):
    make_expert("张三")
    make_expert("安然", birth="1950-01-01")
    make_expert("李四", birth="1990-01-01")
    assert rows(client.get(f"{LIST}?sort={sort}")) == order


def test_pages_lead_on_and_back_and_keep_the_filter(client):
    for number in range(30):
        make_expert(f"张{chr(0x4E00 + number)}")
    make_expert("李四")
    first = client.get(LIST + "?q=张")
    second = client.get(LIST + first.context["next_url"])
    assert (len(rows(first)), len(rows(second)), "q=" in second.context["previous_url"]) == (25, 5, True)
    assert not set(rows(first)) & set(rows(second))
    assert rows(client.get(LIST + second.context["previous_url"])) == rows(first)


def test_past_a_thousand_the_count_is_made_on_request(client, monkeypatch):
    monkeypatch.setattr("experts.listing.COUNT_LIMIT", 2)
    for name in ("甲一", "乙二", "丙三"):
        make_expert(name)
    page = body(client.get(LIST))
    assert "超过 2 人" in page
    assert "?count=exact" in page
    assert "共 3 人" in body(client.get(LIST + "?count=exact"))


# Suggestions


def test_suggestions_name_employer_and_lead_to_the_record(client):
    expert = make_expert("张三", employer="示范大学", post="院长", awards=["CAS"])
    page = body(client.get(SUGGEST, {"q": "zs"}))
    assert f'href="{at(expert)}"' in page
    assert "示范大学 · 院长 · 海淀区委" in page
    assert "重点" in page


def test_suggestions_are_eight_at_most_and_say_when_there_is_nobody(client):
    for number in range(10):
        make_expert(f"张{chr(0x4E00 + number)}")
    assert body(client.get(SUGGEST, {"q": "张"})).count('role="option"') == 9  # and one that shows all
    assert "没有找到“李”" in body(client.get(SUGGEST, {"q": "李"}))
    assert body(client.get(SUGGEST)).strip() == ""


def test_suggestions_hide_who_is_hidden(client, client_of, sysadmin):
    make_expert("张三", unit_code="D03")
    restrict(make_expert("张四"))
    assert "没有找到" in body(client.get(SUGGEST, {"q": "张"}))
    make_expert("张五")
    assert "张五" not in body(client_of(sysadmin).get(SUGGEST, {"q": "张"}))


# Detail


def test_the_detail_page_says_why_someone_is_key(client):
    expert = make_expert("张三", awards=[("STATE_ALLOWANCE", 2018)])
    page = body(client.get(at(expert)))
    assert "为什么是重点联系" in page
    assert "2018年 · 国家级 · 依据《意见》三（二）" in page
    assert expert.record_number in page


def test_the_detail_page_says_what_would_make_someone_key(client):
    expert = make_expert("张三", works_in_beijing=False, awards=["CAS"])
    page = body(client.get(at(expert)))
    assert "为什么是普遍联系" in page
    assert "须在京工作；在京工作得到确认后即为重点联系" in page


@pytest.mark.parametrize("hidden", ["unit", "label", "list", "unknown"])
def test_what_is_hidden_is_missing(client_of, officer_chaoyang, cleared_city, hidden):
    if hidden == "unit":
        address = at(make_expert(unit_code="D04"))
    elif hidden == "label":
        address = at(make_expert(unit_code="D03", label=Label.SENSITIVE))
    elif hidden == "list":
        address = at(restrict(make_expert(unit_code="D03"), cleared_city))
    else:
        address = "/experts/00000000-0000-4000-8000-000000000000/"
    client = client_of(officer_chaoyang)
    assert [client.get(address + rest).status_code for rest in ("", "edit/", "photo/", "awards/new/")] == [
        404
    ] * 4
    assert [client.post(address + rest).status_code for rest in ("edit/", "confirm/", "reveal/phone/")] == [
        404
    ] * 3


def test_opening_a_restricted_record_is_recorded(client_of, cleared_city):
    expert = restrict(make_expert(), cleared_city)
    client_of(cleared_city).get(at(expert))
    event = Event.objects.get(kind="expert")
    assert (event.verb, event.reference, event.username) == ("view", expert.record_number, "cleared_city")


def test_a_record_seen_through_a_second_unit_is_read_only(client):
    expert = make_expert("张三", unit_code="D03")
    hold(expert, "D04")
    page = body(client.get(at(expert)))
    assert ("张三" in page, "编辑资料" in page) == (True, False)
    assert [client.get(at(expert, rest)).status_code for rest in ("edit", "awards/new")] == [403, 403]
    assert [client.post(at(expert, rest)).status_code for rest in ("edit", "confirm")] == [403, 403]


def test_the_facts_tab_masks_sensitive_values(client, client_of, leader_city):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    page = body(client.get(at(expert) + "?tab=facts"))
    assert ("••••••••" in page, "13800138000" in page) == (True, False)
    assert "<dt>手机号码" in page
    assert "<dt>手机号码" not in body(client_of(leader_city).get(at(expert) + "?tab=facts"))


def test_the_log_tab_tells_acts_without_values(client):
    expert = make_expert(post="教授")
    client.post(at(expert, "edit"), edited(expert, post="院长"))
    page = body(client.get(at(expert) + "?tab=log"))
    assert "修改了职务" in page
    assert "院长" not in page.partition("查阅记录")[2]


# Entry


def test_a_new_expert_is_entered_with_everything(client, officer_haidian):
    response = client.post(
        NEW,
        posted(
            name="单 明远",
            former_names="陈大同，李四",
            birth="1966.5",
            discipline="520",
            email="a@demo.example",
            id_number="110105198510104635",
            phone="13800138000",
            works_in_beijing_confirmed_on="2026-01-02",
            photo=picture(),
        ),
        follow=True,
    )
    expert = Expert.objects.get()
    assert said(response) == [f"已新增专家“单明远”，档案号 {expert.record_number}。"]
    assert response.redirect_chain == [(at(expert), 302)]
    assert (expert.name, expert.former_names, expert.birth_text) == ("单明远", ["陈大同", "李四"], "1966-05")
    assert (expert.discipline_id, expert.unit, expert.created_by) == ("520", unit("D04"), officer_haidian)
    secrets = {row.field: opened(expert, row) for row in SensitiveValue.objects.all()}
    assert secrets == {"id_number": "110105198510104635", "phone": "13800138000"}
    photo = client.get(at(expert, "photo"))
    assert (photo["Content-Type"], b"".join(photo.streaming_content)[:2]) == ("image/jpeg", b"\xff\xd8")


@pytest.mark.parametrize(("name", "value", "problem"), [
    ("name", "", "这个字段是必填项。"),
    ("name", "　 ", "这个字段是必填项。"),
    ("name", "王" * 61, "60"),
    ("birth", "1966", "只有年份"),
    ("birth", "1966-13", "月份不存在"),
    ("birth", "2999-01", "晚于今天"),
    ("birth", "-1966-05", "不是能识别的出生年月"),
    ("category", "", "这个字段是必填项。"),
    ("category", "nope", "nope"),
    ("unit", "D03", "D03"),
    ("unit", "", "这个字段是必填项。"),
    ("label", "2", "2"),
    ("email", "not an address", "邮"),
    ("id_number", "110105198510104636", "校验"),
    ("discipline", "999", "999"),
    ("works_in_beijing_confirmed_on", "31.12.2025", "日期"),
    ("post", "机密★三年", "密级标志"),
    ("health", "密级：秘密", "密级标志"),
    ("former_names", "绝密★十年", "密级标志"),
    ("name", "王\0小明", "空"),
    ("phone", "138\0", "空"),
    ("address", "路" * 10_000, "200"),
])  # fmt: skip
def test_bad_input_is_said_beside_its_field_and_nothing_is_saved(client, name, value, problem):
    response = client.post(NEW, posted(**{name: value, "photo": picture()}))
    assert response.status_code == 200
    errors = field_errors(response)
    assert list(errors) == [name]
    assert problem in errors[name][0]
    assert errors[name][0] in response.content.decode().replace("&quot;", '"').replace("&#x27;", "'")
    assert (
        Expert.objects.count(),
        SensitiveValue.objects.count(),
        Event.objects.filter(kind="expert").count(),
    ) == (
        0,
        0,
        0,
    )


@pytest.mark.parametrize("upload", [
    picture("GIF", "photo.gif"),
    picture("BMP", "photo.jpg"),
], ids=["gif", "bmp named jpg"])  # fmt: skip
def test_a_wrong_kind_of_photo_is_refused_beside_its_field(client, upload):
    response = client.post(NEW, posted(photo=upload))
    assert list(field_errors(response)) == ["photo"]
    assert Expert.objects.count() == 0


def test_a_photo_that_breaks_off_is_refused_and_nothing_is_saved(client):
    broken = picture()
    broken.truncate(len(broken.getvalue()) - 80)
    response = client.post(NEW, posted(photo=broken))
    assert field_errors(response) == {"photo": ["这个文件不是可用的照片，请上传 JPG 或 PNG。"]}
    assert Expert.objects.count() == 0


def test_html_in_names_is_shown_as_text(client):
    evil = "<b>王</b>"
    response = client.post(NEW, posted(name=evil, employer="<script>alert(1)</script>"), follow=True)
    page = body(response)
    assert Expert.objects.get().name == evil
    assert ("<script>alert(1)" in page, "<b>王</b>" in page) == (False, False)
    assert page.count("&lt;b&gt;王&lt;/b&gt;") >= 3
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body(client.get(LIST))
    assert "<b>王" not in body(client.get(SUGGEST, {"q": "王"}))
    assert "<b>" not in body(client.get(LIST, {"q": "<b>x"})).partition("<table")[0].replace("<b>用户", "")


def test_entry_is_for_those_who_may_change(client_of, leader_city, sysadmin):
    for user in (leader_city, sysadmin):
        assert (client_of(user).get(NEW).status_code, client_of(user).post(NEW, posted()).status_code) == (
            403,
            403,
        )
    assert Expert.objects.count() == 0


# Edit


def test_an_edit_saves_and_says_so(client):
    expert = make_expert(post="教授", category=Category.OTHER)
    response = client.post(at(expert, "edit"), edited(expert, post="院长"), follow=True)
    expert.refresh_from_db()
    assert (said(response), expert.post, expert.version) == (["已保存。"], "院长", 2)


def test_an_edit_without_changes_says_so(client):
    expert = make_expert(employer="示范大学", category=Category.OTHER)
    first = client.post(at(expert, "edit"), edited(expert), follow=True)
    expert.refresh_from_db()
    assert (said(first), expert.version) == (["没有改动。"], 1)


def test_an_edit_with_a_mistake_keeps_what_was_typed_and_saves_nothing(client):
    expert = make_expert("张三", post="教授", category=Category.OTHER)
    response = client.post(at(expert, "edit"), edited(expert, name="李四", post="院长", birth="昨天"))
    expert.refresh_from_db()
    assert list(field_errors(response)) == ["birth"]
    assert 'value="院长"' in body(response)
    assert "张三 · " in body(response)  # the heading names the record as it stands
    assert (expert.name, expert.post, expert.version) == ("张三", "教授", 1)


def test_a_stale_edit_shows_both_versions_and_saves_on_the_second_try(client, client_of, director_haidian):
    expert = make_expert(post="教授", employer="示范大学", category=Category.OTHER)
    mine = edited(expert, post="所长")
    client_of(director_haidian).post(at(expert, "edit"), edited(expert, post="院长"))
    response = client.post(at(expert, "edit"), mine)
    page = body(response)
    expert.refresh_from_db()
    assert (response.status_code, expert.post) == (409, "院长")
    assert [(row["label"], row["mine"], row["theirs"]) for row in response.context["conflict"]] == [
        ("职务", "所长", "院长")
    ]
    assert "这条记录刚被别人改过，您的改动还没有保存" in page
    assert 'name="version" value="2"' in page
    again = client.post(at(expert, "edit"), mine | {"version": 2}, follow=True)
    expert.refresh_from_db()
    assert (said(again), expert.post, expert.version) == (["已保存。"], "所长", 3)


@pytest.mark.parametrize("version", ["", "0", "-1", "999999999999999999999", "x"])
def test_a_tampered_version_never_overwrites(client, version):
    expert = make_expert(post="教授", category=Category.OTHER)
    response = client.post(at(expert, "edit"), edited(expert, post="院长", version=version))
    expert.refresh_from_db()
    assert (response.status_code in {200, 409}, expert.post) == (True, "教授")


def test_a_stored_address_that_is_none_stands_in_nobodys_way(client):
    expert = make_expert(email="没有邮箱", category=Category.OTHER, post="教授")
    client.post(at(expert, "edit"), edited(expert, post="院长"))
    expert.refresh_from_db()
    assert (expert.post, expert.email) == ("院长", "没有邮箱")
    response = client.post(at(expert, "edit"), edited(expert, email="也不是"))
    assert field_errors(response) == {"email": ["请填写完整的邮箱地址，如 name@example.cn。"]}


def test_someone_on_the_list_edits_a_restricted_record_of_another_unit(client_of, officer_chaoyang):
    expert = restrict(make_expert(category=Category.OTHER), officer_chaoyang)
    form = edited(expert, post="院长")
    form.pop("label")
    client = client_of(officer_chaoyang)
    assert 'name="label"' not in body(client.get(at(expert, "edit")))
    assert said(client.post(at(expert, "edit"), form, follow=True)) == ["已保存。"]
    expert.refresh_from_db()
    assert (expert.post, expert.unit, expert.label) == ("院长", unit("D04"), Label.RESTRICTED)


def test_confirming_notes_today(client):
    expert = make_expert(confirmed_on="2020-01-01")
    response = client.post(at(expert, "confirm"), follow=True)
    expert.refresh_from_db()
    assert (said(response), expert.confirmed_on) == (["已核实，日期记为今天。"], timezone.localdate())


# Photo


def test_a_photo_is_private_and_never_sniffed(client, client_of, officer_chaoyang):
    expert = make_expert(category=Category.OTHER)
    assert client.get(at(expert, "photo")).status_code == 404
    client.post(at(expert, "edit"), edited(expert, photo=picture("PNG")))
    response = client.get(at(expert, "photo"))
    assert (response["Cache-Control"], response["X-Content-Type-Options"]) == ("private, no-store", "nosniff")
    assert b"".join(response.streaming_content)[:2] == b"\xff\xd8"
    assert client_of(officer_chaoyang).get(at(expert, "photo")).status_code == 404


def test_a_photo_whose_file_is_gone_is_missing(client):
    expert = make_expert(photo="photos/gone.jpg")
    assert client.get(at(expert, "photo")).status_code == 404


# Hostile input: an answer, never a crash


@pytest.mark.parametrize("query", [
    "q=%00", "q=" + "x" * 10_000, "q=" + "%E7%8E%8B" * 3_000, "q=%F0%9F%92%A9", "q=%27%22%3Cscript%3E",
    "q=%ff%fe", "unit=%00", "unit=%27", "unit=" + "D" * 10_000, "scope[]=key", "scope=key&scope=x",
    "label=-1", "age=-9999", "sort=%00", "sort=-", "letter=%00", "letter=%E5%BC%A0", "letter=zz",
    "after=%00", "after=AAAA&before=BBBB", "before=W10", "count=exact&count=1", "pending=%00",
    "discipline=%00", "honour=%27--", "freshness=" + "x" * 9_000, "sort=age&after=WyJ4IiwieSJd",
    "sort=-updated&after=WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwieSJd",
])  # fmt: skip
@pytest.mark.parametrize("address", [LIST, SUGGEST])
def test_a_hostile_query_is_answered(client, address, query):
    make_expert("王小明")
    response = client.get(f"{address}?{query}")
    assert response.status_code == 200
    assert "<script>alert" not in body(response)


@pytest.mark.parametrize("address", [
    "/experts/not-a-uuid/", "/experts/%00/", "/experts/1/", "/experts/../", "/experts/filters/x/delete/",
    "/experts/00000000-0000-4000-8000-000000000000/awards/x/edit/",
])  # fmt: skip
def test_an_address_that_names_nothing_is_missing(client, address):
    assert client.get(address).status_code in {404, 405}


def test_only_post_changes_anything(client):
    expert = make_expert(awards=["CAS"])
    award = expert.awards.get().uuid
    for rest in ("confirm", f"awards/{award}/verify", f"awards/{award}/remove"):
        assert client.get(at(expert, rest)).status_code == 405
    assert [client.get(address).status_code for address in (BULK, "/experts/filters/")] == [405, 405]
