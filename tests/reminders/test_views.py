"""The inbox: only one's own lines, paged, marked read on opening."""

import time
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from experts.models import NeedToKnow
from reminders.actions import mark_read, notify
from reminders.models import Message
from reminders.registry import NEUTRAL, REGISTRY
from tests.factories import make_expert, make_user, restrict

pytestmark = pytest.mark.django_db
INBOX = "/messages/"


def texts(response):
    return [line.title for line in response.context["lines"]]


def test_inbox_holds_own_messages_newest_first(client_of, officer_haidian, officer_chaoyang):
    notify(recipient=officer_haidian, text="名册导入完成")
    notify(recipient=officer_chaoyang, text="别人的消息")
    notify(recipient=officer_haidian, text="名册导入未完成")
    response = client_of(officer_haidian).get(INBOX)
    assert texts(response) == ["名册导入未完成", "名册导入完成"]
    assert "别人的消息" not in response.content.decode()


def test_inbox_empty_says_so(client_of, officer_haidian):
    assert "还没有消息" in client_of(officer_haidian).get(INBOX).content.decode()


def test_bell_counts_unread_of_the_user_only(client_of, officer_haidian, officer_chaoyang):
    notify(recipient=officer_haidian, text="一")
    notify(recipient=officer_haidian, text="二")
    notify(recipient=officer_chaoyang, text="三")
    assert "提醒，2 条未读" in client_of(officer_haidian).get(INBOX).content.decode()


def test_unread_filter_leaves_out_what_was_read(client_of, officer_haidian):
    read = notify(recipient=officer_haidian, text="看过的")
    notify(recipient=officer_haidian, text="没看过的")
    mark_read(by=officer_haidian, messages=[read])
    assert texts(client_of(officer_haidian).get(INBOX, {"show": "unread"})) == ["没看过的"]


def test_inbox_pages_by_key(client_of, officer_haidian):
    for number in range(30):
        notify(recipient=officer_haidian, text=f"消息{number}")
    client = client_of(officer_haidian)
    first = client.get(INBOX)
    assert texts(first) == [f"消息{number}" for number in range(29, 4, -1)]
    assert first.context["previous_url"] == ""
    second = client.get(INBOX + first.context["next_url"])
    assert texts(second) == [f"消息{number}" for number in range(4, -1, -1)]
    assert texts(client.get(INBOX + second.context["previous_url"])) == texts(first)


def test_open_marks_read_and_goes_to_its_page(client_of, officer_haidian):
    message = notify(recipient=officer_haidian, text="看一下单位", url="/units/D04/")
    response = client_of(officer_haidian).get(reverse("reminders:open", args=[message.uuid]))
    assert (response.status_code, response["Location"]) == (302, "/units/D04/")
    message.refresh_from_db()
    assert message.read_at is not None


