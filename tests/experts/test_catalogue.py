"""The honour catalogue: who reads it, who keeps it, and that a change first shows whom it would move."""

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from audit.models import Event
from core.jobs import JobState
from experts import tasks
from experts.actions import catalogue_change as actions
from experts.actions import recompute
from experts.enums import Label, Scope
from experts.forms.catalogue import HonourForm
from experts.honour_names import comparable, new_code
from experts.models import CatalogueChange, ChangeStage, Expert, Honour, RuleVersion
from tests.factories import make_award, make_expert, make_user, restrict
from tests.roles import as_role

LIST, ADD = "/experts/honours/", "/experts/honours/new/"


def edit_url(code):
    return f"/experts/honours/{code}/edit/"


def honour(code="STATE_ALLOWANCE"):
    return Honour.objects.get(code=code)


def facts(entry, **changes):
    """All facts of the entry as the form gives them, some changed."""
    names = [
        "name",
        "aliases",
        "level",
        "scope",
        "condition",
        "default_label",
        "clause",
        "category_hint",
        "valid_from",
        "valid_until",
    ]
    return {name: getattr(entry, name) for name in names} | changes


def posted(entry, **changes):
    """The same as a browser posts it."""
    values = facts(entry) | {"version": entry.version} | changes
    values["aliases"] = (
        "\n".join(values["aliases"]) if isinstance(values["aliases"], list) else values["aliases"]
    )
    return {name: "" if value is None else value for name, value in values.items()}


def propose(by, entry=None, **changes):
    entry = entry or honour()
    return actions.propose_change(by=by, honour=entry, code=entry.code, facts=facts(entry, **changes))


def previewed(by, entry=None, **changes):
    """A change whose preview has run as the person, under row-level security."""
    change = propose(by, entry, **changes)
    with as_role("liaison_app", by):
        tasks.preview_change(change.pk, by.pk)
    change.refresh_from_db()
    return change


def applied(by, change):
    with as_role("liaison_app", by):
        return actions.apply_change(by=by, change=change)


def run_recompute(change):
    """The system's task as liaison_worker, without any context."""
    with as_role("liaison_worker"):
        tasks.recompute_scopes(change.pk)
    change.refresh_from_db()


@pytest.fixture
def queued(monkeypatch):
    """What was handed to Celery, instead of a worker."""
    sent = []
    for task in (tasks.preview_change, tasks.recompute_scopes):
        name = task.name.rpartition(".")[2]
        monkeypatch.setattr(
            task, "apply_async", lambda args, *, queue, name=name: sent.append((queue, name, *args))
        )
    return sent


# Reading and rights


@pytest.mark.parametrize("name", ["staff_city", "officer_haidian", "leader_city", "director_haidian"])
def test_everyone_who_works_with_experts_reads_the_catalogue(personas, client_of, name):
    page = client_of(personas[name]).get(LIST)

    names = re.findall(r"<b>([^<]+)</b>\s*<div class=\"text-secondary\">三（二）", page.content.decode())
    assert names == [entry.name.replace("&", "&amp;") for entry in Honour.objects.all()]


@pytest.mark.parametrize("name", ["sysadmin", "secadmin", "auditor", "no_role"])
def test_nobody_else_reads_it(personas, client_of, name):
    assert client_of(personas[name]).get(LIST).status_code == 403


def test_only_the_city_department_is_offered_editing(personas, client_of):
    offers = {
        name: client_of(user).get(LIST).content.decode().count("/edit/")
        for name, user in personas.items()
        if user.may("view")
    }

    count = Honour.objects.count()
    assert offers == {
        "staff_city": count,
        "cleared_city": count,
        "leader_city": 0,
        "director_haidian": 0,
        "officer_haidian": 0,
        "officer_chaoyang": 0,
    }


@pytest.mark.parametrize(
    "name", ["leader_city", "director_haidian", "officer_haidian", "sysadmin", "auditor"]
)
def test_others_cannot_edit(personas, client_of, queued, name):
    change = propose(personas["staff_city"], valid_until=date(2020, 1, 1))
    client = client_of(personas[name])
    urls = [ADD, edit_url("CAS"), f"/experts/honours/changes/{change.uuid}/"]

    assert [client.get(url).status_code for url in urls] == [403, 403, 403]
    assert client.post(edit_url("CAS"), posted(honour("CAS"), name="别的")).status_code == 403
    assert client.post(f"/experts/honours/changes/{change.uuid}/apply/").status_code == 403
    assert client.post(f"/experts/honours/changes/{change.uuid}/cancel/").status_code == 403
    with pytest.raises(PermissionDenied):
        propose(personas[name], name="别的")
    assert queued == []


def test_a_change_is_its_makers_own(staff_city, cleared_city, client_of):
    change = propose(staff_city, valid_until=date(2020, 1, 1))

    assert client_of(cleared_city).get(f"/experts/honours/changes/{change.uuid}/").status_code == 404
    with as_role("liaison_app", cleared_city):
        assert CatalogueChange.objects.count() == 0
    with as_role("liaison_app", staff_city):
        assert CatalogueChange.objects.count() == 1


def test_the_database_refuses_changes_of_others(officer_haidian):
    refused = pytest.raises(ProgrammingError, match="row-level security")
    with as_role("liaison_app", officer_haidian), refused, transaction.atomic():
        CatalogueChange.objects.create(code="CAS", requested_by=officer_haidian)


def test_the_list_needs_few_queries(staff_city, client_of, django_assert_num_queries):
    client = client_of(staff_city)
    client.get(LIST)
    baseline = count_queries(client)
    Honour.objects.create(code="X1", name="示范称号甲", level="municipal", clause="三（二）")
    Honour.objects.create(code="X2", name="示范称号乙", level="municipal", clause="三（二）")

    assert baseline == 8
    assert count_queries(client) == 8


