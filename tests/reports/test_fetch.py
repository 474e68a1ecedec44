"""Nothing leaves that is not on the record before; files are encrypted, bound to their export, and purged."""

import os
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from core.crypto import sm3
from core.errors import Unavailable
from experts.models import Expert
from reports.models import VAULT, Export
from reports.tasks import purge_exports
from tests.experts.pages import said
from tests.factories import make_expert, restrict
from tests.reports.making import START, ask, content, made, make, ready_export, table, url
from tests.roles import as_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, cleared_city):
    make_expert("林一")
    return client_of(cleared_city)


def events(**facts):
    return list(Event.objects.filter(verb="export", **facts).order_by("pk"))


def test_asking_is_on_the_record_with_its_reason(client, cleared_city):
    export = ask(client, "q=林一", reason="准备座谈会")
    (event,) = events()
    assert (event.actor, event.kind, event.reference) == (cleared_city.pk, "export", export.number)
    assert (event.reason, event.result, event.counts) == ("准备座谈会", "requested", {})


def test_a_fetch_is_on_the_record_with_counts_and_digest(client, monkeypatch):
    export = made(client, monkeypatch)
    data = content(client.get(url("fetch", export)))
    (event,) = events(result="ok")
    assert (event.kind, event.reference, event.reason) == ("export", export.number, "准备座谈会")
    assert event.counts == {"rows": 1, "restricted": 0, "sm3": sm3(data)}
    export.refresh_from_db()
    assert export.fetched_at is not None


def test_each_restricted_record_is_on_the_record_by_itself(client, client_of, cleared_city, monkeypatch):
    expert = restrict(make_expert("林二"), cleared_city)
    export = made(client, monkeypatch)
    client.get(url("fetch", export))
    whole, single = events(result="ok")
    assert (whole.kind, whole.counts["rows"], whole.counts["restricted"]) == ("export", 2, 1)
    assert (single.kind, single.reference, single.reason) == ("expert", expert.record_number, "准备座谈会")
    page = client.get(reverse("experts:detail", args=[expert.uuid]) + "?tab=log").content.decode()
    assert "导出了" in page


def test_a_record_that_is_restricted_since_the_export_was_made_counts(client, cleared_city, monkeypatch):
    export = made(client, monkeypatch)
    restrict(Expert.objects.get(name="林一"), cleared_city)
    client.get(url("fetch", export))
    assert [event.kind for event in events(result="ok")] == ["export", "expert"]


def test_the_event_is_written_before_the_bytes(client, monkeypatch):
    export = made(client, monkeypatch)
    with CaptureQueriesContext(connection) as seen:
        response = client.get(url("fetch", export))
        before = any("INSERT INTO audit_event" in query["sql"] for query in seen)
        assert content(response).startswith(b"PK")
    assert before


@pytest.fixture
def broken_trail(client, monkeypatch):
    """The trail cannot be written."""

    def fail(*args, **kwargs):
        raise Unavailable

    monkeypatch.setattr("reports.actions.record", fail)


def test_nothing_leaves_when_it_cannot_be_put_on_the_record(client, monkeypatch, request):
    export = made(client, monkeypatch)
    request.getfixturevalue("broken_trail")
    response = client.get(url("fetch", export))
    assert (response.status_code, response.streaming) == (503, False)
    export.refresh_from_db()
    assert export.fetched_at is None


@pytest.mark.usefixtures("broken_trail")
def test_nothing_begins_when_it_cannot_be_put_on_the_record(client):
    assert client.post(START, {"reason": "准备座谈会"}).status_code == 503
    assert not Export.objects.exists()


def test_no_file_is_destroyed_when_it_cannot_be_put_on_the_record(client, monkeypatch, request):
    export = made(client, monkeypatch)
    restrict(Expert.objects.get(name="林一"))
    request.getfixturevalue("broken_trail")
    assert client.get(url("fetch", export)).status_code == 503
    export.refresh_from_db()
    assert export.is_ready


