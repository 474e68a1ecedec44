"""The pages of training: what they list and offer, wrong input, and how many statements they take."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from activities.models import Nomination, TrainingClass, TrainingPlan
from tests.experts.pages import body, queries, said
from tests.factories import make_class, make_expert, make_nomination, make_plan, restrict

pytestmark = pytest.mark.django_db
LIST, PLANS, NEW_PLAN = "/training/", "/training/plans/", "/training/plans/new/"
CLASS = {
    "kind": "lecture", "title": "专题讲座", "base": "区委党校", "starts_on": "2026-12-20",
    "ends_on": "2026-12-21", "nominate_by": "2026-12-10", "places": "30", "note": "",
}  # fmt: skip


@pytest.fixture
def course(personas):
    """A class of Haidian with two places."""
    return make_class(make_plan(personas["director_haidian"], approver=personas["staff_city"]))


@pytest.fixture
def client(client_of, personas):
    signed_in = client_of(personas["officer_haidian"])
    signed_in.get("/experts/suggest/")  # the first request of a session also notes when it was
    return signed_in


def to(name, training, *args):
    return reverse(f"training:{name}", args=[training.uuid, *args])


def begin(training):
    day = timezone.localdate()
    TrainingClass.objects.filter(pk=training.pk).update(
        starts_on=day, ends_on=day + timedelta(days=1), nominate_by=day - timedelta(days=1)
    )


def put(personas, training, *names, **facts):
    return [
        make_nomination(personas["officer_haidian"], training, make_expert(name), **facts) for name in names
    ]


# Lists and plans


@pytest.mark.parametrize(("query", "expected"), [
    ("", ["晚", "早"]),
    ("?q=早", ["早"]),
    ("?kind=lecture", ["早"]),
    ("?state=open", ["晚", "早"]),
    ("?state=done", []),
    ("?year=2026", ["晚", "早"]),
    ("?year=2014", []),
    ("?unit=D04", ["晚", "早"]),
    ("?unit=D04-01", []),
    ("?after=x&q=%00&kind=x&state=x&year=x&unit=%00", []),
])  # fmt: skip
def test_the_list_by_what_the_address_asks(client, personas, query, expected):
    plan = make_plan(personas["director_haidian"], approver=personas["staff_city"])
    make_class(plan, 5, title="早", kind="lecture")
    make_class(plan, 9, title="晚")
    make_class(make_plan(personas["staff_city"], "D03", approver=personas["staff_city"]), title="外区")
    response = client.get(LIST + query)
    assert response.status_code == 200
    assert [each.title for each in response.context["page"].rows] == expected


def test_a_plan_is_drafted_filled_and_approved(client, client_of, personas):
    response = client.post(NEW_PLAN, {"unit": "D04", "year": "2026", "note": "两期"}, follow=True)
    plan = TrainingPlan.objects.get()
    assert said(response) == ["已起草，请安排班次；批准以后各单位才能推荐。"]
    create = reverse("training:class_create", args=[plan.uuid])
    assert client.post(create, CLASS).url == to("detail", TrainingClass.objects.get())
    assert "计划待批准" in body(client.get(LIST))
    approve = reverse("training:plan_approve", args=[plan.uuid])
    assert client.post(approve).status_code == 403
    head = client_of(personas["director_haidian"])
    assert "批准" in body(head.get(reverse("training:plan", args=[plan.uuid])))
    head.post(approve)
    plan.refresh_from_db()
    assert plan.state == "approved"
    assert head.post(approve).status_code == 409


@pytest.mark.parametrize(("sent", "field"), [
    ({"unit": "D03"}, "unit"), ({"unit": "\0"}, "unit"), ({"year": "1999"}, "year"), ({"year": "x"}, "year"),
    ({"note": "机密★十年"}, "note"),
])  # fmt: skip
def test_a_plan_says_what_is_wrong_beside_its_field(client, sent, field):
    response = client.post(NEW_PLAN, {"unit": "D04", "year": "2026", "note": ""} | sent)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def test_what_a_class_lacks_is_called_by_its_name(client, personas):
    plan = make_plan(personas["director_haidian"])
    response = client.post(reverse("training:class_create", args=[plan.uuid]), {})
    errors = {name: found[0] for name, found in response.context["form"].errors.items()}
    assert errors == {
        "kind": "请选择类型。", "title": "请填名称。", "base": "请填办班地点。", "starts_on": "请填开始。",
        "ends_on": "请填结束。", "nominate_by": "请填推荐截止。", "places": "请填名额。",
    }  # fmt: skip


@pytest.mark.parametrize(("sent", "field"), [
    ({"starts_on": "2027-01-01", "ends_on": "2027-01-02"}, "starts_on"),
    ({"ends_on": "2026-12-01"}, "ends_on"), ({"nominate_by": "2026-12-25"}, "nominate_by"),
    ({"places": "0"}, "places"), ({"places": "2001"}, "places"),
    ({"title": ""}, "title"), ({"kind": "x"}, "kind"), ({"starts_on": "x"}, "starts_on"),
])  # fmt: skip
def test_a_class_says_what_is_wrong_beside_its_field(client, personas, sent, field):
    plan = make_plan(personas["director_haidian"])
    response = client.post(reverse("training:class_create", args=[plan.uuid]), CLASS | sent)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert TrainingClass.objects.count() == 0


def test_a_stale_save_of_a_class_changes_nothing(client, course):
    stale = CLASS | {"version": "9"}
    assert client.post(to("class_edit", course), stale).status_code == 409
    assert client.post(to("class_edit", course), CLASS | {"version": "1"}).status_code == 302
    course.refresh_from_db()
    assert (course.title, course.version) == ("专题讲座", 2)


# Taking part


def test_own_experts_are_ticked_and_put_forward(client, course):
    one, two = make_expert("林甲"), make_expert("林乙")
    make_expert("外人", unit_code="D03")
    page = body(client.get(to("nominate", course)))
    assert ("林甲" in page, "外人" in page) == (True, False)
    assert [e.name for e in client.get(to("nominate", course) + "?q=林乙").context["page"].rows] == ["林乙"]
    response = client.post(
        to("nominate", course), {"expert": [one.uuid, two.uuid], "unit": "D04"}, follow=True
    )
    assert said(response) == ["已推荐 2 人。"]
    assert "已推荐" in body(client.get(to("nominate", course)))
    assert client.post(to("nominate", course), {"unit": "D04"}).status_code == 422
    assert client.post(to("nominate", course), {"expert": ["x"], "unit": "\0"}).status_code == 422


def test_the_organiser_confirms_and_the_rest_wait(client, personas, course):
    rows = put(personas, course, "甲", "乙", "丙")
    sent = {"act": "confirm", "nomination": [each.uuid for each in rows]}
    assert said(client.post(to("act", course), sent, follow=True)) == ["已确认 2 人，名额已满，候补 1 人。"]
    page = client.get(to("detail", course) + "?state=waiting")
    assert [line.nomination.expert.name for line in page.context["lines"]] == ["丙"]
    assert "已确认 2 / 2 人" in body(page)
    for wrong in ({"act": "x"}, {"nomination": []}, {"nomination": ["x"]}):
        assert client.post(to("act", course), sent | wrong).status_code == 422


def test_registration_and_attendance_on_the_page(client, personas, course):
    rows = put(personas, course, "甲", "乙", state="confirmed")
    session = course.sessions.first()
    early = client.post(to("act", course), {"act": "register", "nomination": [rows[0].uuid]})
    assert "开班以后才能报到" in body(early)
    begin(course)
    client.post(to("act", course), {"act": "register", "nomination": [rows[0].uuid]})
    attend = to("attend", course, session.uuid)
    assert body(client.get(attend)).count('type="radio"') == 6
    given = {f"came-{rows[0].uuid}": "came", f"came-{rows[1].uuid}": "nonsense"}
    assert said(client.post(attend, given, follow=True)) == ["已记 1 人。"]
    page = body(client.get(to("detail", course) + "?tab=attendance"))
    assert "报到 1 / 2 人" in page
    assert "参加研修不计入联系" in page
    assert "到会" in body(client.get(to("print", course)))


def test_material_is_uploaded_fetched_and_removed(client, course):
    upload = SimpleUploadedFile("讲义.pdf", b"%PDF-1.4\nstartxref\n0\n%%EOF")
    assert client.post(to("file_add", course), {"file": upload}).status_code == 302
    kept = course.files.get()
    response = client.get(to("file", course, kept.uuid))
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    assert response["Cache-Control"] == "private, no-store"
    assert (
        client.post(to("file_add", course), {"file": SimpleUploadedFile("x.exe", b"MZ")}).status_code == 422
    )
    client.post(to("file_remove", course, kept.uuid))
    assert course.files.count() == 0


def test_sessions_are_added_and_removed(client, course):
    day = course.starts_on.isoformat()
    client.post(to("session_add", course), {"on": day, "part": "evening", "topic": "座谈"})
    assert course.sessions.count() == 3
    again = client.post(to("session_add", course), {"on": day, "part": "evening", "topic": ""})
    assert "这一天的这个时段已经有了" in body(again)
    client.post(to("session_remove", course, course.sessions.last().uuid))
    assert course.sessions.count() == 2


def test_what_is_over_is_read_only(client, personas, course):
    put(personas, course, "甲", state="confirmed")
    begin(course)
    client.post(to("settle", course), {"act": "finish"})
    page = body(client.get(to("detail", course)))
    assert "报到和考勤不能再改" in page
    assert "data-bulk-row" not in page
    assert client.post(to("settle", course), {"act": "finish"}).status_code == 409


def test_a_restricted_expert_is_in_no_page_of_others(client, client_of, personas, course):
    rows = put(personas, course, "甲", "金丝雀", state="confirmed")
    restrict(rows[1].expert, personas["cleared_city"])
    pages = [to("detail", course), to("detail", course) + "?tab=attendance", to("print", course), LIST,
             to("attend", course, course.sessions.first().uuid), to("nominate", course)]  # fmt: skip
    assert "金丝雀" not in "".join(body(client.get(page)) for page in pages)
    assert "已确认 1 / 2 人" in body(client.get(to("detail", course)))
    assert "金丝雀" in body(client_of(personas["cleared_city"]).get(to("detail", course)))


def test_the_page_of_an_expert_says_in_which_classes_they_took_part(client, client_of, personas, course):
    came = {str(each.uuid): "came" for each in course.sessions.all()}
    (row,) = put(personas, course, "甲", state="confirmed", attendance=came)
    Nomination.objects.update(registered_at=timezone.now(), registered_by=personas["officer_haidian"])
    here = reverse("experts:detail", args=[row.expert.uuid]) + "?tab=training"
    assert "2 次" in body(client.get(here))
    assert len(queries(client, here)) == 11
    assert "没有参加过研修" in body(
        client_of(personas["officer_chaoyang"]).get(
            reverse("experts:detail", args=[make_expert("外人", "D03").uuid]) + "?tab=training"
        )
    )
    Nomination.objects.update(state="withdrawn", registered_at=None, registered_by=None)
    assert "已撤回" in body(client.get(here))


@pytest.mark.parametrize(("path", "budget"), [
    ("list", 5), ("plans", 5), ("detail", 7), ("detail?tab=attendance", 8), ("detail?tab=files", 7),
    ("print", 7), ("nominate", 8), ("attend", 7),
])  # fmt: skip
def test_budgets(client, personas, course, path, budget):
    name, _, query = path.partition("?")
    args = {"attend": [course.uuid, course.sessions.first().uuid], "list": [], "plans": []}
    url = reverse(f"training:{name}", args=args.get(name, [course.uuid])) + (f"?{query}" if query else "")

    def more(*names):
        for text in names:
            put(personas, course, text)
            make_expert(f"{text}余")
            make_class(course.plan, title=text)

    more("甲")
    Nomination.objects.update(state="confirmed")
    one = queries(client, url)
    more("乙", "丙")
    three = queries(client, url)
    assert (len(one), len(three)) == (budget, budget), "\n".join(three)
