"""Rights that end take effect with the next request, statement or batch, whatever session, context or page
was opened before."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actions import move_unit
from accounts.enums import Clearance
from accounts.models import Unit, User
from core.jobs import Reporter, RightsLost
from core.rls import set_actor
from exchange import tasks
from exchange.models import RosterImport
from exchange.tasks import LOST, run_import, settle_lost
from experts.enums import Label
from experts.models import Expert, NeedToKnow, SavedFilter
from reminders.models import Message
from tests.access.test_routes import TOKEN, body
from tests.exchange import wizard
from tests.experts.pages import BULK, LIST, SUGGEST, at, edited
from tests.factories import make_award, make_expert, make_sensitive, make_unit, restrict, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db
YESTERDAY = timedelta(days=-1)


def disable(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def end_role(user):
    user.assignments.update(until=timezone.localdate() + YESTERDAY)


def take_role(user):
    user.assignments.all().delete()


def change_role(user):
    user.assignments.update(role="leader")


def lower_clearance(user):
    User.objects.filter(pk=user.pk).update(clearance=Clearance.INTERNAL)


def move_below_away(user):
    move_unit(unit(Unit.objects.get(name="海淀下属").code), unit("D03"))


def relabel(user):
    restrict(Expert.objects.get(name="林内部"))


def strike(user):
    NeedToKnow.objects.filter(user=user).delete()


def expire(user):
    NeedToKnow.objects.filter(user=user).update(expires_on=timezone.localdate() + YESTERDAY)


ALL = {"林内部", "林敏感", "林限知", "林下属"}
LOSSES = {
    disable: ALL,
    end_role: ALL,
    take_role: ALL,
    lower_clearance: {"林敏感"},
    move_below_away: {"林下属"},
    relabel: {"林内部"},
    strike: {"林限知"},
    expire: {"林限知"},
}


def record(name, code="D04", **facts):
    expert = make_expert(name, code, employer=f"{name}大学", **facts)
    make_award(expert, "MUNICIPAL_AWARD", text=f"{name}奖")
    make_sensitive(expert)
    expert.photo.save("photo.jpg", ContentFile(f"{name}相片".encode()), save=True)
    return expert


@pytest.fixture
def officer(officer_haidian):
    """With a record for every reason to see one, a saved filter and a message that leads to each."""
    below = make_unit(parent="D04", name="海淀下属")
    record("林内部")
    record("林敏感", label=Label.SENSITIVE)
    record("林下属", below.code)
    restrict(record("林限知", "D03"), officer_haidian)
    SavedFilter.objects.create(user=officer_haidian, name="常用", query="q=林")
    for expert in Expert.objects.all():
        Message.objects.create(recipient=officer_haidian, text="请核实", url=at(expert))
    return officer_haidian


@pytest.fixture
def client(officer, client_of):
    """A session that was opened before anything was lost, and used."""
    client = client_of(officer)
    page = client.get(LIST).content.decode()
    assert {name for name in ALL if name in page} == ALL
    return client


def about(client, uuid, expert, message):
    """(Status, page) of everything that names the record; the record's own keys stand for any others."""
    urls = {name: reverse(f"experts:{name}", args=[uuid]) for name in ("detail", "edit", "photo", "confirm")}
    answers = {
        "detail": client.get(urls["detail"]),
        "trail": client.get(f"{urls['detail']}?tab=log"),
        "photo": client.get(urls["photo"]),
        "reveal": client.post(reverse("experts:reveal", args=[uuid, "id_number"]), {"reason": "核对"}),
        "edit page": client.get(urls["edit"]),
        "edit": client.post(urls["edit"], edited(expert, post="改过")),
        "confirm": client.post(urls["confirm"]),
        "award": client.get(reverse("experts:award_create", args=[uuid])),
    }
    if message:
        answers["message"] = client.get(reverse("reminders:open", args=[message.uuid]), follow=True)
    return {
        name: (
            answer.status_code,
            TOKEN.sub("", body(answer).decode(errors="replace")).replace(str(uuid), ""),
        )
        for name, answer in answers.items()
    }


