"""Contacts in the pages: recording, planning, setting right, photos, what was heard, and the sheet."""

from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from activities.briefing import next_birthday
from activities.models import Contact, Coverage, FollowUp, Photo
from audit.models import Event
from experts.enums import SensitiveField
from experts.models import Expert
from tests.activities.steps import planned, recorded, today
from tests.experts.files import photo as picture
from tests.experts.pages import at, body, field_errors, queries, said
from tests.factories import (
    enter,
    make_contact,
    make_expert,
    make_follow_up,
    make_photo,
    make_sensitive,
    make_user,
    pair,
    restrict,
)

pytestmark = pytest.mark.django_db
LIST, RECORD, PLAN = reverse("contacts:list"), reverse("contacts:record"), reverse("contacts:plan")
FOLLOW_UPS = reverse("contacts:follow_ups")
DAY = timedelta(days=1)


def page_of(contact, *rest):
    return "/".join([f"/contacts/{contact.uuid}", *map(str, rest), ""])


@pytest.fixture
def expert():
    return make_expert("林中鸟", employer="示范研究所", awards=["CAS"])


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


def form(expert=None, **changes):
    """The quick form as a browser sends it."""
    blank = dict.fromkeys(["on", "heard", "venue", "accompanying", "names", "condolence_item",
                           "condolence_cost", "next_step", "next_on", "version"], "")  # fmt: skip
    sent = {"uuid": str(uuid4()), "day": "today", "went": ["officer_haidian"], "kind": "visit",
            "occasion": "routine"}  # fmt: skip
    return blank | sent | ({"expert": str(expert.uuid)} if expert else {}) | changes


def with_line(sent, text="子女入学咨询", key="n1", kind="need", owner="officer_haidian", due=None):
    due = (today() + 7 * DAY).isoformat() if due is None else due
    lines = {f"{key}-kind": kind, f"{key}-text": text, f"{key}-owner": owner, f"{key}-due_on": due}
    return sent | lines | {"line": [*sent.get("line", []), key]}


def upload(name="IMG_0001.jpg", data=None):
    return SimpleUploadedFile(name, data if data is not None else picture())


# Recording


def test_three_fields_are_enough(client, expert):
    enter(expert)
    page = client.post(RECORD, form(expert), follow=True)
    contact = Contact.objects.get()
    due = Coverage.objects.get().due_on
    assert (contact.on, contact.way, contact.state) == (today(), "officer", "done")
    assert said(page) == [f"已记录。林中鸟 下次应在 {due.isoformat()} 前联系。"]
    assert "联络员当面" in body(page)


def test_everything_that_the_form_offers_is_kept(client, expert, leader_city):
    sent = form(expert, went=["leader_city"], day="other", on=(today() - 3 * DAY).isoformat(), heard="谈项目",
                names="张秘书、李主任", condolence_item="鲜花", condolence_cost="120.50", next_step="送材料",
                next_on=(today() + DAY).isoformat(), occasion="festival")  # fmt: skip
    sent = with_line(with_line(sent), "优化算力券", "n2", "suggestion")
    client.post(RECORD, sent | {"photos": [upload(), upload()]})
    contact = Contact.objects.get()
    assert (contact.on, contact.way, contact.occasion) == (today() - 3 * DAY, "leader", "festival")
    assert (contact.condolence_item, str(contact.condolence_cost)) == ("鲜花", "120.50")
    assert sorted(contact.people.values_list("name", flat=True)) == ["", "张秘书", "李主任"]
    assert list(contact.follow_ups.order_by("id").values_list("kind", "text")) == [
        ("need", "子女入学咨询"), ("suggestion", "优化算力券")
    ]  # fmt: skip
    assert contact.photos.count() == 2


def test_yesterday_is_a_tap(client, expert):
    client.post(RECORD, form(expert, day="yesterday"))
    assert Contact.objects.get().on == today() - DAY


