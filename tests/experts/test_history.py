"""What the triggers keep: who, when, from what to what, from which act; and that nothing takes it away."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from core.origin import coming_from
from experts import personal_data
from experts.actions.awards import add_award, change_award, remove_award
from experts.actions.register import assign_category, confirm_information, create_expert, update_expert
from experts.enums import Category, Label, SensitiveField
from experts.models import Award, Expert, HistoryEvent, Honour, SensitiveValue
from experts.sensitive import SensitiveInput
from tests.factories import make_award, make_expert, make_sensitive, restrict, unit

pytestmark = pytest.mark.django_db
NOT_TRACKED = {
    "record_number", "scope_basis", "scope_rule", "scope_decided_at", "confirmed_by", "confirmations",
    "created_at", "created_by", "updated_at", "updated_by", "verified_by", "verified_at",
}  # fmt: skip


def told(expert, *, after=0):
    """(subject, act, changes) of what was kept, oldest first."""
    rows = HistoryEvent.objects.filter(expert=expert, pk__gt=after).order_by("pk")
    return [(row.subject, row.act, row.changes) for row in rows]


def last():
    return HistoryEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def test_every_personal_field_is_kept_or_left_out_on_purpose(sql):
    from importlib import import_module

    kept = import_module("experts.migrations.0012_history")
    assert set(kept.EXPERT) == {*personal_data.EXPERT, "unit", "label"} - NOT_TRACKED
    assert set(kept.AWARD) == set(personal_data.AWARD) - NOT_TRACKED


def test_entering_a_record_is_one_event(as_app, officer_haidian):
    with as_app(officer_haidian):
        expert = create_expert(
            by=officer_haidian, facts={"name": "王小明", "unit": unit("D04"), "post": "院长"}
        )
    events = HistoryEvent.objects.filter(expert=expert)
    assert [(e.subject, e.act, e.changes, e.by, e.origin) for e in events] == [
        ("expert", "created", {}, officer_haidian, "edit")
    ]


def test_an_edit_keeps_only_what_changed_with_both_values(as_app, officer_haidian):
    expert = make_expert("王小明", post="院长", birth=date(1960, 1, 1))
    before = last()
    with as_app(officer_haidian):
        update_expert(
            by=officer_haidian,
            expert=expert,
            version=expert.version,
            facts={"post": "教授", "former_names": ["王明"], "title": expert.title, "discipline_id": "590"}
            | {"birth": date(1961, 2, 3)},
        )
    assert told(expert, after=before) == [
        (
            "expert",
            "changed",
            {
                "post": ["院长", "教授"],
                "former_names": [[], ["王明"]],
                "discipline": [None, "590"],
                "birth": ["1960-01-01", "1961-02-03"],
            },
        )
    ]
    event = HistoryEvent.objects.latest("pk")
    assert (event.by, event.origin, event.reference) == (officer_haidian, "edit", "")


def test_bulk_acts_and_plain_sql_are_kept_too(as_app, officer_haidian, sql):
    experts = [make_expert(name, category=Category.OTHER) for name in ("张一", "张二")]
    before = last()
    with as_app(officer_haidian):
        assign_category(by=officer_haidian, experts=Expert.objects.all(), category=Category.HIGH_SKILL)
        sql("UPDATE experts_expert SET title = '研究员'")
    for expert in experts:
        assert told(expert, after=before) == [
            ("expert", "changed", {"category": ["other", "high_skill"]}),
            ("expert", "changed", {"title": ["", "研究员"]}),
        ]


def test_what_only_the_machinery_touches_is_not_kept(as_app, officer_haidian, sql):
    make_expert("张一", confirmed_on=date.today())
    before = last()
    with as_app(officer_haidian):
        sql("UPDATE experts_expert SET version = version + 1, sort_key = sort_key, updated_at = now()")
        confirm_information(by=officer_haidian, experts=Expert.objects.all())  # on the same day
    assert last() == before


def test_awards_are_kept_with_their_name_even_when_removed(as_app, officer_haidian):
    expert = make_expert("张一")
    honour = Honour.objects.get(code="MUNICIPAL_AWARD")
    before = last()
    with as_app(officer_haidian):
        award = add_award(
            by=officer_haidian, expert=expert, facts={"honour": honour, "text": "示范奖", "year": 2018}
        )
        change_award(by=officer_haidian, award=award, facts={"year": 2019})
        remove_award(by=officer_haidian, award=Award.objects.get(pk=award.pk))
    kept = [row for row in told(expert, after=before) if row[0] == "award"]
    assert kept == [
        ("award", "created", {}),
        ("award", "changed", {"year": [2018, 2019]}),
        ("award", "removed", {}),
    ]
    about = HistoryEvent.objects.filter(act="removed").latest("pk").about
    assert (about["honour"], about["text"], about["year"]) == (honour.pk, "示范奖", 2019)


def test_of_a_sensitive_value_only_that_it_changed(as_app, officer_haidian):
    expert = make_expert("张一")
    before = last()
    for text in ("13800138000", "13900139000"):
        with as_app(officer_haidian):
            version = Expert.objects.get(pk=expert.pk).version
            update_expert(by=officer_haidian, expert=expert, version=version, facts={},
                          sensitive=[SensitiveInput(SensitiveField.PHONE, text)])  # fmt: skip
    assert told(expert, after=before) == [
        ("sensitive", "created", {"phone": []}),
        ("sensitive", "removed", {"phone": []}),
        ("sensitive", "created", {"phone": []}),
    ]


def test_a_rotation_of_keys_is_no_change():
    row = make_sensitive(make_expert("张一"))
    before = last()
    SensitiveValue.objects.filter(pk=row.pk).update(ciphertext=b"other", key_id="k9")
    assert last() == before
    SensitiveValue.objects.filter(pk=row.pk).update(ciphertext=b"another")
    assert told(row.expert, after=before) == [("sensitive", "changed", {"id_number": []})]


def test_an_act_says_where_it_comes_from_until_it_ends(as_app, officer_haidian):
    expert = make_expert("张一")
    with as_app(officer_haidian):
        with coming_from("import", "abc"):
            Expert.objects.filter(pk=expert.pk).update(post="甲")
        Expert.objects.filter(pk=expert.pk).update(post="乙")
        with pytest.raises(RuntimeError), transaction.atomic(), coming_from("import", "abc"):
            raise RuntimeError
        Expert.objects.filter(pk=expert.pk).update(post="丙")
    origins = HistoryEvent.objects.order_by("pk").values_list("origin", "reference")
    assert list(origins)[-3:] == [("import", "abc"), ("edit", ""), ("edit", "")]


@pytest.mark.parametrize("statement", [
    "INSERT INTO experts_historyevent (expert_id, origin, reference, subject, act, changes)"
    " SELECT id, 'edit', '', 'expert', 'changed', '{}' FROM experts_expert",
    "UPDATE experts_historyevent SET by_id = NULL",
    "DELETE FROM experts_historyevent",
    "TRUNCATE experts_historyevent",
    "SELECT experts_move_history(1, 2)",
])  # fmt: skip
def test_no_role_adds_changes_or_removes(as_app, officer_haidian, sql, statement):
    make_expert("张一")
    with as_app(officer_haidian), pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)


@pytest.mark.parametrize("statement", [
    "UPDATE experts_historyevent SET by_id = 1",
    "UPDATE experts_historyevent SET changes = '{\"post\": []}', expert_id = 1",
    "DELETE FROM experts_historyevent",
    "TRUNCATE experts_historyevent",
])  # fmt: skip
def test_even_the_owner_is_refused(sql, statement):
    make_expert("张一")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)


def test_a_merge_may_hang_events_onto_another_expert_and_bring_them_back(sql):
    gone, kept = make_expert("张一"), make_expert("张二")
    events = set(HistoryEvent.objects.filter(expert=gone).values_list("pk", flat=True))
    [(moved,)] = sql("SELECT experts_move_history(%s, %s)", gone.pk, kept.pk)
    assert set(moved) == events
    assert not HistoryEvent.objects.filter(expert=gone).exists()
    sql("SELECT experts_move_history(%s, %s, %s)", kept.pk, gone.pk, moved)
    assert set(HistoryEvent.objects.filter(expert=gone).values_list("pk", flat=True)) == events
    assert HistoryEvent.objects.filter(expert=kept).exists()


def test_it_is_seen_by_whoever_sees_the_expert_and_follows_the_label(as_app, personas):
    expert = make_expert("金丝雀", unit_code="D04")
    make_award(expert)
    officer, listed = personas["officer_haidian"], personas["cleared_city"]

    def seen(user):
        with as_app(user):
            return HistoryEvent.objects.filter(expert=expert).exists()

    assert (seen(officer), seen(listed), seen(personas["officer_chaoyang"])) == (True, True, False)
    restrict(expert, listed)
    assert (seen(officer), seen(listed)) == (False, True)
    assert Label(expert.label) == Label.RESTRICTED


def test_a_change_of_many_rows_after_one_of_few_keeps_its_speed(sql, as_app, officer_haidian):
    """The plan for a transition table is kept: made for one row, it must still do for thousands."""
    make_expert("张零")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE experts_expert DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE experts_expert ENABLE ALWAYS TRIGGER experts_expert_history_update")
    Expert.objects.update(post="一")
    Expert.objects.bulk_create(
        [
            Expert(name=f"张{n}", unit=unit("D04"), unit_order=unit("D04").order, sort_key=f"z{n}")
            for n in range(3000)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20s'")
        cursor.execute("UPDATE experts_expert SET post = '二'")
    assert HistoryEvent.objects.filter(changes__post__1="二").count() == 3001
