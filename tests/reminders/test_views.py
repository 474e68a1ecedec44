"""The inbox: only one's own lines, paged, marked read on opening."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reminders.actions import mark_read, notify
from reminders.models import Message

pytestmark = pytest.mark.django_db
INBOX = "/messages/"


def texts(response):
    return [message.text for message in response.context["page"].rows]


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