@pytest.mark.parametrize(("changes", "errors"), [
    ({"expert": ""}, {"expert": ["请从名单中选择一位专家。"]}),
    ({"expert": str(uuid4())}, {"expert": ["请从名单中选择一位专家。"]}),
    ({"expert": "x"}, {"expert": ["请从名单中选择一位专家。"]}),
    ({"went": []}, {"went": ["请选择谁去的。"]}),
    ({"went": ["nobody"]}, {"went": ["请从名单中选择本系统的同事；没有账号的，填在“其他参加人”里。"]}),
    ({"day": "someday"}, {"day": ["请选择哪一天去的。"]}),
    ({"day": "other"}, {"on": ["请选择日期。"]}),
    ({"day": "other", "on": "2999-01-01"}, {"on": ["日期不能晚于今天，也不能早于 2014-05-06。"]}),
    ({"day": "other", "on": "明天"}, {"on": ["请填日期，如 2026-11-20。"]}),
    ({"heard": "密级：秘密"}, {"heard": ["含有密级标志。本系统为非涉密系统，不得录入。"]}),
    ({"condolence_cost": "-1"}, {"condolence_cost": ["金额不能小于 0。"]}),
    ({"condolence_cost": "很多"}, {"condolence_cost": ["请填数字，如 300 或 300.50。"]}),
])  # fmt: skip
def test_what_is_wrong_is_said_beside_the_field(client, expert, changes, errors):
    page = client.post(RECORD, form(expert) | changes)
    assert (page.status_code, field_errors(page)) == (422, errors)
    assert Contact.objects.count() == 0


def test_a_line_says_what_is_wrong_with_it_and_keeps_what_was_typed(client, expert):
    page = client.post(RECORD, with_line(form(expert), due=""))
    assert (page.status_code, "请填办结日期。" in body(page), "子女入学咨询" in body(page)) == (
        422,
        True,
        True,
    )
    page = client.post(RECORD, with_line(form(expert), owner="officer_chaoyang"))
    assert "请选择能办理这件事的同事。" in body(page)
    client.post(RECORD, with_line(form(expert), text="  ", due=""))
    assert (Contact.objects.count(), FollowUp.objects.count()) == (1, 0)


@pytest.mark.parametrize(("data", "problem"), [
    (b"not a picture", "这个文件不是可用的照片，请上传 JPG 或 PNG。"),
    (picture()[:300], "这个文件不是可用的照片，请上传 JPG 或 PNG。"),
])  # fmt: skip
def test_what_is_no_photo_is_refused_whole(client, expert, data, problem):
    page = client.post(RECORD, form(expert) | {"photos": [upload(data=data)]})
    assert (page.status_code, field_errors(page)) == (422, {"photos": [problem]})
    assert (Contact.objects.count(), Photo.objects.count()) == (0, 0)


def test_two_taps_record_once(client, expert):
    sent = with_line(form(expert))
    first, second = client.post(RECORD, sent), client.post(RECORD, sent)
    assert first.url == second.url
    assert (Contact.objects.count(), FollowUp.objects.count()) == (1, 1)


def statements(act):
    """All statements of a request but savepoints and what tests add."""
    with CaptureQueriesContext(connection) as captured:
        response = act()
    ours = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO", "SET ROLE", "RESET ROLE")
    ours += ("SELECT set_config('app.actor', '', true)",)
    return response, [query["sql"] for query in captured if not query["sql"].startswith(ours)]


def test_recording_a_visit_costs_at_most_twelve_statements(client, expert):
    enter(expert)
    client.get(LIST)  # the first request of a session also notes when it was
    sent = with_line(form(expert, heard="谈项目", next_step="送材料"))
    response, found = statements(lambda: client.post(RECORD, sent | {"photos": [upload()]}))
    assert response.status_code == 302
    assert len(found) == 12, "\n".join(found)


def test_the_form_offers_who_keeps_in_touch(client, expert, leader_city, officer_haidian):
    chips = client.get(f"{RECORD}?expert={expert.uuid}").context["form"].offered
    assert [(each.username, each.chosen) for each in chips] == [("officer_haidian", True)]
    pair(expert, leader_city)
    pair(expert, officer_haidian, "officer")
    chips = client.get(f"{RECORD}?expert={expert.uuid}").context["form"].offered
    assert [(each.username, each.capacity, each.chosen) for each in chips] == [
        ("leader_city", "联系领导", True), ("officer_haidian", "联络员", False)
    ]  # fmt: skip


