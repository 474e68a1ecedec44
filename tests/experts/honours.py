"""What tests of the honour catalogue share: entries, forms as posted, changes run under the right roles."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from experts import tasks
from experts.actions import catalogue_change as actions
from experts.forms.catalogue import HonourForm
from experts.models import Honour
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


def new_entry(**changes):
    """A new entry as a browser posts it."""
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


def new_facts():
    """The facts of a new entry as its form gives them."""
    form = HonourForm(new_entry())
    assert form.is_valid(), form.errors
    return form.facts()


def count_queries(client, url=LIST):
    """Statements of the view and its page, without roles, sessions, savepoints and context."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(url)
    return len([query for query in captured if query["sql"].startswith("SELECT")])


def page_of(client, change, **headers):
    return client.get(f"/experts/honours/changes/{change.uuid}/", **headers).content.decode()


def catch_tasks(monkeypatch):
    """What is handed to Celery from now on, instead of a worker: (queue, task, ids…)."""
    sent = []
    for task in (tasks.preview_change, tasks.recompute_scopes):
        name = task.name.rpartition(".")[2]
        monkeypatch.setattr(
            task, "apply_async", lambda args, *, queue, name=name: sent.append((queue, name, *args))
        )
    return sent
