"""Injected SQL about merging: what its functions do for records of the caller's own choice."""

import pytest
from django.db import connection

from experts.models import Expert
from tests.access.test_planted_sql import MISSING, failure
from tests.access.test_planted_sql import hidden as hidden  # a fixture
from tests.factories import make_expert, make_sensitive

pytestmark = pytest.mark.django_db
MERGE = "SELECT experts_merge_records(gen_random_uuid(), %s, %s, '[]', '\\x', '', '', now())"
NOWHERE = "00000000-0000-4000-8000-0000000000ab"


def told_of(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def standing(expert):
    """Everything of a record that a merge would touch, as the owner reads it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(expert), (SELECT jsonb_agg(to_jsonb(award) ORDER BY id) FROM experts_award award"
            " WHERE award.expert_id = expert.id), (SELECT count(*) FROM experts_merge),"
            " (SELECT count(*) FROM experts_holder), (SELECT count(*) FROM experts_historyevent event"
            " WHERE event.expert_id = expert.id) FROM experts_expert expert WHERE id = %s",
            [expert.pk],
        )
        return cursor.fetchall()


@pytest.mark.parametrize("why", ["restricted", "elsewhere", "too sensitive"])
def test_no_hidden_record_is_merged_in_or_merged_away(hidden, personas, as_app, why):
    mine, target = Expert.objects.get(name="林大同"), hidden[why]
    before = standing(mine), standing(target)
    with as_app(personas["officer_haidian"]):
        for stays, goes in ((mine.uuid, target.uuid), (target.uuid, mine.uuid)):
            missing = [NOWHERE if key == target.uuid else key for key in (stays, goes)]
            assert told_of(MERGE, stays, goes) == told_of(MERGE, *missing) == [("unknown",)]
    assert (standing(mine), standing(target)) == before


@pytest.mark.parametrize("why", ["restricted", "elsewhere", "too sensitive"])
def test_the_values_of_a_hidden_record_are_handed_to_nobody(hidden, personas, as_app, why):
    values, mine = "SELECT * FROM experts_values_of(%s, %s)", Expert.objects.get(name="林大同")
    make_sensitive(mine)
    with as_app(personas["officer_haidian"]):
        assert told_of(values, hidden[why].uuid, NOWHERE) == told_of(values, NOWHERE, NOWHERE) == []
    with as_app(None):
        assert told_of(values, hidden[why].uuid, mine.uuid) == []


def test_nobody_takes_back_a_merge_into_a_hidden_record(hidden, personas, as_app):
    """Neither who no longer sees it, nor who never did; and the answer is that of a merge that never was."""
    city, undo = personas["cleared_city"], "SELECT experts_undo_merge(%s, '[]')"
    act = "00000000-0000-4000-8000-0000000000ac"
    twin = make_expert("林二同")
    with as_app(city):
        word = told_of(
            MERGE.replace("gen_random_uuid()", f"'{act}'::uuid"), hidden["restricted"].uuid, twin.uuid
        )
    assert word == [("done",)]
    before = standing(hidden["restricted"]), standing(twin)
    for user in (personas["officer_haidian"], personas["staff_city"], personas["leader_city"]):
        with as_app(user):
            assert told_of(undo, act) == told_of(undo, NOWHERE) == [("unknown",)]
    assert (standing(hidden["restricted"]), standing(twin)) == before


def test_a_merge_lowers_no_label_whoever_asks(hidden, personas, as_app):
    twin = make_expert("林二同")
    with as_app(personas["cleared_city"]):
        assert told_of(MERGE, twin.uuid, hidden["restricted"].uuid) == [("label",)]
        assert told_of(MERGE, twin.uuid, hidden["too sensitive"].uuid) == [("label",)]


def test_undoing_is_open_for_30_days_whatever_is_asked_for(personas, as_app):
    one, two = make_expert("林大同"), make_expert("林大同")
    with as_app(personas["officer_haidian"]):
        forever = MERGE.replace("now())", "'infinity')")
        assert told_of(forever, one.uuid, two.uuid) == [("done",)]
        assert told_of("SELECT expires_at <= now() + interval '30 days' FROM experts_merge") == [(True,)]


BY_HAND = [
    "INSERT INTO experts_merge SELECT * FROM experts_merge",
    "UPDATE experts_merge SET expires_at = 'infinity'",
    "DELETE FROM experts_merge",
    "INSERT INTO experts_duplicatepair SELECT * FROM experts_duplicatepair",
    "DELETE FROM experts_duplicatepair",
    "SELECT experts_move_history(1, 2)",
    "SELECT experts_put_values(1, '[]')",
    "SELECT experts_fill_periods(1, 2)",
    "SELECT experts_stays_behind('experts_award')",
    "SELECT experts_moving_tables()",
    "UPDATE experts_expert SET label = 3",
    "UPDATE experts_historyevent SET expert_id = 1",
]


@pytest.mark.parametrize("statement", BY_HAND)
def test_nobody_merges_piece_by_piece(hidden, personas, as_app, statement):
    with as_app(personas["officer_haidian"]):
        assert failure(statement)[0] == "42501"


def test_looking_for_duplicates_of_a_hidden_record_tells_nothing(hidden, personas, as_app, sql):
    """Whoever names a record's number makes its pairs be looked up, and learns as little as of a number that
    belongs to nobody."""
    compare = "SELECT experts_note_pairs(ARRAY[%s])::text"
    twin = make_expert(hidden["restricted"].name, birth=hidden["restricted"].birth)
    with as_app(personas["officer_haidian"]):
        seen = "SELECT count(*) FROM experts_duplicatepair"
        for key in (hidden["restricted"].pk, twin.pk, MISSING):
            assert (told_of(compare, key), told_of(seen)) == ([(None,)], [(0,)])
    assert sql("SELECT expert_id, other_id FROM experts_duplicatepair") == [
        (hidden["restricted"].pk, twin.pk)
    ]