def test_choosing_an_expert_brings_the_people_and_what_is_open(client, expert, officer_haidian):
    enter(expert)
    contact = make_contact(officer_haidian, expert, today() - 5 * DAY, next_step="送材料", next_on=today())
    make_follow_up(contact, "实验室增容")
    page = body(client.get(f"{reverse('contacts:about')}?expert={expert.uuid}"))
    assert ('id="went"' in page, "实验室增容" in page, "送材料" in page, "上次联系" in page) == (True,) * 4
    assert "实验室增容" not in body(client.get(reverse("contacts:about")))


def test_the_picker_begins_with_the_users_own_experts(client, expert, officer_haidian):
    make_expert("王二")
    picker = reverse("contacts:experts")
    assert client.get(picker).json() == {"results": []}
    pair(expert, officer_haidian, "officer")
    assert [row["text"] for row in client.get(picker).json()["results"]] == ["林中鸟"]
    assert [row["text"] for row in client.get(picker, {"q": "王"}).json()["results"]] == ["王二"]


# Drafts


def test_a_draft_is_kept_gone_on_with_and_recorded(client, client_of, director_haidian, expert):
    sent = with_line(form(expert, went=[], heard="草稿"))
    page = client.post(RECORD, sent | {"act": "draft"}, follow=True)
    contact = Contact.objects.get()
    assert said(page) == ["已存为草稿，只有您看得到。"]
    assert client_of(director_haidian).get(page_of(contact)).status_code == 404
    shown = client.get(page_of(contact, "edit"))
    assert [line["text"].value() for line in shown.context["form"].lines] == ["子女入学咨询"]
    again = with_line(form(uuid=str(contact.uuid), heard="又写", version="1"))
    client.post(page_of(contact, "edit"), again | {"act": "draft"})
    client.post(page_of(contact, "edit"), with_line(form(version="2", heard="写好"), "只剩这条"))
    contact.refresh_from_db()
    assert (contact.state, contact.heard, contact.way) == ("done", "写好", "officer")
    assert contact.follow_ups.get().text == "只剩这条"


def test_a_draft_is_deleted(client, expert, officer_haidian):
    contact = make_contact(officer_haidian, expert, state="draft", way="")
    assert said(client.post(page_of(contact, "delete"), follow=True)) == ["草稿已删除。"]
    assert Contact.objects.count() == 0


# Planning


def plan(*experts, **changes):
    blank = dict.fromkeys(["starts", "ends", "venue", "accompanying", "names", "note", "confirmed"], "")
    return blank | {
        "uuid": str(uuid4()), "experts": [str(each.uuid) for each in experts], "went": ["officer_haidian"],
        "on": (today() + DAY).isoformat(), "kind": "visit", "occasion": "routine",
    } | changes  # fmt: skip


def test_several_are_planned_at_once(client, expert):
    other = make_expert("王二")
    page = client.post(PLAN, plan(expert, other, starts="14:30", venue="办公室"), follow=True)
    assert said(page) == ["已安排 2 次联系。"]
    assert [row.expert.name for row in page.context["rows"]] == ["林中鸟", "王二"]
    assert set(Contact.objects.values_list("state", "venue")) == {("planned", "办公室")}


@pytest.mark.parametrize(("changes", "errors"), [
    ({"experts": []}, {"experts": ["请选择专家。"]}),
    ({"experts": [str(uuid4())]}, {"experts": ["有专家已不在您能查看的范围内，请重新选择。"]}),
    ({"on": ""}, {"on": ["请选择日期。"]}),
    ({"on": "2020-01-01"}, {"on": ["安排的日期从今天起、一年以内；已经去过的，请用“记一次走访”。"]}),
    ({"starts": "25:00"}, {"starts": ["请填时间，如 14:30。"]}),
    ({"ends": "10:00"}, {"starts": ["填了结束时间的，请填开始时间。"]}),
    ({"starts": "11:00", "ends": "10:00"}, {"ends": ["结束时间须晚于开始时间。"]}),
    ({"note": "绝密★"}, {"note": ["含有密级标志。本系统为非涉密系统，不得录入。"]}),
])  # fmt: skip
def test_a_plan_that_cannot_be_says_why(client, expert, changes, errors):
    page = client.post(PLAN, plan(expert) | changes)
    assert (page.status_code, field_errors(page)) == (422, errors)
    assert Contact.objects.count() == 0


