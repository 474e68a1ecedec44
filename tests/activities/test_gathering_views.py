"""Pages of meetings: planning, replying, recording, resolutions, lists; what they refuse and cost."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from activities.models import Gathering, Resolution, Series
from tests.experts.pages import queries
from tests.factories import invited, make_gathering, make_resolution, make_series, unit

pytestmark = pytest.mark.django_db
LIST, NEW = "/gatherings/", "/gatherings/new/meeting/"
BLANK_AGENDA = {"agenda-TOTAL_FORMS": "2", "agenda-INITIAL_FORMS": "0"}


def soon(days=7):
    return timezone.localdate() + timedelta(days=days)


def at(gathering, *rest):
    return "/".join([f"/gatherings/{gathering.uuid}", *map(str, rest), ""])


def planned(**changes):
    """The form of a meeting as a browser sends it."""
    return BLANK_AGENDA | {
        "unit": "D04", "title": "第四季度专家工作例会", "on": soon().isoformat(), "starts": "14:00",
        "ends": "16:00", "room": "三层会议室", "agenda-0-title": "交流进展", "agenda-0-speaker": "人才科",
        "agenda-1-title": "", "agenda-1-speaker": "",
    } | changes  # fmt: skip


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_a_meeting_is_planned_in_the_page(client, leader_city):
    answer = client.post(NEW, planned(people=["leader_city"], units=["D03"]))
    gathering = Gathering.objects.get()
    assert answer.headers["Location"] == at(gathering)
    assert [item.title for item in gathering.agenda.all()] == ["交流进展"]
    page = text_of(client.get(at(gathering)))
    for said in ("第四季度专家工作例会", "三层会议室", "交流进展", "人才科", "朝阳区委", "已回复 0 / 2"):
        assert said in page


@pytest.mark.parametrize(("changes", "said"), [
    ({"unit": "D03"}, "请从名单中选择一个在用的单位。"),
    ({"unit": ""}, "请选择单位。"),
    ({"title": ""}, "请填名称"),
    ({"on": "2026-13-40"}, "请填日期"),
    ({"on": "1999-01-01"}, "三年以内"),
    ({"on": "9999-12-31"}, "三年以内"),
    ({"starts": "25:00"}, "请填时间"),
    ({"ends": "13:00"}, "结束须晚于开始。"),
    ({"title": "绝密★例会"}, "含有密级标志"),
    ({"people": ["nobody"]}, "请从名单中选择"),
    ({"people": ["leader_city\0"]}, "还不能保存"),
    ({"units": ["D99"]}, "请从名单中选择一个在用的单位。"),
    ({"agenda-0-title": "", "agenda-0-speaker": "人才科"}, "请填议题。"),
    ({"agenda-0-title": "长" * 201}, "200"),
])  # fmt: skip
def test_what_does_not_fit_is_said_beside_its_field(client, changes, said):
    answer = client.post(NEW, planned(**changes))
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not Gathering.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"agenda-TOTAL_FORMS": "x"}, {"agenda-TOTAL_FORMS": "999999"}])
def test_a_broken_agenda_is_refused(client, sent):
    assert client.post(NEW, planned() | {"agenda-INITIAL_FORMS": "x"} | sent).status_code in {200, 422}
    assert not Gathering.objects.exists()


def test_an_unknown_kind_is_not_found(client):
    assert client.get("/gatherings/new/party/").status_code == 404


def test_a_stale_change_shows_how_it_stands_now(client, officer_haidian):
    gathering = make_gathering(officer_haidian, on=soon())
    Gathering.objects.update(version=2, title="别人改的")
    answer = client.post(at(gathering, "edit"), planned(version="1"))
    assert answer.status_code == 409
    assert "没有保存" in text_of(answer)
    assert "别人改的" in text_of(answer)


def test_a_change_is_saved(client, officer_haidian):
    gathering = make_gathering(officer_haidian, on=soon())
    answer = client.post(at(gathering, "edit"), planned(version="1", title="改过的"))
    assert answer.status_code == 302
    gathering.refresh_from_db()
    assert (gathering.title, gathering.version) == ("改过的", 2)


def test_a_leader_replies_in_the_page(client_of, leader_city, officer_haidian):
    gathering = make_gathering(officer_haidian, on=soon())
    invitation = invited(gathering, leader_city)
    client = client_of(leader_city)
    assert "请回复是否参加" in text_of(client.get(at(gathering)))
    reply = at(gathering, "invitations", invitation.uuid, "reply")
    assert client.post(reply, {"reply": "delegate"}).status_code == 422
    assert client.post(reply, {"reply": "maybe"}).status_code == 422
    answer = client.post(reply, {"reply": "no", "note": "出国考察"})
    assert answer.status_code == 302
    page = text_of(client.get(at(gathering)))
    assert "出国考察" in page
    assert "请回复是否参加" not in page


def test_a_reply_to_an_invitation_of_another_meeting_is_not_found(client, officer_haidian):
    gathering, other = (make_gathering(officer_haidian, on=soon()) for _ in range(2))
    invitation = invited(other, officer_haidian)
    answer = client.post(at(gathering, "invitations", invitation.uuid, "reply"), {"reply": "yes"})
    assert answer.status_code == 404


def test_a_meeting_is_recorded_and_what_was_resolved_is_noted(client, officer_haidian, leader_city):
    gathering = make_gathering(officer_haidian)
    came, absent = (
        invited(gathering, leader_city, **answered(leader_city)),
        invited(gathering, unit("D04-01")),
    )
    page = client.get(at(gathering, "record")).content.decode()
    assert f'name="{came.uuid}-attendance"' in page
    answer = client.post(at(gathering, "record"), {
        "version": "1", "minutes": "第一段\n\n第二段",
        f"{came.uuid}-attendance": "came", f"{absent.uuid}-attendance": "absent",
    })  # fmt: skip
    assert answer.headers["Location"] == at(gathering)
    assert "到会 1" in text_of(client.get(at(gathering)))
    noted = {"text": "建立专班", "owner": "leader_city", "unit": "", "due_on": soon().isoformat()}
    assert client.post(at(gathering, "resolutions", "new"), noted | {"owner": ""}).status_code == 422
    assert client.post(at(gathering, "resolutions", "new"), noted).status_code == 302
    assert "建立专班" in text_of(client.get(at(gathering)))
    assert Resolution.objects.get().owner == leader_city


def answered(user, reply="yes"):
    return {"reply": reply, "replied_by": user, "replied_at": timezone.now()}


def test_an_attendance_that_is_none_is_refused(client, officer_haidian):
    gathering = make_gathering(officer_haidian)
    invitation = invited(gathering, officer_haidian)
    answer = client.post(at(gathering, "record"), {"version": "1", f"{invitation.uuid}-attendance": "late"})
    assert answer.status_code == 422
    gathering.refresh_from_db()
    assert gathering.state == "planned"


@pytest.mark.parametrize(
    ("days", "state", "said"),
    [(0, "cancelled", "已取消"), (0, "missed", "未召开"), (3, "missed", "还没有到日子")],
)
def test_a_meeting_is_cancelled_or_missed(client, officer_haidian, days, state, said):
    gathering = make_gathering(officer_haidian, on=soon(days))
    answer = client.post(
        at(gathering, "drop"), {"state": state, "reason": "另有公务", "version": "1"}, follow=True
    )
    assert said in text_of(answer)


def test_steps_of_a_resolution(client, officer_haidian):
    resolution = make_resolution(make_gathering(officer_haidian, state="done"), owner=officer_haidian)
    step = f"/gatherings/resolutions/{resolution.uuid}/step/"
    for sent, status in (
        ({"step": "progress", "text": "", "version": "1"}, 422),
        ({"step": "progress", "text": "已拟方案", "version": "1"}, 302),
        ({"step": "finish", "text": "", "version": "1"}, 422),
        ({"step": "finish", "text": "已成立", "version": "7"}, 409),
        ({"step": "finish", "text": "已成立", "version": "1"}, 302),
        ({"step": "reopen", "text": "未批", "version": "2"}, 302),
        ({"step": "fly", "text": "", "version": "2"}, 422),
        ({"step": "remove", "text": "", "version": "3"}, 422),
    ):
        assert client.post(step, sent).status_code == status, sent
    page = text_of(client.get(f"/gatherings/resolutions/{resolution.uuid}/"))
    assert "重新办理：未批" in page


def test_the_list_of_resolutions_shows_what_is_open_first_what_is_overdue(client, officer_haidian):
    meeting = make_gathering(officer_haidian, state="done")
    make_resolution(meeting, "按期的", owner=officer_haidian)
    make_resolution(meeting, "超期的", unit=unit("D04-01"), due_on=soon(-3))
    make_resolution(
        meeting, "办好的", unit=unit("D04"), outcome="好", done_by=officer_haidian, done_at=timezone.now()
    )
    listed = "/gatherings/resolutions/"
    page = text_of(client.get(listed))
    assert page.index("超期的") < page.index("按期的")
    assert "超期 3 天" in page
    assert "办好的" not in page
    for query, shown in (
        ("?state=overdue", ["超期的"]), ("?state=done", ["办好的"]), ("?box=mine", ["按期的"]),
        ("?unit=D04-01", ["超期的"]), ("?state=all", ["超期的", "按期的", "办好的"]),
    ):  # fmt: skip
        page = text_of(client.get(listed + query))
        assert [each for each in ("超期的", "按期的", "办好的") if each in page] == shown, query


@pytest.mark.parametrize("query", [
    "?box=x", "?kind=x&state=y", "?unit=%00", "?sort=zzz", "?after=AAAA", "?before=%F0%9F%98%80",
    "?when=tomorrow",
])  # fmt: skip
def test_no_filter_breaks_the_lists(client, query):
    for page in (LIST, "/gatherings/resolutions/", "/gatherings/series/"):
        assert client.get(page + query).status_code == 200


def test_the_list_filters_and_sorts(client, officer_haidian, staff_city):
    make_gathering(officer_haidian, title="海淀以前", on=soon(-9))
    make_gathering(officer_haidian, title="海淀以后", on=soon(9), kind="symposium")
    make_gathering(staff_city, "BJ", title="市里的", on=soon(3))
    invited(make_gathering(staff_city, "BJ", title="请海淀的", on=soon(4)), unit("D04"))
    titles = ("海淀以前", "海淀以后", "市里的", "请海淀的")
    for query, shown in (
        ("", ["海淀以后", "请海淀的", "海淀以前"]),
        ("?sort=day", ["海淀以前", "请海淀的", "海淀以后"]),
        ("?when=coming", ["海淀以后", "请海淀的"]),
        ("?when=past", ["海淀以前"]),
        ("?kind=symposium", ["海淀以后"]),
        ("?box=mine", ["海淀以后", "请海淀的", "海淀以前"]),
        ("?unit=D04", ["海淀以后", "海淀以前"]),
    ):
        page = text_of(client.get(LIST + query))
        found = sorted((page.index(each), each) for each in titles if each in page)
        assert [each for _, each in found] == shown, query


def test_a_series_is_laid_down_changed_and_ended_in_the_page(client, leader_city):
    sent = {
        "unit": "D04", "title": "专家工作例会", "every": "3", "by": "weekday", "week": "1", "weekday": "3",
        "first_on": timezone.localdate().isoformat(), "starts": "14:00", "ends": "16:00",
        "agenda": "交流进展", "people": ["leader_city"], "units": ["D04-01"], "moves_off_holidays": "on",
    }  # fmt: skip
    for wrong in ({"by": "day"}, {"by": "day", "day": "32"}, {"week": ""}, {"ends": "10:00"}, {"every": "7"}):
        assert client.post("/gatherings/series/new/", sent | wrong).status_code == 422
    answer = client.post("/gatherings/series/new/", sent)
    series = Series.objects.get()
    page = f"/gatherings/series/{series.uuid}/"
    assert answer.headers["Location"] == page
    assert "每季度第一个星期三 14:00" in text_of(client.get(page))
    form = client.get(f"{page}edit/").content.decode()
    assert 'value="leader_city" selected' in form
    assert 'value="D04-01" selected' in form
    changed = sent | {"by": "day", "day": "31", "version": "1"}
    assert client.post(f"{page}edit/", changed).status_code == 302
    assert client.post(f"{page}edit/", changed).status_code == 409
    assert "每季度 31 日 14:00" in text_of(client.get(page))
    assert client.post(f"{page}end/", {"version": "2"}).status_code == 302
    assert "已停止" in text_of(client.get(page))
    assert client.post(f"{page}end/", {"version": "3"}).status_code == 409
    assert "专家工作例会" in text_of(client.get("/gatherings/series/?show=ended"))
    assert not Gathering.objects.filter(state="planned").exists()


def grown(client, url, more):
    first = queries(client, url)
    more()
    more()
    second = queries(client, url)
    return len(first), len(second), "\n".join(second)


def test_what_the_pages_cost(client, officer_haidian, leader_city):
    client.get(LIST)
    meeting = make_gathering(officer_haidian, state="done")
    resolution = make_resolution(meeting, owner=officer_haidian)
    series = make_series(officer_haidian)

    def more():
        other = make_gathering(officer_haidian, state="done")
        for each in (meeting, other):
            make_resolution(each, owner=officer_haidian, unit=unit("D04"))
            each.agenda.create(position=1, title="议题")
        for code in ("D03", "D04"):
            if not meeting.invitations.filter(unit=unit(code)).exists():
                invited(meeting, unit(code), delegate=leader_city)
                break
        make_series(officer_haidian)
        slot = soon(-10 - Gathering.objects.count())
        make_gathering(officer_haidian, series=series, slot=slot, on=slot)
        resolution.notes.create(text="已拟", by=officer_haidian)

    more()
    pages = {
        LIST: 5,
        "/gatherings/resolutions/": 5,
        "/gatherings/series/": 5,
        at(meeting): 8,
        at(meeting, "record"): 6,
        f"/gatherings/resolutions/{resolution.uuid}/": 6,
        f"/gatherings/series/{series.uuid}/": 7,
    }
    measured = {url: grown(client, url, more) for url in pages}
    assert {url: counts[:2] for url, counts in measured.items()} == {
        url: (budget, budget) for url, budget in pages.items()
    }, "\n".join(statements for _, _, statements in measured.values())