@pytest.mark.parametrize("lose", LOSSES, ids=lambda act: act.__name__)
def test_what_was_lost_answers_like_what_never_was(client, officer, lose):
    lose(officer)
    for name in LOSSES[lose]:
        expert = Expert.objects.get(name=name)
        before = Expert.objects.filter(pk=expert.pk).values().get()
        message = Message.objects.get(url=at(expert))
        lost, never = about(client, expert.uuid, expert, message), about(client, uuid4(), expert, None)
        assert {key for key, (_, page) in lost.items() if name in page} == set()
        assert {key: lost[key] for key in never} == never
        assert {status for status, _ in lost.values()} <= ({200, 302} if lose is disable else {404})
        assert Expert.objects.filter(pk=expert.pk).values().get() == before


@pytest.mark.parametrize("lose", LOSSES, ids=lambda act: act.__name__)
def test_lists_searches_and_acts_on_many_leave_out_what_was_lost(client, officer, lose):
    lose(officer)
    left = ALL - LOSSES[lose]
    kept = SavedFilter.objects.get(user=officer)
    for address in (LIST, f"{LIST}?q=林", f"{LIST}?{kept.query}", f"{LIST}?q=lin", f"{SUGGEST}?q=林", "/"):
        page = client.get(address, follow=True).content.decode()
        assert {name for name in ALL if name in page} == (set() if address == "/" else left)
    uuids = list(Expert.objects.values_list("uuid", flat=True))
    client.post(BULK, {"act": "category", "category": "other", "expert": uuids})
    changed = set(Expert.objects.filter(category="other").values_list("name", flat=True))
    assert changed == (left - {"林限知"} if lose is disable else left)


def test_a_role_that_only_reads_no_longer_changes(client, officer):
    change_role(officer)
    expert = Expert.objects.get(name="林内部")
    assert client.get(at(expert)).status_code == 200
    assert client.post(at(expert, "edit"), edited(expert, post="改过")).status_code == 403
    assert client.post(at(expert, "reveal", "id_number"), {"reason": "核对"}).status_code == 403
    client.post(BULK, {"act": "category", "category": "other", "expert": [expert.uuid]})
    assert not Expert.objects.filter(category="other").exists()


@pytest.mark.parametrize("lose", [disable, end_role, take_role, change_role], ids=lambda act: act.__name__)
def test_the_pages_of_an_import_are_closed(client, officer, monkeypatch, lose):
    roster = wizard.previewed(client, monkeypatch, wizard.GOOD, wizard.BAD_ID)
    row = roster.rows.get(state="held").number
    lose(officer)
    closed = 302 if lose is disable else 403
    pages = [client.get(reverse("exchange:list")), client.get(reverse("exchange:create"))]
    pages += [client.get(wizard.url(name, roster)) for name in ("detail", "progress", "held")]
    pages += [client.post(wizard.url(name, roster)) for name in ("columns", "commit", "cancel", "discard")]
    pages += [client.post(wizard.url(name, roster, row)) for name in ("fix", "award")]
    assert {page.status_code for page in pages} == {closed}
    assert [page for page in pages if "林" in page.content.decode()] == []
    roster.refresh_from_db()
    assert (roster.stage, roster.rows.count()) == ("preview", 2)


@pytest.mark.parametrize("lose", LOSSES, ids=lambda act: act.__name__)
def test_a_context_signed_before_shows_no_more_afterwards(officer, lose):
    """In the same transaction; policies read who holds what now."""
    seen = []
    with connection.cursor() as cursor:
        for act in (None, lose):
            cursor.execute("RESET ROLE")
            if act:
                act(officer)
            cursor.execute("SET LOCAL ROLE liaison_app")
            if not act:
                set_actor(officer.pk)
            cursor.execute("SELECT name FROM experts_expert")
            seen.append({name for (name,) in cursor.fetchall()})
        cursor.execute("RESET ROLE")
    assert seen == [ALL, ALL - LOSSES[lose]]