def test_what_is_near_is_shown_before_it_is_planned(client, expert, director_haidian):
    planned(director_haidian, expert, on=today() + 2 * DAY)
    sent = plan(expert)
    page = client.post(PLAN, sent)
    assert (page.status_code, f"{expert.unit}安排的走访慰问" in body(page)) == (200, True)
    assert Contact.objects.count() == 1
    client.post(PLAN, sent | {"confirmed": page.context["form"].seen})
    assert Contact.objects.count() == 2


def check(client, sent):
    """What the form is told while it is being filled in."""
    asked = {name: sent[name] for name in ("on", "starts", "ends", "venue", "experts", "went")}
    return client.get("/calendar/conflicts/", asked | {"for": "contact"})


def test_what_stands_in_the_way_is_shown_and_then_it_saves_at_once(client, expert, officer_haidian):
    planned(officer_haidian, expert, on=today() + DAY, starts="10:00")
    planned(officer_haidian, expert, on=today() + 3 * DAY)
    sent = plan(expert, starts="10:00", went=[])
    shown = check(client, sent)
    assert ("时间有冲突" in body(shown), "日子挨得近" in body(shown)) == (True, True)
    client.post(PLAN, sent | {"went": ["officer_haidian"], "confirmed": "x" * 64})
    assert Contact.objects.count() == 2
    shown = check(client, sent | {"went": ["officer_haidian"]})
    client.post(PLAN, sent | {"went": ["officer_haidian"], "confirmed": shown.context["seen"]})
    assert Contact.objects.count() == 3


def test_what_is_planned_with_hidden_experts_is_no_answer_while_planning(client, expert, cleared_city):
    hidden = make_expert("金丝雀")
    planned(cleared_city, hidden, on=today() + DAY, starts="10:00")
    nothing = body(check(client, plan()))
    assert "金丝雀" in body(check(client, plan(hidden)))
    restrict(hidden, cleared_city, make_user())
    assert body(check(client, plan(hidden))) == nothing


@pytest.mark.parametrize(("starts", "taken"), [("10:30", True), ("12:00", False), ("", True)])
def test_a_person_who_is_taken_at_that_time_is_named(client, expert, officer_haidian, starts, taken):
    planned(officer_haidian, make_expert("王二"), on=today() + DAY, went=[officer_haidian],
            starts="10:00", ends="11:30")  # fmt: skip
    page = client.post(PLAN, plan(expert, starts=starts))
    assert (page.status_code == 200) == taken
    assert Contact.objects.count() == (1 if taken else 2)


def test_nothing_is_said_of_what_the_planner_may_not_see(client, expert, officer_haidian, cleared_city):
    hidden = restrict(make_expert("限知悉"), cleared_city, make_user())
    hidden.refresh_from_db()
    planned(cleared_city, hidden, on=today() + DAY, went=[officer_haidian])
    assert client.post(PLAN, plan(expert)).status_code == 302


def test_a_planned_visit_is_recorded_moved_and_called_off(client, expert, officer_haidian):
    first, second, third = (planned(officer_haidian, expert, went=[officer_haidian])[0] for _ in range(3))
    client.post(page_of(first, "edit"), form(version="1", heard="谈项目"), follow=True)
    moved = (today() + 5 * DAY).isoformat()
    assert said(client.post(page_of(second, "move"), {"version": 1, "on": moved}, follow=True)) == [
        "已改期。"
    ]
    answer = {"version": 1, "outcome": "missed", "hindrance": "abroad", "note": ""}
    assert said(client.post(page_of(third, "call-off"), answer, follow=True)) == ["已记下。"]
    assert list(Contact.objects.order_by("id").values_list("state", flat=True)) == [
        "done",
        "planned",
        "missed",
    ]
    assert "专家出国（境）" in body(client.get(page_of(third)))
    assert client.get(page_of(third, "edit")).status_code == 302


