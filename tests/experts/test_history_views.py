"""The tab 修改历史 and the restoring of a single value."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from core.origin import coming_from
from experts.actions.history import RESTORABLE, may_restore
from experts.forms.register import ExpertForm
from experts.history import FIELDS, PAGE_SIZE
from experts.models import Discipline, Expert, HistoryEvent, Origin
from tests.access.test_two_locks import population, seen_by_database, seen_by_python  # noqa: F401
from tests.exchange import wizard
from tests.experts.pages import at, body, queries
from tests.factories import hold, make_award, make_expert, make_sensitive, restrict, unit
from tests.personas import PERSONAS

pytestmark = pytest.mark.django_db


def add_event(expert, number=1, **facts):
    """An event of an act of its own: in a test all moments are the same."""
    values = {
        "at": timezone.now() - timedelta(days=100 - number),
        "origin": "edit",
        "subject": "expert",
        "act": "changed",
        "changes": {"post": [f"职务{number - 1}", f"职务{number}"]},
    }
    return HistoryEvent.objects.create(expert=expert, **(values | facts))


def tab(client, expert, query=""):
    return client.get(at(expert) + f"?tab=history{query}")


def entries(response):
    return [
        (entry.title, [(line.label, line.was, line.became, line.note) for line in entry.lines])
        for entry in response.context["history"]["entries"]
    ]


def restore(client, expert, event, field, version=None, method="post"):
    url = at(expert, "history", event.uuid, field, "restore")
    return getattr(client, method)(url, {"version": version or expert.version})


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


def test_each_act_is_one_entry_in_words(client, officer_haidian):
    expert = make_expert("张一")
    changes = {"unit": [unit("D04").pk, unit("D04-01").pk], "discipline": [None, "590"]}
    changes |= {"birth": ["1960-01-01", "1960-01-09"], "birth_day_known": [False, True]}
    changes |= {"former_names": [[], ["张甲", "张乙"]], "gender": ["", "male"], "is_frontline": [False, True]}
    add_event(expert, 101, changes=changes, by=officer_haidian)
    response = tab(client, expert)
    [(title, lines), (first, _)] = entries(response)
    assert (title, first) == ("修改资料", "建立档案")
    assert lines == [
        ("曾用名", "", "张甲、张乙", ""),
        ("性别", "", "男", ""),
        ("出生日期", "1960-01", "1960-01-09", ""),
        ("学科", None, str(Discipline.objects.get(code="590")), ""),
        ("联系单位", unit("D04").short_name, unit("D04-01").short_name, ""),
        ("特殊一线岗位", False, True, ""),
    ]
    assert str(officer_haidian) in body(response)


def test_an_import_names_its_file_to_those_who_may_see_it(client_of, monkeypatch, personas):
    client = client_of(personas["officer_haidian"])
    roster = wizard.previewed(client, monkeypatch, wizard.GOOD)
    client.post(wizard.url("commit", roster))
    roster = wizard.work(roster, monkeypatch)
    expert = Expert.objects.latest("pk")
    [entry] = tab(client, expert).context["history"]["entries"]
    assert entry.title == "名册导入，建立档案"
    assert (
        entry.source == (roster.file_name, f"/imports/{roster.uuid}/") or entry.source[0] == roster.file_name
    )
    [entry] = tab(client_of(personas["leader_city"]), expert).context["history"]["entries"]
    assert entry.source == ("", "")


def test_sensitive_fields_are_told_without_values_and_only_to_those_with_the_right(client_of, personas):
    client = client_of(personas["officer_haidian"])
    expert = make_expert("张一")
    add_event(expert, 101, subject="sensitive", act="removed", changes={"phone": []})
    add_event(expert, 101, subject="sensitive", act="created", changes={"phone": []},
              at=HistoryEvent.objects.latest("pk").at)  # fmt: skip
    assert ("手机号码", None, None, "已更新，不保存内容") in entries(tab(client, expert))[0][1]
    reader = client_of(personas["leader_city"])
    assert not personas["leader_city"].may("sensitive")
    assert "手机号码" not in str(entries(tab(reader, expert)))
    assert "phone" not in dict(tab(reader, expert).context["history"]["choices"])


def test_it_is_narrowed_to_a_field_and_paged_by_key(client):
    expert = make_expert("张一")
    for number in range(PAGE_SIZE + 5):
        add_event(expert, number)
    add_event(expert, 99, changes={"title": ["", "教授"], "post": ["甲", "乙"]})
    [(_, lines)] = entries(tab(client, expert, "&field=title"))
    assert lines == [("职称", "", "教授", "")]
    first = tab(client, expert)
    assert len(first.context["history"]["entries"]) == PAGE_SIZE
    second = client.get(at(expert) + first.context["history"]["next_url"])
    assert len(second.context["history"]["entries"]) == 7
    assert not second.context["history"]["starts_late"]


def test_a_record_older_than_the_history_says_so(client, sql):
    expert = make_expert("张一")
    assert "更早的改动没有记录" not in body(tab(client, expert))
    sql("ALTER TABLE experts_historyevent DISABLE TRIGGER USER")
    sql("DELETE FROM experts_historyevent")
    sql("ALTER TABLE experts_historyevent ENABLE ALWAYS TRIGGER experts_historyevent_append_only")
    assert "更早的改动没有记录" in body(tab(client, expert))


def test_a_value_is_restored_as_an_edit_that_says_so(client, officer_haidian):
    expert = make_expert("张一", post="院长")
    Expert.objects.filter(pk=expert.pk).update(post="教授")
    event = HistoryEvent.objects.latest("pk")
    page = body(restore(client, expert, event, "post", method="get"))
    assert "院长" in page
    assert "后来又改过" not in page
    assert restore(client, expert, event, "post").status_code == 302
    expert.refresh_from_db()
    assert (expert.post, expert.version) == ("院长", 2)
    kept = HistoryEvent.objects.filter(changes__has_key="post").latest("pk")
    assert (kept.origin, kept.reference, kept.by) == ("restore", str(event.uuid), officer_haidian)
    assert kept.changes == {"post": ["教授", "院长"]}


def test_a_stale_restore_changes_nothing_and_shows_the_value_now(client):
    expert = make_expert("张一", post="院长")
    Expert.objects.filter(pk=expert.pk).update(post="教授")
    event = HistoryEvent.objects.latest("pk")
    Expert.objects.filter(pk=expert.pk).update(post="研究员", version=2)
    response = restore(client, expert, event, "post", version=1)
    assert response.status_code == 409
    assert "研究员" in body(response)
    assert "后来又改过" in body(response)
    assert Expert.objects.get(pk=expert.pk).post == "研究员"


def test_the_rules_of_an_edit_hold(client):
    """The unit before is beyond the officer's reach: nothing is restored, and the page says why."""
    expert = make_expert("张一", unit_code="D03")
    Expert.objects.filter(pk=expert.pk).update(unit=unit("D04"))
    event = HistoryEvent.objects.latest("pk")
    response = restore(client, expert, event, "unit")
    assert response.status_code == 422
    assert "请选择本单位" in body(response)
    assert Expert.objects.get(pk=expert.pk).unit == unit("D04")