def test_headers_name_the_file_and_forbid_keeping_it(client, monkeypatch):
    export = made(client, monkeypatch)
    response = client.get(url("fetch", export))
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert (
        response["Content-Disposition"]
        == f"attachment; filename*=utf-8''{quote('专家名单')}-{export.number}.xlsx"
    )


def test_the_file_is_encrypted_and_bound_to_its_export(client, monkeypatch, cleared_city):
    export, other = made(client, monkeypatch), ready_export(cleared_city)
    stored = VAULT.folder() / export.stored_as
    assert (stored.read_bytes()[:2], stored.stat().st_mode & 0o777) != (b"PK", 0o600)
    assert stored.stat().st_mode & 0o777 == 0o600
    stored.write_bytes((VAULT.folder() / other.stored_as).read_bytes())
    response = client.get(url("fetch", export), follow=True)
    assert said(response) == ["没有可以下载的文件，请重新导出。"]


@pytest.mark.parametrize("how", ["not made", "expired", "lost"])
def test_without_a_file_the_page_says_so(client, monkeypatch, how):
    export = ask(client) if how == "not made" else made(client, monkeypatch)
    if how == "expired":
        Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if how == "lost":
        VAULT.forget(export.stored_as)
    response = client.get(url("fetch", export), follow=True)
    assert said(response) == ["没有可以下载的文件，请重新导出。"]
    assert events(result="ok") == []


def test_the_purge_takes_files_after_seven_days_and_leaves_the_row(client, monkeypatch):
    old, fresh = made(client, monkeypatch), made(client, monkeypatch)
    assert old.expires_at - timezone.now() > timedelta(days=6, hours=23)
    Export.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    with as_role("liaison_worker"):
        purge_exports()
    for export in (old, fresh):
        export.refresh_from_db()
    assert [path.name for path in VAULT.folder().iterdir()] == [fresh.stored_as]
    assert (old.stored_as, old.records, old.rows, old.file_digest != "") == ("", [], 1, True)
    assert fresh.records == [Expert.objects.get().pk]


@pytest.mark.parametrize(("minutes", "stays"), [(50, True), (70, False)])
def test_the_purge_takes_what_a_dead_worker_left_in_clear(db, minutes, stays):
    left = VAULT.folder() / "0.making"
    left.mkdir()
    (left / "sheet.xml").write_text("林一")
    then = (timezone.now() - timedelta(minutes=minutes)).timestamp()
    os.utime(left, (then, then))
    with as_role("liaison_worker"):
        purge_exports()
    assert left.exists() == stays


def test_the_purge_takes_a_file_that_no_row_names(db):
    left = VAULT.folder() / "0"
    left.write_bytes(b"sealed")
    os.utime(left, (0, 0))
    with as_role("liaison_worker"):
        purge_exports()
    assert not left.exists()


def test_deleting_takes_the_file_only(client, monkeypatch, django_capture_on_commit_callbacks):
    export = made(client, monkeypatch)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(url("delete", export), follow=True)
    assert said(response) == [f"已删除导出 {export.number}。"]
    assert (Export.objects.count(), list(VAULT.folder().iterdir())) == (0, [])
    assert Event.objects.get(verb="delete", kind="export").reference == export.number


def test_the_auditor_exports_the_trail_and_nobody_else(client, client_of, auditor, monkeypatch):
    make(ask(client), monkeypatch)
    own = client_of(auditor)
    export = make(ask(own, "verb=export", reason="季度检查", path="/exports/trail/"), monkeypatch)
    assert (export.kind, export.is_ready) == ("trail", True), export.job_error
    rows = table(content(own.get(url("fetch", export))))
    assert [row["用户名"] for row in rows] == ["auditor", "cleared_city"]
    assert [row["行为"] for row in rows] == ["导出", "导出"]
    assert client.post("/exports/trail/", {"reason": "看看"}).status_code == 403
    assert own.post("/exports/experts/", {"reason": "看看"}).status_code == 403


def test_without_a_reason_the_auditor_is_back_at_the_trail(client_of, auditor):
    response = client_of(auditor).post("/exports/trail/", {"query": "verb=export", "reason": ""})
    assert (response.status_code, response["Location"]) == (302, "/audit/?verb=export")