def test_calling_off_says_beside_the_field_what_is_missing(client, expert, officer_haidian):
    (contact,) = planned(officer_haidian, expert, on=today() + DAY)
    url = page_of(contact, "call-off")
    page = client.post(url, {"version": 1})
    assert field_errors(page) == {"outcome": ["请选择结果。"], "hindrance": ["请选择原因。"]}
    page = client.post(url, {"version": 1, "outcome": "cancelled", "hindrance": "other"})
    assert (page.status_code, field_errors(page)) == (422, {"note": ["请写明是什么原因。"]})
    page = client.post(url, {"version": 1, "outcome": "missed", "hindrance": "ours"})
    assert "日期还没有到" in body(page)
    Contact.objects.update(version=2)
    page = client.post(url, {"version": 1, "outcome": "cancelled", "hindrance": "ours"})
    assert (page.status_code, 'name="version" value="2"' in body(page)) == (409, True)


# Setting right


def test_a_stale_save_shows_both_versions_and_may_be_sent_again(client, expert, officer_haidian):
    contact = recorded(officer_haidian, expert, heard="原来的")
    Contact.objects.update(heard="同事改的", version=2)
    sent = form(version="1", heard="我改的", uuid=str(contact.uuid))
    page = client.post(page_of(contact, "edit"), sent)
    rows = {row["label"]: (row["mine"], row["theirs"]) for row in page.context["conflict"]}
    assert (page.status_code, rows) == (409, {"听到什么": ("我改的", "同事改的")})
    assert 'name="version" value="2"' in body(page)
    client.post(page_of(contact, "edit"), sent | {"version": "2"})
    assert Contact.objects.get().heard == "我改的"


def test_recording_what_a_colleague_has_recorded_meanwhile(
    client, client_of, director_haidian, expert, officer_haidian
):
    (contact,) = planned(officer_haidian, expert)
    client_of(director_haidian).post(
        page_of(contact, "edit"), form(version="1", heard="先记", went=["director_haidian"])
    )
    page = client.post(page_of(contact, "edit"), form(version="1", heard="后记"))
    rows = {row["label"] for row in page.context["conflict"]}
    assert (page.status_code, rows) == (409, {"听到什么", "谁去的"})


def test_a_wrong_record_is_taken_back(client, expert, officer_haidian):
    contact = recorded(officer_haidian, expert)
    page = client.post(page_of(contact, "void"), {"version": 1})
    assert field_errors(page) == {"note": ["请写明哪里有误。"]}
    assert said(client.post(page_of(contact, "void"), {"version": 1, "note": "记错人"}, follow=True)) == [
        "已作废，不再计入。"
    ]
    assert "记错人" in body(client.get(page_of(contact)))


def test_past_the_days_the_page_says_who_sets_it_right(
    client, client_of, director_haidian, expert, officer_haidian
):
    contact = recorded(officer_haidian, expert)
    Contact.objects.update(recorded_at=contact.recorded_at - 8 * DAY)
    page = body(client.get(page_of(contact)))
    assert ("由组织部门负责人更正" in page, ">作废<" in page, "补充更正</a>" in page) == (True, False, False)
    assert "补充更正" in body(client_of(director_haidian).get(page_of(contact)))


# What hangs on a contact


def test_more_is_heard_and_seen_to(client, expert, officer_haidian):
    contact = recorded(officer_haidian, expert)
    add = reverse("contacts:follow_ups_add", args=[contact.uuid])
    assert said(client.post(add, follow=True)) == ["请先加一条诉求或建言。"]
    assert said(client.post(add, with_line({}), follow=True)) == ["已加上。"]
    row = FollowUp.objects.get()
    assert "子女入学咨询" in body(client.get(FOLLOW_UPS))
    done = reverse("contacts:follow_up_done", args=[row.uuid])
    assert field_errors(client.post(done)) == {"outcome": ["请写明办理结果。"]}
    assert said(client.post(done, {"outcome": "已联系"}, follow=True)) == ["已办结。"]
    assert "子女入学咨询" not in body(client.get(FOLLOW_UPS))
    assert "已联系" in body(client.get(f"{FOLLOW_UPS}?state=done"))