def test_a_restriction_is_not_restored(client_of, personas):
    user = personas["cleared_city"]
    expert = restrict(make_expert("张一"), user)
    event = HistoryEvent.objects.get(expert=expert, changes__has_key="label")
    assert not may_restore(expert, event, "label")
    assert restore(client_of(user), expert, event, "label").status_code == 404


@pytest.mark.parametrize("field", ["scope", "photo", "confirmed_on", "version", "x"])
def test_what_follows_from_other_acts_is_not_restored(client, field):
    expert = make_expert("张一")
    event = add_event(expert, changes={field: [] if field == "photo" else ["a", "b"]})
    assert restore(client, expert, event, field).status_code == 404


def test_what_the_form_edits_is_what_can_be_restored():
    assert set(RESTORABLE) == {*ExpertForm.Meta.fields, "birth_day_known"}


def test_readers_see_no_button(client_of, personas):
    expert = make_expert("张一")
    add_event(expert)
    assert "/restore/" not in body(tab(client_of(personas["leader_city"]), expert))
    assert "/restore/" in body(tab(client_of(personas["officer_haidian"]), expert))


def test_how_many_statements_it_takes(client):
    expert = make_expert("张一", awards=["CAS"])
    tab(client, expert)
    first = queries(client, at(expert) + "?tab=history")
    for number in range(3):
        add_event(expert, number, changes={"unit": [unit("D04").pk, unit("D04-01").pk]})
        make_award(expert, "MUNICIPAL_AWARD", text=f"奖{number}")
    more = queries(client, at(expert) + "?tab=history")
    assert len(more) == len(first) + 1, "\n".join(more)  # the units' names


@pytest.mark.parametrize("name", PERSONAS)
def test_both_locks_agree_on_every_event(population, as_app, name):  # noqa: F811
    held = make_expert("共有", unit_code="D03")
    make_sensitive(held)
    hold(held, "D04")
    user = population[name]
    expected = seen_by_python(HistoryEvent, user)
    with as_app(user):
        assert seen_by_database(HistoryEvent) == expected
    if name == "officer_haidian":
        assert 0 < len(expected) < HistoryEvent.objects.count()


def test_without_context_it_reads_as_empty(as_app):
    make_expert("张一")
    with as_app(None):
        assert seen_by_database(HistoryEvent) == set()


def test_an_origin_ends_with_its_transaction(officer_haidian):
    with coming_from(Origin.MERGE, "x"):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT experts_origin(1), experts_origin(2)")
        assert cursor.fetchone() == ("edit", "")


def test_every_field_that_is_kept_has_its_place_on_the_page():
    from importlib import import_module

    kept = import_module("experts.migrations.0012_history")
    assert set(FIELDS) == set(kept.EXPERT)
