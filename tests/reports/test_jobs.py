"""An export as work: twice, stopped, broken off, too large; how its pages show it."""

import re

import pytest
from django.db import connections

from core.jobs import Cancelled
from experts.filters import discipline_choices, honour_choices
from reminders.models import Message
from reports import actions
from reports.models import VAULT, Export
from reports.tasks import run_export, scratch
from tests.exchange.wizard import Silent
from tests.experts.pages import queries, said
from tests.factories import make_expert
from tests.reports.making import START, ask, made, make, ready_export, url
from tests.roles import as_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, officer_haidian):
    make_expert("林一")
    return client_of(officer_haidian)


def body(response):
    return response.content.decode()


def files():
    return [path.name for path in VAULT.folder().iterdir()]


def test_a_reason_is_asked_for(client):
    response = client.post(START, {"query": "scope=key", "reason": " "})
    assert (response.status_code, response["Location"]) == (302, "/experts/?scope=key")
    assert said(client.get("/experts/")) == ["请写明导出事由，例如：准备专家座谈会。"]
    assert not Export.objects.exists()


def test_a_reason_with_a_secrecy_marking_is_refused(client):
    client.post(START, {"reason": "机密★"})
    assert said(client.get("/experts/")) == ["含有密级标志。本系统为非涉密系统，不得录入。"]
    assert not Export.objects.exists()


def test_the_number_is_one_that_people_can_read(client):
    first, second = ask(client), ask(client)
    assert re.fullmatch(r"DC-\d{8}-[2-9A-HJKMNP-Z]{6}", first.number)
    assert first.number != second.number


def test_asking_hands_the_work_to_a_worker(client, monkeypatch, django_capture_on_commit_callbacks):
    queued = []
    monkeypatch.setattr("reports.tasks.run_export.delay", lambda *args: queued.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        export = ask(client)
    assert queued == [(export.pk, export.user_id)]


def test_without_a_queue_it_says_so(client, monkeypatch, django_capture_on_commit_callbacks):
    def fail(*args):
        raise actions.OperationalError

    monkeypatch.setattr("reports.tasks.run_export.delay", fail)
    with django_capture_on_commit_callbacks(execute=True):
        export = ask(client)
    export.refresh_from_db()
    assert (export.job_state, export.job_error) == ("failed", actions.NO_QUEUE)


def test_when_done_there_is_a_message_that_names_nobody(client, officer_haidian, monkeypatch):
    export = made(client, monkeypatch)
    (message,) = Message.objects.filter(recipient=officer_haidian)
    assert (message.text, message.url) == ("导出已完成", url("detail", export))


def test_run_twice_it_is_made_once(client, monkeypatch):
    export = made(client, monkeypatch)
    again = make(export, monkeypatch)
    assert (again.file_digest, Message.objects.count(), files()) == (export.file_digest, 1, [export.uuid.hex])


def test_what_another_worker_is_at_is_left_alone(client):
    export = ask(client)
    elsewhere = connections["default"].copy()
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [actions.LOCK, export.pk % 2**31])
        try:
            with as_role("liaison_app"):
                run_export(export.pk, export.user_id)
            restarted = client.post(url("restart", export), follow=True)
            deleted = client.post(url("delete", export), follow=True)
            client.post(url("cancel", export))
        finally:
            elsewhere.close()
    assert said(restarted) == ["正在导出，请稍等。"]
    assert said(deleted) == ["正在导出，请先停止再删除。"]
    export.refresh_from_db()
    assert (export.job_state, export.cancel_requested, files()) == ("waiting", True, [])


def test_stopping_between_batches_leaves_nothing(client, monkeypatch):
    class Stopping(Silent):
        def __call__(self, done, total=0):
            if done:
                raise Cancelled

    export = make(ask(client), monkeypatch, Stopping)
    assert (export.job_state, export.job_error) == ("cancelled", "已按您的要求停止，没有生成文件。")
    assert (export.records, export.rows, files()) == ([], 0, [])


def test_what_nobody_is_at_stops_at_once_and_a_late_worker_finds_nothing(client, monkeypatch):
    export = ask(client)
    assert said(client.post(url("cancel", export), follow=True)) == ["已要求停止。"]
    assert make(export, monkeypatch).job_state == "cancelled"
    assert files() == []
    assert said(client.post(url("cancel", export), follow=True)) == ["这次导出已经结束。"]