def test_a_promise_is_listed_until_it_is_kept(client, expert, officer_haidian):
    contact = recorded(officer_haidian, expert, next_step="送材料", next_on=today() - DAY)
    promised = f"{FOLLOW_UPS}?what=promised"
    assert "送材料" in body(client.get(f"{promised}&state=late"))
    assert said(client.post(page_of(contact, "promise-kept"), follow=True)) == ["已记为兑现。"]
    assert "送材料" not in body(client.get(promised))
    assert "送材料" in body(client.get(f"{promised}&state=done"))


def test_a_line_comes_with_owner_and_day(client, client_of, officer_haidian, director_haidian, expert):
    page = client.get(f"{reverse('contacts:line')}?kind=suggestion&expert={expert.uuid}")
    line = page.context["line"]
    assert (line.words, line["owner"].value()) == ("建言", "officer_haidian")
    assert f'value="{director_haidian.username}"' in body(page)
    assert line["due_on"].value() > today()
    assert client.get(f"{reverse('contacts:line')}?kind=belief").status_code == 404


def test_photos_are_added_seen_and_taken_back(
    client, client_of, officer_chaoyang, leader_city, expert, officer_haidian
):
    contact = recorded(officer_haidian, expert)
    add = page_of(contact, "photos")
    assert field_errors_of(client.post(add)) == {"photos": ["请选择照片。"]}
    assert said(client.post(add, {"photos": [upload(data=picture(size=(2500, 500)))]}, follow=True)) == [
        "照片已保存。"
    ]
    url = page_of(contact, "photos", Photo.objects.get().uuid)
    served = client_of(leader_city).get(url)
    assert (served["Content-Type"], served["Cache-Control"]) == ("image/jpeg", "private, no-store")
    image = Image.open(BytesIO(served.content))
    assert (image.size, dict(image.getexif())) == ((2000, 400), {})
    assert client_of(officer_chaoyang).get(url).status_code == 404
    assert said(client.post(f"{url}remove/", follow=True)) == ["照片已删除。"]
    assert client.get(url).status_code == 404


def field_errors_of(response):
    return {name: list(errors) for name, errors in response.context["refused"].errors.items()}


def test_a_photo_whose_file_is_gone_is_not_found(client, expert, officer_haidian):
    from activities.models.contact import VAULT

    contact = recorded(officer_haidian, expert)
    photo = make_photo(contact, by=officer_haidian)
    VAULT.forget(photo.stored_as)
    assert client.get(page_of(contact, "photos", photo.uuid)).status_code == 404
    assert client.get(page_of(contact)).status_code == 200


# Lists and the expert's page


def names(page):
    return [row.expert.name for row in page.context["rows"]]


def test_the_list_is_filtered_by_the_url(client, officer_haidian, director_haidian, expert):
    other = make_expert("王二", "D04-01")
    recorded(officer_haidian, expert, on=today() - 2 * DAY)
    recorded(director_haidian, other, kind="phone")
    planned(director_haidian, expert, on=today() + 3 * DAY)
    make_contact(None, other, today() - DAY, state="planned", way="", planned_by=officer_haidian,
                 recorded_at=None)  # fmt: skip
    assert names(client.get(LIST)) == ["林中鸟", "王二", "王二", "林中鸟"]
    days = [row.on for row in client.get(f"{LIST}?sort=day").context["rows"]]
    assert days == sorted(days)
    for query, expected in {
        "box=mine": ["王二", "林中鸟"],
        "kind=phone": ["王二"],
        "state=planned&sort=day": ["王二", "林中鸟"],
        "period=late": ["王二"],
        "period=coming": ["林中鸟", "王二"],
        f"expert={other.uuid}": ["王二", "王二"],
        "way=officer": ["林中鸟"],
        f"since={today() + DAY}": ["林中鸟"],
        "unit=D04": ["林中鸟", "王二", "王二", "林中鸟"],
        "unit=D03": [],
        "kind=telepathy": [],
    }.items():
        assert names(client.get(f"{LIST}?{query}")) == expected, query