def count_queries(client, url=LIST):
    """Statements of the view and its page, without roles, sessions, savepoints and context."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(url)
    return len([query for query in captured if query["sql"].startswith("SELECT")])


# The form


def test_form_shows_the_entry_and_no_code_to_edit(staff_city, client_of):
    page = client_of(staff_city).get(edit_url("CAS")).content.decode()

    assert "中科院院士\n科学院院士" in page
    assert 'name="code"' not in page
    assert "代码 CAS" in page


def test_unchanged_form_says_so(staff_city, client_of, queued):
    page = client_of(staff_city).post(edit_url("CAS"), posted(honour("CAS")))

    assert page.status_code == 422
    assert "没有任何改动。" in page.content.decode()
    assert queued == []


@pytest.mark.parametrize(
    "alias", ["特贴专家", "特 贴专家", "“特贴专家”", "國務院特贴", "享受政府特殊津贴专家"]
)
def test_alias_of_another_honour_is_refused_beside_the_field(db, alias):
    form = HonourForm(posted(honour("CAS"), aliases=f"中科院院士\n{alias}"), instance=honour("CAS"))

    assert not form.is_valid()
    assert form.errors["aliases"] == [f"“{alias}”已是“享受政府特殊津贴专家”的名称或别名。"]


def test_name_of_another_honour_is_refused(db):
    form = HonourForm(posted(honour("CAS"), name="国贴"), instance=honour("CAS"))

    assert not form.is_valid()
    assert form.errors["name"] == ["“国贴”已是“享受政府特殊津贴专家”的名称或别名。"]


def test_repeated_aliases_are_kept_once(db):
    form = HonourForm(
        posted(honour("CAS"), aliases="中科院院士\n中科院 院士\n中国科学院院士\n\n学部委员"),
        instance=honour("CAS"),
    )

    assert form.is_valid(), form.errors
    assert form.facts()["aliases"] == ["中科院院士", "学部委员"]


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"name": "机密★"}, "name", "含有密级标志。本系统为非涉密系统，不得录入。"),
        ({"valid_from": "2024-02-01", "valid_until": "2024-01-31"}, "valid_until", "有效至不能早于有效自。"),
        ({"clause": "机密★10年"}, "clause", "含有密级标志。本系统为非涉密系统，不得录入。"),
        ({"aliases": "字" * 121}, "aliases", f"“{'字' * 20}……”超过 120 个字，请缩短。"),
        ({"name": ""}, "name", "这个字段是必填项。"),
    ],
)
def test_form_says_what_is_wrong(db, changes, field, error):
    form = HonourForm(posted(honour("CAS"), **changes), instance=honour("CAS"))

    assert not form.is_valid()
    assert form.errors[field] == [error]


@pytest.mark.parametrize(("typed", "code"), [("", "SFRC"), ("sf_talent", "SF_TALENT"), ("SF2", "SF2")])
def test_new_entry_gets_its_code(db, typed, code):
    form = HonourForm(new_entry(code=typed))

    assert form.is_valid(), form.errors
    assert form.entry_code() == code


@pytest.mark.parametrize("typed", ["1A", "A-B", "中文", "CAS"])
def test_impossible_code_is_refused(db, typed):
    form = HonourForm(new_entry(code=typed))

    assert not form.is_valid()
    assert list(form.errors) == ["code"]


def new_entry(**changes):
    return {
        "name": "示范人才",
        "code": "",
        "aliases": "",
        "level": "municipal",
        "scope": "key",
        "condition": "",
        "default_label": "0",
        "clause": "三（二）其他",
        "category_hint": "",
        "valid_from": "",
        "valid_until": "",
    } | changes


def test_generated_codes_do_not_collide(db):
    Honour.objects.create(code="SFRC", name="甲", level="municipal", clause="三（二）")
    Honour.objects.create(code="SFRC_2", name="乙", level="municipal", clause="三（二）")

    assert new_code("示范人才") == "SFRC_3"


def test_comparable_ignores_what_people_write_differently():
    assert comparable("国家“千人计划” 入选者") == comparable("國家千人计划入選者") == "国家千人计划入选者"


def test_form_opened_before_a_colleague_saved_shows_both(staff_city, client_of, queued):
    client = client_of(staff_city)
    old = posted(honour("CAS"), clause="三（二）我改的")
    Honour.objects.filter(code="CAS").update(clause="三（二）别人改的", version=2)

    page = client.post(edit_url("CAS"), old)

    text = page.content.decode()
    assert page.status_code == 409
    assert "这一称号刚被别人改过" in text
    assert "三（二）我改的" in text
    assert "三（二）别人改的" in text
    assert queued == []


# Preview


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
    change = actions.propose_change(by=staff_city, honour=None, code="SFRC", facts=HonourFormFacts())
    with as_role("liaison_app", staff_city):
        tasks.preview_change(change.pk, staff_city.pk)
    change.refresh_from_db()

    assert (change.job_state, change.job_total, change.to_key, change.to_general) == (JobState.DONE, 0, 0, 0)


def HonourFormFacts():
    form = HonourForm(new_entry())
    assert form.is_valid(), form.errors
    return form.facts()


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


def page_of(client, change, **headers):
    return client.get(f"/experts/honours/changes/{change.uuid}/", **headers).content.decode()


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

    assert count_queries(client, f"/experts/honours/changes/{one.uuid}/") == 8
    assert count_queries(client, f"/experts/honours/changes/{three.uuid}/") == 8


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


# Recomputing


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
