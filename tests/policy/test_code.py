"""What the code must keep to, wherever it is added: views read through the locks, templates compile and carry
no inline style or script, tasks have a queue."""

import ast
import re
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.template.loader import get_template

APPS = ("core", "audit", "accounts", "reminders", "experts", "activities", "reports", "exchange", "liaison")
ROOT = settings.BASE_DIR
TEMPLATES = sorted(str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.html"))
INLINE = re.compile(r"\sstyle=|<style|<script(?![^>]*\ssrc=)[^>]*>\s*[^<\s]|\son[a-z]+=", re.IGNORECASE)
# The methods that ask for a permission; the last is the one of units.
THROUGH_LOCKS = {"visible_to", "changeable_by", "reached_by"}
# What views read past them: nothing of an expert's, and why it may be read.
PAST_LOCKS = {
    (
        "accounts/views.py",
        "Unit",
        "active",
    ): "names of units, for whoever reports that an expert moved to one",
    ("accounts/views.py", "Unit", "above"): "names of the units above one that is in reach",
    ("accounts/views.py", "RoleAssignment", "working_at"): "colleagues of a unit that is in reach",
    ("experts/views/catalogue.py", "Honour", "all"): "the catalogue is public reference data",
    ("experts/views/catalogue.py", "RuleVersion", "select_related"): "the catalogue's versions are public",
    ("experts/views/acts.py", "SavedFilter", "create"): "one's own new row; row-level security checks whose",
}


def views():
    for app in APPS:
        yield from (ROOT / app).glob("views.py")
        yield from (ROOT / app).glob("views/*.py")


def reads(path):
    """(model, first method) of every `Model.objects.method`; a bare manager counts as reading all."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}:
            above = parents[node]
            yield ast.unparse(node.value), above.attr if isinstance(above, ast.Attribute) else "(bare)"


def past_locks():
    return {
        (str(path.relative_to(ROOT)), model, method)
        for path in views()
        for model, method in reads(path)
        if method not in THROUGH_LOCKS
    }


def test_views_reach_models_through_the_locks_only():
    assert past_locks() == set(PAST_LOCKS)
    assert len(list(views())) >= 8


def test_the_walk_sees_a_view_that_forgets(tmp_path):
    planted = tmp_path / "views.py"
    planted.write_text("def v(request):\n    return Expert.objects.filter(pk=1), list(Award.objects)\n")
    assert sorted(reads(planted)) == [("Award", "(bare)"), ("Expert", "filter")]


def test_views_read_no_raw_rows():
    for path in views():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.raw\(|connection\.cursor|_raw_delete|assign_perm|has_perm\(", text) or (
            path == ROOT / "core/views.py" and "SELECT 1" in text
        ), path


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_compiles(name):
    assert get_template(name).template.nodelist is not None


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_holds_inline_style_or_script(name):
    text = (ROOT / "templates" / name).read_text(encoding="utf-8")
    assert INLINE.findall(text) == []


@pytest.mark.parametrize(
    "text", ['<p style="x">', "<script>alert(1)</script>", '<a onclick="x()">', "<style>p{}"]
)
def test_the_pattern_sees_inline_style_and_script(text):
    assert INLINE.search(text)


def our_tasks():
    current_app.loader.import_default_modules()
    return {name for name in current_app.tasks if name.split(".")[0] in APPS}


def queue_of(name):
    return current_app.amqp.router.route({}, name)["queue"].name


def test_every_task_has_a_queue():
    people = {
        "exchange.tasks.run_import",
        "experts.tasks.preview_change",
        "experts.tasks.run_proposal",
        "reports.tasks.run_export",
    }
    assert {name: queue_of(name) for name in our_tasks()} == {
        name: "user" if name in people else "system" for name in our_tasks()
    }
    assert people <= our_tasks()


def test_what_beat_sends_exists():
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= our_tasks()


def test_tasks_take_numbers_only():
    """Ids, never rows or texts: what waits in the broker says nothing."""
    for name in our_tasks():
        run = current_app.tasks[name].run
        kinds = {kind for argument, kind in run.__annotations__.items() if argument != "return"}
        assert kinds <= {int}, name


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_nothing_but_one_model_imports_guardian():
    importing = {
        str(path.relative_to(ROOT))
        for app in APPS
        for path in Path(ROOT / app).rglob("*.py")
        if re.search(r"^\s*(from|import) guardian", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {name for name in importing if "/migrations/" not in name} == {"experts/models/need_to_know.py"}
