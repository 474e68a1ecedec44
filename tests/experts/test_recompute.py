"""Scopes are decided anew after a change of the catalogue, by a worker that may read very little."""

from datetime import date, timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from audit.models import Event
from core.jobs import JobState
from experts import tasks
from experts.actions import recompute
from experts.enums import Label, Scope
from experts.models import CatalogueChange, Expert, Honour
from tests.experts.honours import applied, catch_tasks, page_of, previewed, propose, run_recompute
from tests.factories import make_award, make_expert, make_user, restrict
from tests.roles import as_role


@pytest.fixture
def queued(monkeypatch):
    return catch_tasks(monkeypatch)


def test_recomputation_decides_every_holder_anew_restricted_ones_too(staff_city, cleared_city):
    seen = make_expert("甲", awards=["STATE_ALLOWANCE"])
    hidden = make_expert("乙", awards=["STATE_ALLOWANCE"])
    restrict(hidden, cleared_city, make_user())
    other = make_expert("丙", awards=["BJ_STM"])
    change = applied(staff_city, previewed(staff_city, valid_until=date(2020, 1, 1)))

    run_recompute(change)

    rows = {row.pk: row for row in Expert.objects.all()}
    assert (rows[seen.pk].scope, rows[seen.pk].scope_basis) == (Scope.GENERAL, [])
    assert (rows[hidden.pk].scope, rows[hidden.pk].scope_rule) == (Scope.GENERAL, change.rule)
    assert rows[hidden.pk].label == Label.RESTRICTED
    assert (rows[other.pk].scope, rows[other.pk].scope_rule) == (Scope.KEY, change.rule - 1)
    assert change.job_state == JobState.DONE


def test_progress_tells_nothing_of_hidden_records(staff_city, cleared_city, client_of):
    hidden = make_expert("乙", awards=["STATE_ALLOWANCE"])
    restrict(hidden, cleared_city, make_user())
    change = applied(staff_city, previewed(staff_city, valid_until=date(2020, 1, 1)))

    run_recompute(change)

    assert (change.job_done, change.job_total, change.to_general) == (100, 100, 0)
    event = Event.objects.get(kind="honour", fields=["scope"])
    assert (event.reference, event.counts) == ("STATE_ALLOWANCE", {"seen": 1, "moved": 1})
    assert "已全部重新认定" in page_of(client_of(staff_city), change)


def test_recomputation_goes_on_over_batches(staff_city, monkeypatch):
    monkeypatch.setattr(recompute, "BATCH", 2)
    for name in "甲乙丙丁戊":
        make_expert(name, awards=["STATE_ALLOWANCE"])
    change = applied(staff_city, previewed(staff_city, valid_until=date(2020, 1, 1)))

    run_recompute(change)

    assert set(Expert.objects.values_list("scope", flat=True)) == {Scope.GENERAL}
    assert Event.objects.get(fields=["scope"]).counts == {"seen": 5, "moved": 5}


def test_recomputation_run_again_does_nothing(staff_city):
    make_expert("甲", awards=["STATE_ALLOWANCE"])
    change = applied(staff_city, previewed(staff_city, valid_until=date(2020, 1, 1)))
    run_recompute(change)

    run_recompute(change)

    assert Event.objects.filter(fields=["scope"]).count() == 1


def test_recomputation_that_breaks_off_is_taken_up_again(staff_city, monkeypatch, queued):
    change = applied(staff_city, previewed(staff_city, valid_until=date(2020, 1, 1)))

    def refuse(**kwargs):
        raise RuntimeError("broken")

    with monkeypatch.context() as broken, as_role("liaison_worker"):
        broken.setattr(tasks, "recompute_batch", refuse)
        with pytest.raises(RuntimeError):
            tasks.recompute_scopes(change.pk)
    change.refresh_from_db()
    assert (change.job_state, change.job_error) == (JobState.FAILED, "重新认定中断，系统稍后自动再试。")
    CatalogueChange.objects.update(applied_at=timezone.now() - timedelta(minutes=3))

    with as_role("liaison_worker"):
        tasks.resume_recomputations()

    assert queued == [("system", "recompute_scopes", change.pk)]


def test_an_honour_whose_validity_ended_moves_its_holders_overnight(db):
    yesterday = timezone.localdate() - timedelta(days=1)
    person = make_expert("甲", awards=["STATE_ALLOWANCE"])
    Honour.objects.filter(code="STATE_ALLOWANCE").update(valid_until=yesterday)

    with as_role("liaison_worker"):
        tasks.recompute_turned_honours()

    person.refresh_from_db()
    assert person.scope == Scope.GENERAL
    assert Event.objects.get(fields=["scope"]).counts == {"seen": 1, "moved": 1}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT name FROM experts_expert",
        "SELECT employer FROM experts_expert",
        "SELECT issuer FROM experts_award",
        "SELECT * FROM experts_sensitivevalue",
        "SELECT facts FROM experts_cataloguechange",
        "SELECT kind FROM audit_event",
        "UPDATE experts_expert SET label = 0",
        "UPDATE experts_expert SET name = 'x'",
        "UPDATE experts_award SET state = 'verified'",
        "UPDATE experts_honour SET scope = 'key'",
        "DELETE FROM experts_expert",
        "INSERT INTO experts_award (expert_id) VALUES (1)",
    ],
)
def test_the_worker_may_do_no_more_than_the_recomputation_needs(db, sql, statement):
    with (
        as_role("liaison_worker"),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        sql(statement)


def test_the_worker_sees_only_applied_changes(staff_city, sql):
    propose(staff_city, valid_until=date(2020, 1, 1))
    change = applied(staff_city, previewed(staff_city, valid_until=date(2020, 1, 1)))

    with as_role("liaison_worker"):
        assert sql("SELECT id FROM experts_cataloguechange") == [(change.pk,)]


def test_an_award_entered_meanwhile_is_not_overlooked(staff_city):
    person = make_expert("甲", awards=["STATE_ALLOWANCE"])
    change = applied(staff_city, previewed(staff_city, valid_until=date(2020, 1, 1)))
    make_award(person, "BJ_STM")

    run_recompute(change)

    person.refresh_from_db()
    assert person.scope == Scope.KEY
    assert [ground["honour"] for ground in person.scope_basis] == ["BJ_STM"]