@pytest.mark.parametrize("url", ["", "https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_open_never_leaves_the_product(client_of, officer_haidian, url):
    message = notify(recipient=officer_haidian, text="看一下", url=url)
    response = client_of(officer_haidian).get(reverse("reminders:open", args=[message.uuid]))
    assert response["Location"] == INBOX


def test_open_of_someone_elses_message_is_missing_and_stays_unread(
    client_of, officer_haidian, officer_chaoyang
):
    message = notify(recipient=officer_chaoyang, text="别人的消息")
    client = client_of(officer_haidian)
    assert client.get(reverse("reminders:open", args=[message.uuid])).status_code == 404
    assert client.get(reverse("reminders:open", args=[uuid.uuid4()])).status_code == 404
    message.refresh_from_db()
    assert message.read_at is None


def test_read_all_reads_own_messages_only(client_of, officer_haidian, officer_chaoyang):
    notify(recipient=officer_haidian, text="一")
    notify(recipient=officer_haidian, text="二")
    notify(recipient=officer_chaoyang, text="三")
    response = client_of(officer_haidian).post(reverse("reminders:read_all"))
    assert (response.status_code, response["Location"]) == (302, INBOX)
    assert list(Message.objects.unread().values_list("text", flat=True)) == ["三"]


def test_read_all_needs_post(client_of, officer_haidian):
    assert client_of(officer_haidian).get(reverse("reminders:read_all")).status_code == 405


def test_disabled_user_has_no_messages(officer_haidian):
    notify(recipient=officer_haidian, text="一")
    assert Message.objects.visible_to(officer_haidian).count() == 1
    officer_haidian.is_active = False
    assert list(Message.objects.visible_to(officer_haidian)) == []


def test_database_shows_an_inbox_to_its_owner_only(as_app, officer_haidian, officer_chaoyang):
    notify(recipient=officer_haidian, text="一")
    with as_app(officer_haidian):
        assert Message.objects.count() == 1
    with as_app(officer_chaoyang):
        assert Message.objects.count() == 0
    with as_app():
        assert Message.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_inbox_query_count(client_of, officer_haidian, rows):
    for number in range(rows):
        notify(recipient=officer_haidian, text=f"消息{number}")
    client = client_of(officer_haidian)
    client.get(INBOX)
    with CaptureQueriesContext(connection) as queries:
        client.get(INBOX)
    assert len(queries) == 10


def remind_of(user, expert=None, rule="change_waiting", **facts):
    """What delivery leaves in an inbox."""
    defaults = {"text": "有一项信息变动等您核实", "url": "/experts/changes/", "subject": 1}
    number = expert.pk if expert else None
    return Message.objects.create(recipient=user, rule=rule, expert_id=number, **(defaults | facts))


def shown(client, **query):
    return texts(client.get(INBOX, query))


def test_a_line_names_an_expert_that_its_reader_sees(client_of, officer_haidian):
    expert = make_expert("林大同")
    message = remind_of(officer_haidian, expert)
    assert shown(client_of(officer_haidian)) == ["林大同：有一项信息变动等您核实"]
    assert "林大同" not in message.text


def test_a_line_about_an_expert_out_of_sight_is_neutral(client_of, officer_haidian):
    remind_of(officer_haidian, make_expert("林大同", unit_code="D03"))
    assert shown(client_of(officer_haidian)) == [NEUTRAL]


def test_a_line_about_a_restricted_expert_is_neutral_until_it_is_opened(client_of, officer_haidian):
    expert = restrict(make_expert("林大同"), officer_haidian, make_user())
    message = remind_of(officer_haidian, expert)
    client = client_of(officer_haidian)
    page = client.get(INBOX)
    assert (texts(page), "林大同" in page.content.decode()) == ([NEUTRAL], False)
    client.get(reverse("reminders:open", args=[message.uuid]))
    assert shown(client) == ["林大同：有一项信息变动等您核实"]
    NeedToKnow.objects.filter(user=officer_haidian).delete()
    assert shown(client) == [NEUTRAL]


def test_the_inbox_is_filtered_by_state_and_rule(client_of, officer_haidian):
    notify(recipient=officer_haidian, text="名册已导入")
    remind_of(officer_haidian, text="一")
    remind_of(officer_haidian, text="二", rule="proposal_waiting", read_at=timezone.now())
    remind_of(officer_haidian, text="三", done_at=timezone.now(), read_at=timezone.now())
    client = client_of(officer_haidian)
    assert shown(client) == ["三", "二", "一", "名册已导入"]
    assert shown(client, show="unread") == ["一", "名册已导入"]
    assert shown(client, show="open") == ["二", "一"]
    assert shown(client, show="done") == ["三"]
    assert shown(client, rule="proposal_waiting") == ["二"]
    assert shown(client, rule="other") == ["名册已导入"]
    assert shown(client, rule="change_waiting", show="open") == ["一"]
    assert shown(client, rule="nothing", show="nothing") == ["三", "二", "一", "名册已导入"]


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        ("read", (False, False), (True, False)),
        ("unread", (True, False), (False, False)),
        ("done", (False, False), (True, True)),
        ("open", (True, True), (True, False)),
    ],
)
def test_acts_on_ticked_messages(client_of, officer_haidian, act, before, after):
    now = timezone.now()
    states = {"read_at": now if before[0] else None, "done_at": now if before[1] else None}
    ticked, left = remind_of(officer_haidian, **states), remind_of(officer_haidian, **states)
    data = {"act": act, "message": [str(ticked.uuid), "nonsense"], "query": "show=unread"}
    response = client_of(officer_haidian).post(reverse("reminders:bulk"), data)
    assert response["Location"] == f"{INBOX}?show=unread"
    for message, expected in ((ticked, after), (left, before)):
        message.refresh_from_db()
        assert (message.read_at is not None, message.done_at is not None) == expected