def queued(client, monkeypatch):
    roster = wizard.previewed(client, monkeypatch, wizard.GOOD, wizard.UNKNOWN)
    client.post(wizard.url("commit", roster))
    return RosterImport.objects.get(pk=roster.pk)


def run(roster, user, monkeypatch):
    """The worker of people, and after it the worker of the system."""
    handed_over = []
    monkeypatch.setattr(settle_lost, "apply_async", lambda args, queue: handed_over.append((args, queue)))
    with as_role("liaison_app"):
        run_import(roster.pk, user.pk)
    assert handed_over == [([roster.pk], "system")]
    with as_role("liaison_worker"):
        settle_lost(roster.pk)


def assert_settled(roster):
    """Back at its preview, with the reason, for the others of the unit."""
    roster.refresh_from_db()
    assert (roster.stage, roster.job_state, roster.job_error) == ("preview", "failed", LOST)


@pytest.mark.parametrize("lose", [disable, end_role, take_role, change_role], ids=lambda act: act.__name__)
def test_a_queued_import_writes_nothing(client, officer, monkeypatch, lose):
    roster = queued(client, monkeypatch)
    count = Expert.objects.count()
    lose(officer)
    monkeypatch.setattr("exchange.tasks.Reporter", wizard.Silent)
    run(roster, officer, monkeypatch)
    assert Expert.objects.count() == count
    assert_settled(roster)


@pytest.mark.parametrize("lose", [disable, end_role, take_role, change_role], ids=lambda act: act.__name__)
@pytest.mark.parametrize("moment", [1, 2, 3, "all written"])
def test_an_import_that_is_running_ends_without_writing(client, officer, monkeypatch, lose, moment):
    """Somebody takes the right away after so many of three batches, or when only the end is missing."""

    def interrupt():
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            lose(officer)
            cursor.execute("SET LOCAL ROLE liaison_app")

    class Interrupted(wizard.Silent):
        def __call__(self, done, total=0):
            if done == moment:
                interrupt()

    lines = [f"林{number},男,1966-05,,示范大学,院长,,1380013800{number}" for number in range(3)]
    roster = wizard.previewed(client, monkeypatch, *lines)
    client.post(wizard.url("commit", roster))
    count = Expert.objects.count()
    monkeypatch.setattr("exchange.pipeline.writing.BATCH", 1)
    monkeypatch.setattr("exchange.tasks.Reporter", Interrupted)
    if moment == "all written":
        monkeypatch.setattr("exchange.tasks.record", lambda *args, **facts: interrupt())
    # Taking the import back takes back the loss too, which stood inside its transaction here.
    sees = tasks._sees
    monkeypatch.setattr(tasks, "_sees", lambda *keys: (interrupt(), sees(*keys))[1])
    run(roster, officer, monkeypatch)
    assert Expert.objects.count() == count
    assert_settled(roster)


def test_the_progress_of_work_notices_that_its_user_lost_the_job(client, officer, monkeypatch):
    monkeypatch.setattr("core.jobs.ASIDE", "default")  # a second connection would not see the test's rows
    roster = queued(client, monkeypatch)
    end_role(officer)
    with as_role("liaison_app", officer), pytest.raises(RightsLost):
        Reporter(roster, user_id=officer.pk)(1)


def test_the_system_ends_only_work_that_is_unfinished(client, officer, monkeypatch):
    roster = wizard.work(queued(client, monkeypatch), monkeypatch)
    with as_role("liaison_worker"):
        settle_lost(roster.pk)
    roster.refresh_from_db()
    assert (roster.stage, roster.job_state, roster.job_error) == ("committed", "done", "")


def test_nobody_else_ends_work_as_the_system_does(client, officer, monkeypatch):
    roster = queued(client, monkeypatch)
    with as_role("liaison_app", officer), pytest.raises(ProgrammingError), transaction.atomic():
        settle_lost(roster.pk)


def test_an_import_that_nobody_interrupts_writes(client, officer, monkeypatch):
    roster, count = queued(client, monkeypatch), Expert.objects.count()
    assert wizard.work(roster, monkeypatch).stage == "committed"
    assert Expert.objects.count() == count + 1