def test_pages_follow_each_other_by_key(client, officer_haidian, expert):
    for days in range(27):
        make_contact(officer_haidian, expert, today() - days * DAY)
    first = client.get(LIST)
    second = client.get(LIST + first.context["next_url"])
    assert (len(first.context["rows"]), len(second.context["rows"])) == (25, 2)
    assert first.context["rows"][-1].on > second.context["rows"][0].on


def test_the_experts_page_has_a_timeline_and_the_clock(
    client, client_of, leader_city, expert, officer_haidian
):
    enter(expert)
    page = body(client.get(at(expert)))
    assert ("还没有联系记录" in page, "下次应联系" in page, "due-late" in page) == (True, True, True)
    recorded(officer_haidian, expert, heard="谈了项目进展")
    planned(officer_haidian, expert, on=today() + DAY)
    page = body(client.get(at(expert)))
    assert ("谈了项目进展" in page, "已安排" in page, f"{RECORD}?expert={expert.uuid}" in page) == (True,) * 3
    assert RECORD not in body(client_of(leader_city).get(at(expert)))


def test_of_the_dead_there_is_no_clock_and_nothing_to_record(client, expert):
    enter(expert)
    Expert.objects.update(died_on=today())
    page = body(client.get(at(expert)))
    assert ("下次应联系" in page, "记一次走访" in page, "走访一页纸" in page) == (False, False, False)


def test_the_dead_are_marked_wherever_contacts_stand(client, expert, officer_haidian):
    contact = make_contact(officer_haidian, expert, today())
    make_follow_up(contact, "子女入学", owner=officer_haidian, due_on=today())
    about = f"{reverse('contacts:about')}?expert={expert.uuid}"
    pages = [
        LIST,
        page_of(contact),
        FOLLOW_UPS,
        about,
        reverse("calendar:calendar"),
        f"{RECORD}?expert={expert.uuid}",
    ]
    assert ["已故" in body(client.get(page)) for page in pages] == [False] * len(pages)
    Expert.objects.filter(pk=expert.pk).update(died_on=today())
    assert ["已故" in body(client.get(page)) for page in pages] == [True] * len(pages)


def test_opening_a_restricted_contact_is_on_the_trail(client_of, cleared_city, expert):
    restrict(expert, cleared_city, make_user())
    expert.refresh_from_db()
    contact = recorded(cleared_city, expert)
    before = Event.objects.filter(verb="view", reference=expert.record_number).count()
    client = client_of(cleared_city)
    for url in (page_of(contact), page_of(contact, "edit"), f"{RECORD}?expert={expert.uuid}"):
        client.get(url)
    assert Event.objects.filter(verb="view", reference=expert.record_number).count() == before + 3


# 走访一页纸


def sheet(expert):
    return reverse("contacts:brief", args=[expert.uuid])


def test_the_sheet_tells_what_to_know(client, expert, officer_haidian, leader_city):
    born = today() + 20 * DAY
    Expert.objects.update(birth=born.replace(year=1960, day=min(born.day, 28)), birth_day_known=True)
    pair(expert, leader_city)
    contact = recorded(
        officer_haidian, expert, heard="实验室用电紧张", next_step="送材料", next_on=today() + DAY
    )
    make_follow_up(contact, "子女入学咨询")
    advised = make_follow_up(contact, "优化算力券", "suggestion")
    FollowUp.objects.filter(pk=advised.pk).update(
        done_at=contact.recorded_at, done_by=officer_haidian, outcome="市经信局采纳"
    )
    planned(officer_haidian, expert, on=today() + 3 * DAY)
    page = body(client.get(sheet(expert)))
    for text in ("示范研究所", "中国科学院院士", str(leader_city), "实验室用电紧张", "送材料", "子女入学咨询",
                 "优化算力券", "市经信局采纳", "岁生日", "已安排走访慰问"):  # fmt: skip
        assert text in page, text
    assert Event.objects.filter(verb="view", fields=["brief"], reference=expert.record_number).count() == 1


