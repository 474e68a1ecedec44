"""Every act leaves an event: whatever an actions module offers records one, or is listed here with the reason
why not."""

import ast
import re

import pytest
from django.conf import settings

from audit.verbs import Verb
from audit.words import KINDS, RESULTS

ROOT = settings.BASE_DIR
APPS = [app for app in settings.INSTALLED_APPS if (ROOT / app / "apps.py").exists()]
# (module, function): why it leaves no event of its own.
WITHOUT_EVENT = {
    ("accounts/actions.py", "check_grant"): "writes nothing",
    ("accounts/actions.py", "check_unit_move"): "writes nothing",
    ("activities/actions/coverage.py", "settle"): "adds up what the database has counted already",
    ("activities/actions/coverage.py", "work_off"): "recomputes; the change of the setting is the act",
    (
        "exchange/actions.py",
        "set_columns",
    ): "a preview; the import itself is recorded when its rows are written (exchange/tasks.py)",
    ("exchange/actions.py", "fix_row"): "as set_columns",
    ("exchange/actions.py", "accept_award"): "as set_columns",
    ("exchange/actions.py", "commit_import"): "as set_columns",
    ("exchange/actions.py", "cancel"): "ends a preview; nothing of the register was touched",
    ("experts/actions/awards.py", "starting_state"): "writes nothing",
    ("experts/actions/catalogue.py", "new_version"): "part of save_honour, which records",
    (
        "experts/actions/catalogue_change.py",
        "propose_change",
    ): "a draft in its writer's name; apply_change records",
    ("experts/actions/catalogue_change.py", "drop_change"): "as propose_change",
    ("experts/actions/catalogue_change.py", "start_preview"): "progress of a job",
    ("experts/actions/catalogue_change.py", "preview_batch"): "progress of a job",
    ("experts/actions/catalogue_change.py", "fail_preview"): "progress of a job",
    (
        "experts/actions/catalogue_change.py",
        "start_recompute",
    ): "progress of a job; note_scopes_decided records its end",
    ("experts/actions/catalogue_change.py", "note_recompute"): "as start_recompute",
    ("experts/actions/catalogue_change.py", "fail_recompute"): "as start_recompute",
    ("experts/actions/exits.py", "locked_case"): "writes nothing",
    ("experts/actions/recompute.py", "recompute_batch"): "as start_recompute",
    ("reminders/actions.py", "notify"): "part of the act it tells of",
    ("reminders/actions.py", "tell"): "as notify",
    ("reminders/actions.py", "mark_read"): "one's own inbox",
    ("reminders/actions.py", "mark_unread"): "one's own inbox",
    ("reminders/actions.py", "lay_aside"): "one's own inbox",
    ("reminders/actions.py", "take_up"): "one's own inbox",
    ("reminders/actions.py", "finish"): "one's own inbox; what a rule's button does is recorded by its act",
    ("reminders/actions.py", "choose"): "one's own choices",
    ("reminders/actions.py", "unsubscribe"): "one's own choices",
    ("reports/actions.py", "finish"): "progress of a job; asking and fetching are recorded",
    ("reports/actions.py", "cancel"): "as finish",
    ("reports/actions.py", "restart"): "as finish",
    ("reports/actions.py", "purge"): "what was fetched stays in the trail",
}


def modules():
    for app in APPS:
        if app != "audit":
            yield from (ROOT / app).glob("actions.py")
        yield from (ROOT / app).glob("actions/*.py")


def called(function):
    """Names that a function calls."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)


def is_act(function):
    """Writes are the public functions that take everything by keyword."""
    return bool(function.args.kwonlyargs) and not function.name.startswith("_")


def silent(texts):
    """(module, act) of every act that records nothing, neither itself nor through a function it calls."""
    functions = [
        (module, node)
        for module, text in texts.items()
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    ]
    recording = {"record", "record_each"}
    while more := {node.name for _, node in functions if recording.intersection(called(node))} - recording:
        recording |= more
    return {(module, node.name) for module, node in functions if is_act(node) and node.name not in recording}


def test_every_act_records_an_event():
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in modules()}
    assert len(texts) >= 6
    assert silent(texts) == set(WITHOUT_EVENT)


def test_the_walk_sees_an_act_that_forgets():
    texts = {
        "one": "def a(*, by): record()\ndef b(*, by): _c()\ndef _c(): record()\ndef d(x): save()\n",
        "two": "def e(*, by): a()\ndef f(*, by): save()\ndef _g(*, by): save()\n",
    }
    assert silent(texts) == {("two", "f")}


def recorded(argument):
    """Every literal that a call of `record` gives for an argument, in the whole product."""
    for path in (
        path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"record", "record_each"}:
                values = [word.value for word in node.keywords if word.arg == argument]
                yield from (text.value for value in values for text in ast.walk(value) if is_text(text))


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_every_kind_and_result_has_a_word():
    assert set(recorded("kind")) - set(KINDS) == set()
    assert set(recorded("result")) - set(RESULTS) == set()
    assert {"expert", "user", "route"} <= set(recorded("kind"))


@pytest.mark.parametrize("words", [KINDS, RESULTS, dict(Verb.choices)])
def test_the_words_are_chinese(words):
    assert [text for text in words.values() if not re.search("[一-鿿]", text)] == []
