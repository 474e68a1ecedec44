"""Both locks agree on meetings, symposia, briefings, training and subscriptions, for every persona and by
every way in."""

import pytest

from activities.models import CalendarFeed
from tests.access.gatherings import GATHERED, TAUGHT, TOLD, gathering_population
from tests.access.test_two_locks import seen_by_database, seen_by_python

TABLES = [*GATHERED, *TOLD, *TAUGHT]


@pytest.fixture
def gathered(personas):
    gathering_population(personas)
    return personas


def test_both_locks_agree_on_every_row_of_gatherings(gathered, as_app):
    expected = {name: {model: seen_by_python(model, user) for model in TABLES}
                for name, user in gathered.items()}  # fmt: skip
    for name, user in gathered.items():
        with as_app(user):
            assert {model: seen_by_database(model) for model in TABLES} == expected[name], name
    sizes = {name: [len(rows) for rows in by.values()] for name, by in expected.items()}
    own_feed = [int(model is CalendarFeed) for model in TABLES]
    assert sizes["no_role"] == sizes["auditor"] == own_feed
    assert len({tuple(each) for each in sizes.values()}) >= 5


def test_without_context_nothing_of_gatherings_is_read(gathered, as_app):
    assert [model for model in TABLES if not seen_by_database(model)] == []
    with as_app(None):
        assert [model for model in TABLES if seen_by_database(model)] == []
