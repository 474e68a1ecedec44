"""A change of the catalogue first shows whom it would move; then it is confirmed or dropped."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from audit.models import Event
from core.jobs import JobState
from experts import tasks
from experts.actions import catalogue_change as actions
from experts.enums import Scope
from experts.models import CatalogueChange, ChangeStage, Expert, Honour, RuleVersion
from tests.experts.honours import (
    ADD,
    LIST,
    applied,
    catch_tasks,
    count_queries,
    edit_url,
    honour,
    new_entry,
    new_facts,
    page_of,
    posted,
    previewed,
    propose,
)
from tests.factories import make_expert, make_user, restrict
from tests.roles import as_role


@pytest.fixture
def queued(monkeypatch):
    return catch_tasks(monkeypatch)


def test_posting_the_form_changes_nothing_and_queues_the_preview(
    staff_city, client_of, queued, django_capture_on_commit_callbacks
):
    before = honour("CAS")
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(staff_city).post(edit_url("CAS"), posted(before, valid_until="2020-01-01"))

    change = CatalogueChange.objects.get()
    assert answer.url == f"/experts/honours/changes/{change.uuid}/"
    assert queued == [("user", "preview_change", change.pk, staff_city.pk)]
    assert change.values()["valid_until"] == date(2020, 1, 1)
    assert honour("CAS").valid_until is None
    assert change.job_state == JobState.WAITING


def test_a_broker_that_does_not_answer_undoes_nothing(staff_city, monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.preview_change, "apply_async", refuse)
    change = propose(staff_city, valid_until=date(2020, 1, 1))
    tasks.queue_preview(change)
    hooks, connection.run_on_commit = connection.run_on_commit, []

    for _, hook, robust in hooks:
        with transaction.atomic():
            # What Django does with a robust hook, which is all that stands in the way of a failed request.
            assert robust
            assert hook.__qualname__
            with pytest.raises(ConnectionError):
                hook()
    change.refresh_from_db()
    assert (len(hooks), change.job_state) == (1, JobState.WAITING)


def test_preview_counts_whom_the_change_would_move(staff_city):
    falls = make_expert("甲", awards=["STATE_ALLOWANCE"])
    stays = make_expert("乙", awards=["STATE_ALLOWANCE", "BJ_STM"])
    make_expert("丙", awards=["BJ_STM"])

    change = previewed(staff_city, valid_until=date(2020, 1, 1))

    assert (change.job_state, change.job_done, change.job_total) == (JobState.DONE, 2, 2)
    assert (change.to_key, change.to_general) == (0, 1)
    assert change.shown == [[falls.pk, "general"]]
    assert set(Expert.objects.filter(pk__in=[falls.pk, stays.pk]).values_list("scope", flat=True)) == {
        Scope.KEY
    }


def test_preview_counts_those_who_become_key(staff_city):
    away = make_expert("甲", awards=["CAS"], works_in_beijing=False)

    change = previewed(staff_city, honour("CAS"), condition="")

    assert (change.to_key, change.to_general, change.shown) == (1, 0, [[away.pk, "key"]])


def test_preview_counts_only_what_its_maker_may_see(staff_city, cleared_city):
    hidden = make_expert("甲", awards=["STATE_ALLOWANCE"])
    restrict(hidden, cleared_city, make_user())

    unlisted = previewed(staff_city, valid_until=date(2020, 1, 1))
    listed = previewed(cleared_city, valid_until=date(2020, 1, 1))

    assert (unlisted.to_general, unlisted.job_total, unlisted.shown) == (0, 0, [])
    assert (listed.to_general, listed.job_total, listed.shown) == (1, 1, [[hidden.pk, "general"]])


def test_preview_goes_on_over_batches_and_keeps_fifty(staff_city, monkeypatch):
    monkeypatch.setattr(actions, "BATCH", 20)
    people = [make_expert(f"张{number}", awards=["STATE_ALLOWANCE"]) for number in range(53)]

    change = previewed(staff_city, valid_until=date(2020, 1, 1))

    assert (change.to_general, change.job_done, change.job_total) == (53, 53, 53)
    assert [key for key, _ in change.shown] == [person.pk for person in people[:50]]


def test_preview_of_a_new_entry_moves_nobody(staff_city):
    make_expert("甲", awards=["STATE_ALLOWANCE"])
    change = actions.propose_change(by=staff_city, honour=None, code="SFRC", facts=new_facts())
    with as_role("liaison_app", staff_city):
        tasks.preview_change(change.pk, staff_city.pk)
    change.refresh_from_db()

    assert (change.job_state, change.job_total, change.to_key, change.to_general) == (JobState.DONE, 0, 0, 0)


def test_preview_run_twice_counts_once(staff_city):
    make_expert("甲", awards=["STATE_ALLOWANCE"])
    change = previewed(staff_city, valid_until=date(2020, 1, 1))
    CatalogueChange.objects.filter(pk=change.pk).update(job_state=JobState.RUNNING)

    with as_role("liaison_app", staff_city):
        tasks.preview_change(change.pk, staff_city.pk)
    change.refresh_from_db()

    assert (change.to_general, change.job_done, len(change.shown)) == (1, 1, 1)


def test_dropped_preview_stops_between_batches(staff_city, monkeypatch):
    monkeypatch.setattr(actions, "BATCH", 1)
    for name in "甲乙丙":
        make_expert(name, awards=["STATE_ALLOWANCE"])
    change = propose(staff_city, valid_until=date(2020, 1, 1))
    assert actions.start_preview(by=staff_city, change=change)
    after = actions.preview_batch(by=staff_city, change=change, after=0)

    actions.drop_change(by=staff_city, change=change)

    assert actions.preview_batch(by=staff_city, change=change, after=after) is None
    change.refresh_from_db()
    assert (change.stage, change.job_state, change.job_done) == (ChangeStage.DROPPED, JobState.CANCELLED, 1)


def test_preview_that_breaks_off_says_so(staff_city, monkeypatch):
    make_expert("甲", awards=["STATE_ALLOWANCE"])
    change = propose(staff_city, valid_until=date(2020, 1, 1))

    def refuse(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr(actions, "would_move", refuse)
    with pytest.raises(RuntimeError), as_role("liaison_app", staff_city):
        tasks.preview_change(change.pk, staff_city.pk)

    change.refresh_from_db()
    assert (change.job_state, change.job_error) == (JobState.FAILED, "计算中断，请放弃后重新修改。")


# The page


def test_page_polls_while_it_counts_and_stops_then(staff_city, client_of):
    make_expert("甲某", awards=["STATE_ALLOWANCE"])
    client = client_of(staff_city)
    waiting = page_of(client, propose(staff_city, valid_until=date(2020, 1, 1)))
    done = page_of(client, previewed(staff_city, valid_until=date(2020, 1, 1)))

    assert 'hx-trigger="every 1s"' in waiting
    assert "确认修改" not in waiting
    assert 'hx-trigger="every 1s"' not in done
    assert "确认修改" in done
    assert "甲某" in done


def test_fragment_is_the_status_only(staff_city, client_of):
    change = previewed(staff_city, valid_until=date(2020, 1, 1))

    fragment = page_of(client_of(staff_city), change, headers={"HX-Request": "true"})

    assert fragment.strip().startswith('<div class="stack" id="change-status"')
    assert "<html" not in fragment


def test_page_shows_only_people_its_maker_may_see_now(staff_city, cleared_city, client_of):
    hidden = make_expert("金丝雀甲", awards=["STATE_ALLOWANCE"])
    change = previewed(staff_city, valid_until=date(2020, 1, 1))
    client = client_of(staff_city)
    assert "金丝雀甲" in page_of(client, change)

    restrict(hidden, cleared_city, make_user())

    assert "金丝雀" not in page_of(client, change)


def test_page_needs_the_same_queries_for_one_and_for_three(staff_city, client_of):
    client = client_of(staff_city)
    make_expert("甲", awards=["STATE_ALLOWANCE"])
    one = previewed(staff_city, valid_until=date(2020, 1, 1))
    make_expert("乙", awards=["STATE_ALLOWANCE"])
    make_expert("丙", awards=["STATE_ALLOWANCE"])
    three = previewed(staff_city, valid_until=date(2020, 1, 1))

    assert count_queries(client, f"/experts/honours/changes/{one.uuid}/") == 7
    assert count_queries(client, f"/experts/honours/changes/{three.uuid}/") == 7


# Confirming


def test_confirming_writes_the_entry_and_queues_the_recomputation(
    staff_city, client_of, queued, django_capture_on_commit_callbacks
):
    make_expert("甲", awards=["STATE_ALLOWANCE"])
    change = previewed(staff_city, valid_until=date(2020, 1, 1))
    rule = RuleVersion.objects.first().number

    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(staff_city).post(f"/experts/honours/changes/{change.uuid}/apply/")

    change.refresh_from_db()
    assert answer.url == f"/experts/honours/changes/{change.uuid}/"
    assert honour().valid_until == date(2020, 1, 1)
    assert (change.stage, change.rule, change.job_state) == (ChangeStage.APPLIED, rule + 1, JobState.WAITING)
    assert queued == [("system", "recompute_scopes", change.pk)]
    event = Event.objects.get(kind="honour", verb="change")
    assert (event.username, event.reference, event.fields) == (
        "staff_city",
        "STATE_ALLOWANCE",
        ["valid_until"],
    )


def test_adding_writes_a_new_entry(staff_city, client_of, queued, django_capture_on_commit_callbacks):
    client = client_of(staff_city)
    client.post(ADD, new_entry(aliases="示范称号\n示范奖"))
    change = CatalogueChange.objects.get()
    with as_role("liaison_app", staff_city):
        tasks.preview_change(change.pk, staff_city.pk)

    answer = client.post(f"/experts/honours/changes/{change.uuid}/apply/")

    added = honour("SFRC")
    assert answer.status_code == 302
    assert (added.name, added.aliases, added.scope, added.version) == (
        "示范人才",
        ["示范称号", "示范奖"],
        "key",
        1,
    )
    assert Event.objects.get(kind="honour", verb="create").reference == "SFRC"
    change.refresh_from_db()
    assert change.honour == added


def test_confirming_after_a_colleague_changed_the_entry_is_refused(staff_city, client_of, queued):
    change = previewed(staff_city, valid_until=date(2020, 1, 1))
    Honour.objects.filter(code="STATE_ALLOWANCE").update(clause="三（二）别人改的", version=2)

    page = client_of(staff_city).post(f"/experts/honours/changes/{change.uuid}/apply/")

    assert page.status_code == 409
    assert "这一称号在您预览之后被别人改过" in page.content.decode()
    assert honour().valid_until is None
    assert queued == []


def test_confirming_twice_changes_once(staff_city):
    change = previewed(staff_city, valid_until=date(2020, 1, 1))
    applied(staff_city, change)
    rule = RuleVersion.objects.first().number

    with pytest.raises(ValidationError, match="已经处理过"):
        actions.apply_change(by=staff_city, change=change)
    assert RuleVersion.objects.first().number == rule


def test_confirming_before_the_preview_is_done_is_refused(staff_city):
    change = propose(staff_city, valid_until=date(2020, 1, 1))

    with pytest.raises(ValidationError, match="还没有算完"):
        actions.apply_change(by=staff_city, change=change)


def test_confirming_a_name_taken_meanwhile_is_refused(staff_city):
    change = previewed(staff_city, aliases=["全新别名"])
    Honour.objects.filter(code="CAS").update(aliases=["全新 别名"])

    with pytest.raises(ValidationError, match="“全新别名”已是“中国科学院院士”的名称或别名"):
        actions.apply_change(by=staff_city, change=change)


def test_dropping_leaves_the_catalogue_alone(staff_city, client_of, queued):
    change = previewed(staff_city, valid_until=date(2020, 1, 1))

    answer = client_of(staff_city).post(f"/experts/honours/changes/{change.uuid}/cancel/")

    change.refresh_from_db()
    assert answer.url == LIST
    assert change.stage == ChangeStage.DROPPED
    assert honour().valid_until is None
    with pytest.raises(ValidationError, match="已经处理过"):
        actions.apply_change(by=staff_city, change=change)


def test_an_applied_change_cannot_be_dropped(staff_city):
    change = applied(staff_city, previewed(staff_city, valid_until=date(2020, 1, 1)))

    with pytest.raises(ValidationError, match="已经生效"):
        actions.drop_change(by=staff_city, change=change)