def test_an_error_leaves_nothing_and_says_what_to_do(client, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("reports.tasks.notify", fail)
    export = ask(client)
    monkeypatch.setattr("reports.tasks.notify", lambda **facts: fail())
    export = make(export, monkeypatch)
    assert (export.job_state, export.stored_as, export.rows, files()) == ("failed", "", 0, [])
    assert "请重试" in export.job_error


@pytest.mark.parametrize("state", ["running", "failed", "cancelled"])
def test_it_can_be_begun_again(client, monkeypatch, state):
    export = ask(client)
    Export.objects.update(job_state=state, job_error="断了", cancel_requested=True, job_done=7)
    with scratch(export) as folder:
        (folder / "left.xml").write_text("林一")
    assert said(client.post(url("restart", export), follow=True)) == ["已重新开始导出。"]
    export.refresh_from_db()
    assert (export.job_state, export.cancel_requested, export.job_done) == ("waiting", False, 0)
    assert make(export, monkeypatch).is_ready


def test_what_a_dead_worker_had_begun_is_taken_over(client, monkeypatch):
    export = ask(client)
    Export.objects.update(job_state="running", job_done=7, job_total=9)
    with scratch(export) as folder:
        (folder / "left.xml").write_text("林一")
        assert make(export, monkeypatch).is_ready


def test_what_is_done_is_not_begun_again(client, monkeypatch):
    export = made(client, monkeypatch)
    assert said(client.post(url("restart", export), follow=True)) == ["这次导出已经完成。"]


def test_too_many_rows_say_to_narrow_the_filter(client, monkeypatch):
    make_expert("林二")
    monkeypatch.setattr("reports.sources.MOST", 1)
    monkeypatch.setattr("reports.tasks.MOST", 1)
    export = make(ask(client), monkeypatch)
    assert (export.job_state, files()) == ("failed", [])
    assert "请缩小筛选范围后再导出" in export.job_error
    assert make(ask(client, "q=林二"), monkeypatch).is_ready


def test_nothing_stands_in_clear_on_disk_while_it_is_made(client, monkeypatch):
    seen = []

    class Looking(Silent):
        def __call__(self, done, total=0):
            folder = VAULT.folder()
            seen.extend((path.name, oct(path.stat().st_mode & 0o777)) for path in folder.iterdir())

    export = make(ask(client), monkeypatch, Looking)
    assert seen == [(f"{export.uuid.hex}.making", "0o700")]
    assert files() == [export.stored_as]


# Pages


def test_the_page_shows_progress_then_the_file(client, monkeypatch):
    export = ask(client)
    Export.objects.update(job_state="running", job_done=2000, job_total=5000)
    page = body(client.get(url("detail", export)))
    assert "正在导出" in page
    assert "停止" in page
    assert url("fetch", export) not in page
    fragment = body(client.get(url("progress", export), HTTP_HX_REQUEST="true"))
    assert "<b>2,000</b> / 5,000" in fragment
    Export.objects.update(job_state="waiting")
    make(export, monkeypatch)
    assert client.get(url("progress", export), HTTP_HX_REQUEST="true")["HX-Refresh"] == "true"
    assert url("fetch", export) in body(client.get(url("detail", export)))


def test_work_that_does_not_move_can_be_begun_again_from_its_page(client):
    export = ask(client)
    assert "重新开始" not in body(client.get(url("detail", export)))
    Export.objects.update(requested_at="2026-01-01T00:00:00Z")
    assert "没有进展？重新开始" in body(client.get(url("detail", export)))


def test_the_list_says_how_each_stands(client, monkeypatch, officer_haidian):
    assert "还没有导出过" in body(client.get("/exports/"))
    made(client, monkeypatch)
    ask(client)
    page = body(client.get("/exports/"))
    assert page.index("等待处理") < page.index("已完成")


def test_the_list_pages_by_key(client, officer_haidian):
    numbers = [ready_export(officer_haidian).number for _ in range(26)]
    first = client.get("/exports/")
    assert numbers[0] not in body(first)
    assert numbers[0] in body(client.get("/exports/" + first.context["next_url"]))


def test_the_list_and_the_page_cost_the_same_for_one_and_for_three(client, officer_haidian):
    honour_choices()
    discipline_choices()
    export = ready_export(officer_haidian)
    client.get("/exports/")
    one = len(queries(client, "/exports/"))
    ready_export(officer_haidian)
    ready_export(officer_haidian)
    statements = queries(client, "/exports/")
    assert (one, len(statements)) == (5, 5), "\n".join(statements)
    assert len(queries(client, url("detail", export))) == 5
