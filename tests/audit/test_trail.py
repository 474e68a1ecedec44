"""The trail: insert-only for everyone, one event per act, without names or values."""

import pytest
from django.db import DatabaseError, transaction

from audit.actions import BATCH, record, record_each
from audit.models import Event
from audit.verbs import Verb
from core.context import Acting, acting_as
from tests.factories import make_user
from tests.roles import as_role

pytestmark = pytest.mark.django_db
CHANGES = ["UPDATE audit_event SET reference = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]


@pytest.fixture
def event(db):
    record(Verb.VIEW, by=None, kind="expert", reference="ZJ-AAAA1111")
    return Event.objects.get(reference="ZJ-AAAA1111")


@pytest.mark.parametrize("statement", CHANGES)
def test_not_even_the_owner_changes_an_event(sql, event, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert Event.objects.filter(pk=event.pk, reference="ZJ-AAAA1111").exists()


@pytest.mark.parametrize("role", ["liaison_app", "liaison_worker"])
def test_application_and_worker_add_events(sql, role):
    with as_role(role):
        record(Verb.EXPORT, by=None, kind="expert", counts={"rows": 3})
    assert Event.objects.get(verb="export").counts == {"rows": 3}


def test_worker_adds_without_reading(sql, event):
    denied = pytest.raises(DatabaseError, match="permission denied")
    with denied, as_role("liaison_worker"), transaction.atomic():
        sql("SELECT * FROM audit_event")
    with as_role("liaison_audit"):
        assert sql("SELECT reference FROM audit_event WHERE id = %s", event.pk) == [("ZJ-AAAA1111",)]


def test_record_takes_the_actor_of_the_request():
    with acting_as(Acting(7, "officer", "10.1.2.3", "web")):
        record(Verb.VIEW, by=None, kind="expert", reference="ZJ-BBBB2222", fields=["phone"], reason="走访")
    event = Event.objects.get(reference="ZJ-BBBB2222")
    assert (event.actor, event.username, event.address, event.channel) == (7, "officer", "10.1.2.3", "web")
    assert (event.fields, event.reason, event.result, event.counts) == (["phone"], "走访", "ok", {})


def test_record_names_the_one_given_instead():
    user = make_user(username="head")
    with acting_as(Acting(7, "officer", "10.1.2.3", "job")):
        record(Verb.CONFIRM, by=user, kind="user", reference="x")
    event = Event.objects.get(verb="confirm")
    assert (event.actor, event.username, event.channel) == (user.pk, "head", "job")


@transaction.atomic
def act_that_fails():
    record(Verb.CHANGE, by=None, kind="unit", reference="ROLLED-BACK")
    raise RuntimeError


def test_event_goes_with_the_act_that_failed():
    with pytest.raises(RuntimeError):
        act_that_fails()
    assert not Event.objects.filter(reference="ROLLED-BACK").exists()


def test_events_refer_to_nothing_by_foreign_key():
    assert [field.name for field in Event._meta.get_fields() if field.is_relation] == []


def test_a_bulk_act_is_one_event_for_each_record_in_few_statements(django_assert_num_queries):
    numbers = [f"ZJ-{number:08}" for number in range(BATCH + 1)]
    with django_assert_num_queries(2):
        record_each(Verb.CHANGE, by=None, kind="expert", references=numbers, fields=["unit"])
    written = Event.objects.filter(reference__startswith="ZJ-")
    assert list(written.order_by("id").values_list("reference", "fields")) == [
        (number, ["unit"]) for number in numbers
    ]
    assert written.values("mark").distinct().count() == BATCH + 1
    with django_assert_num_queries(0):
        record_each(Verb.CHANGE, by=None, kind="expert", references=[], fields=["unit"])