def test_the_note_on_health_is_masked_and_for_those_with_the_right(client, client_of, leader_city, expert):
    make_sensitive(expert, SensitiveField.HEALTH, "心脏支架")
    show = reverse("experts:reveal", args=[expert.uuid, "health"])
    page = body(client.get(sheet(expert)))
    assert (show in page, "心脏支架" in page) == (True, False)
    reader = body(client_of(leader_city).get(sheet(expert)))
    assert (show in reader, "心脏支架" in reader) == (False, False)


def test_birthdays_of_a_leap_day():
    from datetime import date

    assert next_birthday(date(1960, 2, 29), date(2026, 2, 1)) == date(2026, 2, 28)
    assert next_birthday(date(1960, 2, 29), date(2027, 3, 1)) == date(2028, 2, 29)
    assert next_birthday(date(1960, 5, 1), date(2026, 5, 1)) == date(2026, 5, 1)
    assert next_birthday(date(1960, 5, 1), date(2026, 5, 2)) == date(2027, 5, 1)


# Budgets


def grown(client, url, more):
    first = queries(client, url)
    more()
    second = queries(client, url)
    return len(first), len(second), second


@pytest.mark.parametrize(("url", "budget"), [
    (LIST, 7),
    (f"{LIST}?box=mine&state=done&period=quarter", 7),
    (FOLLOW_UPS, 5),
    (f"{FOLLOW_UPS}?what=promised", 5),
])  # fmt: skip
def test_lists_ask_the_same_at_one_row_and_at_three(client, officer_haidian, url, budget):
    client.get(LIST)

    def one():
        contact = recorded(officer_haidian, make_expert("张一"), next_step="送材料")
        make_follow_up(contact, owner=officer_haidian)

    one()
    few, many, found = grown(client, url, lambda: (one(), one()))
    assert (few, many) == (budget, budget), "\n".join(found)


def test_pages_ask_the_same_at_one_row_and_at_three(client, officer_haidian, expert):
    enter(expert)
    pair(expert, officer_haidian, "officer")
    client.get(LIST)
    contact = recorded(officer_haidian, expert, next_step="送材料")
    pages = {page_of(contact): 10, at(expert): 13, sheet(expert): 16, f"{RECORD}?expert={expert.uuid}": 9}

    def more():
        make_follow_up(contact)
        make_photo(contact, by=officer_haidian)
        recorded(officer_haidian, expert, next_step="再送")

    more()
    first = {url: len(queries(client, url)) for url in pages}
    more()
    more()
    found = {url: queries(client, url) for url in pages}
    assert {url: len(each) for url, each in found.items()} == first
    assert first == pages, "\n\n".join("\n".join(each) for each in found.values())


@pytest.mark.parametrize("asked", ["x", "\0", "-1", "00000000-0000-0000-0000-000000000000"])
def test_an_expert_who_is_none_is_not_found_by_the_quick_form(client, asked):
    assert client.get(RECORD, {"expert": asked}).status_code == 404


@pytest.mark.parametrize("field", ["went", "went_more"])
def test_a_name_that_cannot_be_one_is_refused_beside_its_field(client, expert, field):
    for address, sent in ((RECORD, form(expert)), (PLAN, form(experts=[str(expert.uuid)], on=today()))):
        answer = client.post(address, sent | {field: ["officer_haidian", "\0"]})
        assert answer.status_code == 422
        assert "请从名单中选择本系统的同事" in body(answer)
    assert not Contact.objects.exists()


def test_contacts_that_count_are_told_from_those_that_do_not(client, expert, officer_haidian):
    counted, other = make_contact(officer_haidian, expert), make_contact(officer_haidian, expert, way="")
    assert {row.pk for row in client.get(LIST).context["rows"]} == {counted.pk, other.pk}
    assert [row.pk for row in client.get(LIST, {"way": "any"}).context["rows"]] == [counted.pk]
    assert [row.pk for row in client.get(LIST, {"way": "leader"}).context["rows"]] == []
