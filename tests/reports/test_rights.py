"""Rights that end before an export runs, while it runs, or before it is fetched end it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from experts.enums import Label
from experts.models import Expert, NeedToKnow
from reports.models import VAULT, Export
from tests.exchange.wizard import Silent
from tests.factories import make_expert, restrict
from tests.reports.making import ask, content, made, make, names, url

pytestmark = pytest.mark.django_db
NO_RIGHT = "您的账号或权限已经变更，没有生成文件。"


def disable(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def end_role(user):
    yesterday = timezone.localdate() - timedelta(days=1)
    user.assignments.update(until=yesterday)


def strike(user):
    NeedToKnow.objects.filter(user=user).delete()


def between_batches(act):
    """A reporter that has someone else act, with rights of their own, after the first batch."""

    class Acting(Silent):
        def __call__(self, done, total=0):
            if done == 1:
                with connection.cursor() as cursor:
                    cursor.execute("RESET ROLE")
                    act()
                    cursor.execute("SET LOCAL ROLE liaison_app")

    return Acting


def files():
    return [path.name for path in VAULT.folder().iterdir()]


@pytest.fixture
def client(client_of, cleared_city):
    make_expert("林一")
    restrict(make_expert("林二"), cleared_city)
    return client_of(cleared_city)


def refused(export):
    return (export.job_state, export.job_error, export.records, files(), export.is_ready)


@pytest.mark.parametrize("lose", [disable, end_role])
def test_before_it_runs(client, cleared_city, monkeypatch, lose):
    export = ask(client)
    lose(cleared_city)
    assert refused(make(export, monkeypatch)) == ("failed", NO_RIGHT, [], [], False)


@pytest.mark.parametrize("lose", [disable, end_role])
def test_while_it_runs(client, cleared_city, monkeypatch, lose):
    monkeypatch.setattr("reports.tasks.BATCH", 1)
    export = make(ask(client), monkeypatch, between_batches(lambda: lose(cleared_city)))
    assert refused(export) == ("failed", NO_RIGHT, [], [], False)


@pytest.mark.parametrize("lose", [disable, end_role])
def test_before_it_is_fetched(client, cleared_city, monkeypatch, lose):
    export = made(client, monkeypatch)
    lose(cleared_city)
    assert client.get(url("fetch", export)).status_code == {disable: 302, end_role: 403}[lose]
    assert not Event.objects.filter(verb="export", result="ok").exists()


def test_a_grant_removed_before_it_runs(client, cleared_city, monkeypatch):
    export = ask(client)
    strike(cleared_city)
    assert names(content(client.get(url("fetch", make(export, monkeypatch))))) == ["林一"]


def test_a_grant_removed_while_it_runs(client, cleared_city, monkeypatch):
    """林二 is the last row: the first batch is written, then the grant goes."""
    monkeypatch.setattr("reports.tasks.BATCH", 1)
    export = make(ask(client, "sort=-name"), monkeypatch, between_batches(lambda: strike(cleared_city)))
    kept = names(content(client.get(url("fetch", export))))
    assert (Expert.objects.get(name="林二").label, kept) == (Label.RESTRICTED, ["林一"])


def test_a_grant_removed_after_its_row_was_written(client, cleared_city, monkeypatch):
    monkeypatch.setattr("reports.tasks.BATCH", 1)
    export = make(ask(client, "sort=name"), monkeypatch, between_batches(lambda: strike(cleared_city)))
    assert refused(export) == (
        "failed", "导出期间有记录不再对您可见，没有生成文件。请重新导出。", [], [], False,
    )  # fmt: skip


def hide_first(user):
    restrict(Expert.objects.get(name="林一"))


@pytest.mark.parametrize("act", [strike, hide_first])
def test_a_record_hidden_before_it_is_fetched(client, cleared_city, monkeypatch, act):
    export = made(client, monkeypatch)
    act(cleared_city)
    response = client.get(url("fetch", export))
    page = response.content.decode()
    assert response.status_code == 410
    assert "这份导出包含您现在无权查看的记录，请重新导出" in page
    assert not any(text in page for text in ("林一", "林二", "ZJ-"))
    export.refresh_from_db()
    assert (export.stored_as, export.records, export.is_ready) == ("", [], False)
    event = Event.objects.get(verb="refused", kind="export")
    assert (event.reference, event.result) == (export.number, "withdrawn")


def test_the_withdrawn_file_is_gone(client, cleared_city, monkeypatch, django_capture_on_commit_callbacks):
    export = made(client, monkeypatch)
    assert files() == [export.stored_as]
    strike(cleared_city)
    with django_capture_on_commit_callbacks(execute=True):
        client.get(url("fetch", export))
    assert files() == []


def test_a_record_whose_new_label_its_owner_may_see_changes_nothing(client, monkeypatch):
    export = made(client, monkeypatch, "q=林一")
    Expert.objects.filter(name="林一").update(label=Label.SENSITIVE)
    assert names(content(client.get(url("fetch", export)))) == ["林一"]


def test_the_canary_is_in_no_export_but_of_those_on_its_list(personas, client_of, monkeypatch):
    make_expert("林一")
    make_expert("林三", unit_code="D03")
    restrict(make_expert("金丝雀一号", record_number="ZJ-CANARY22"), personas["cleared_city"])
    holding = set()
    for name, user in personas.items():
        if user.may("view"):
            client = client_of(user)
            data = content(client.get(url("fetch", made(client, monkeypatch))))
            holding |= {name} if "金丝雀一号" in names(data) else set()
    assert holding == {"cleared_city"}


# Whose exports


@pytest.mark.parametrize("page", ["detail", "progress", "fetch"])
def test_an_export_of_somebody_else_is_missing(client, client_of, staff_city, monkeypatch, page):
    export = made(client, monkeypatch)
    assert client_of(staff_city).get(url(page, export)).status_code == 404


@pytest.mark.parametrize("act", ["cancel", "restart", "delete"])
def test_acts_on_an_export_of_somebody_else_do_nothing(client, client_of, staff_city, act):
    export = ask(client)
    assert client_of(staff_city).post(url(act, export)).status_code == 404
    export.refresh_from_db()
    assert (export.job_state, export.cancel_requested) == ("waiting", False)


def test_the_database_shows_nobody_the_export_of_another(client, as_app, cleared_city, staff_city):
    ask(client)
    with as_app(cleared_city):
        assert Export.objects.count() == 1
        assert Export.objects.update(reason="别的") == 1
    with as_app(staff_city):
        assert Export.objects.count() == 0
        assert Export.objects.update(reason="别的") == 0
        assert Export.objects.all().delete()[0] == 0
    with as_app():
        assert Export.objects.count() == 0


def test_the_list_shows_ones_own_only(client, client_of, staff_city):
    export = ask(client)
    assert export.number in client.get("/exports/").content.decode()
    assert export.number not in client_of(staff_city).get("/exports/").content.decode()