def test_acts_reach_own_messages_only(client_of, officer_haidian, officer_chaoyang):
    other = remind_of(officer_chaoyang)
    client = client_of(officer_haidian)
    client.post(reverse("reminders:bulk"), {"act": "done", "message": [str(other.uuid)]})
    assert client.post(reverse("reminders:finish", args=[other.uuid])).status_code == 404
    other.refresh_from_db()
    assert (other.read_at, other.done_at) == (None, None)


def test_done_from_the_message(client_of, officer_haidian):
    message = remind_of(officer_haidian)
    client_of(officer_haidian).post(reverse("reminders:finish", args=[message.uuid]))
    message.refresh_from_db()
    assert None not in (message.read_at, message.done_at)


def test_done_from_the_message_does_what_its_rule_says_or_says_why_not(
    client_of, officer_haidian, monkeypatch
):
    seen = []

    def act(by, subject):
        seen.append((by, subject))
        if len(seen) == 1:
            raise ValidationError("已经由别人办理。")

    monkeypatch.setitem(REGISTRY.acts, "change_waiting", ("核实", act))
    message = remind_of(officer_haidian, subject=77)
    client = client_of(officer_haidian)
    url = reverse("reminders:finish", args=[message.uuid])
    assert "已经由别人办理。" in client.post(url, follow=True).content.decode()
    message.refresh_from_db()
    assert message.done_at is None
    client.post(url)
    message.refresh_from_db()
    assert message.done_at is not None
    assert seen == [(officer_haidian, 77)] * 2


def test_the_bell_tells_the_number_alone(client_of, officer_haidian):
    client = client_of(officer_haidian)
    notify(recipient=officer_haidian, text="一")
    page = client.get(reverse("reminders:bell"))
    assert "提醒，1 条未读" in page.content.decode()
    assert "<html" not in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_a_page_that_asks_by_itself_keeps_no_session_alive(client_of, officer_haidian, monkeypatch, settings):
    client = client_of(officer_haidian)
    client.get(INBOX)
    start = time.time()
    clock = {"now": start}
    monkeypatch.setattr("accounts.middleware.time.time", lambda: clock["now"])
    bell = reverse("reminders:bell")
    for minutes in range(1, settings.SESSION_IDLE_MINUTES + 1):
        clock["now"] = start + minutes * 60
        assert client.get(bell, headers={"X-Unattended": "1"}).status_code == 200
    clock["now"] = start + settings.SESSION_IDLE_MINUTES * 60 + 61
    assert client.get(bell, headers={"X-Unattended": "1"}).status_code == 302


def test_inbox_of_reminders_costs_two_more_queries_however_many_they_are(client_of, officer_haidian):
    client = client_of(officer_haidian)
    counts = []
    for number in range(3):
        remind_of(officer_haidian, make_expert(f"林大{'一二三'[number]}"))
        client.get(INBOX)
        with CaptureQueriesContext(connection) as queries:
            client.get(INBOX)
        counts.append(len(queries))
    assert counts == [11, 11, 11]
