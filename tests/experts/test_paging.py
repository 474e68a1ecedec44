"""Paging by key: whoever walks the pages meets every row once, in order, both ways."""

import base64
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.paging import Order, page_by_key, url_with
from experts.listing import ORDERS
from experts.models import Expert
from tests.factories import make_expert, unit

pytestmark = pytest.mark.django_db
NAMES = ["安然", "王伟", "王伟", "王伟", "单于", "曾国", "张三", "John", "阿依努尔·买买提"]
BORN = [date(1960, 1, 1), date(1960, 1, 1), date(1975, 6, 30), date(2000, 2, 29)]
MOMENT = datetime(2026, 11, 23, 6, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def people(db):
    """Forty records with many ties in every column, some only microseconds apart."""
    at = unit("D04")
    rows = []
    for number in range(40):
        expert = Expert(name=NAMES[number % len(NAMES)], unit=at, unit_order=at.order)
        expert.birth = BORN[number % len(BORN)]
        expert.updated_at = MOMENT + timedelta(microseconds=number // 3)
        expert.sort_key = expert.keyed()
        rows.append(expert)
    Expert.objects.bulk_create(rows)
    return Expert.objects.all()


def page_of(rows, order, size, **at):
    params = QueryDict(mutable=True)
    params.update({name: value for name, value in at.items() if value is not None})
    return page_by_key(rows, order, params, size)


def walk(rows, order, size, **start):
    """All pages from a start on, by following `next`."""
    pages = [page_of(rows, order, size, **start)]
    while pages[-1].next:
        pages.append(page_of(rows, order, size, after=pages[-1].next))
        assert len(pages) <= 60
    return pages


def keys(*pages):
    return [row.pk for page in pages for row in page.rows]


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("size", [1, 3, 7, 39, 40, 41])
def test_following_next_gives_every_row_once_and_in_order(people, sort, size):
    order = ORDERS[sort][1]
    pages = walk(people, order, size)
    assert keys(*pages) == list(people.order_by(*order.expressions()).values_list("pk", flat=True))
    assert [len(page.rows) for page in pages[:-1]] == [size] * (len(pages) - 1)


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("size", [1, 3, 7])
def test_previous_leads_back_over_the_same_pages(people, sort, size):
    order = ORDERS[sort][1]
    pages = walk(people, order, size)
    back = [pages[-1]]
    while back[0].previous:
        back.insert(0, page_of(people, order, size, before=back[0].previous))
    assert [keys(page) for page in back] == [keys(page) for page in pages]
    assert (back[0].previous, back[0].next is not None) == (None, True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    removed=st.sets(st.integers(0, 39), max_size=20),
    size=st.integers(1, 15),
    sort=st.sampled_from(sorted(ORDERS)),
)
@example(removed=set(range(40)), size=5, sort="name")
def test_rows_removed_between_two_pages_never_hide_or_repeat_others(people, removed, size, sort):
    order = ORDERS[sort][1]
    ordered = list(people.order_by(*order.expressions()).values_list("pk", flat=True))
    first = page_of(people, order, size)
    gone = [ordered[index] for index in removed]
    left = people.exclude(pk__in=gone)
    rest = walk(left, order, size, after=first.next) if first.next else []
    seen = keys(*rest)
    expected = [pk for pk in ordered[size:] if pk not in gone]
    if expected:
        assert seen == expected
    else:
        assert seen == ([pk for pk in ordered if pk not in gone] if first.next else [])


def test_a_letter_starts_at_the_first_name_that_reads_so(people):
    order = ORDERS["name"][1]
    names = [row.name for page in walk(people, order, 5, letter="w") for row in page.rows]
    assert set(names) == {"王伟", "张三", "曾国"}
    assert page_of(people, order, 5, letter="S").rows[0].name == "单于"
    assert page_of(people, order, 5, letter="S").previous is not None


def test_going_back_from_a_letter_leads_to_what_stands_before(people):
    order = ORDERS["name"][1]
    ordered = list(people.order_by("sort_key"))
    page = page_of(people, order, 5, letter="w")
    before = page_of(people, order, 5, before=page.previous)
    at = ordered.index(page.rows[0])
    assert before.rows == ordered[at - 5 : at]


@pytest.mark.parametrize(
    ("sort", "letter"), [("-name", "w"), ("age", "w"), ("name", "1"), ("name", "王"), ("name", "")]
)
def test_a_letter_that_means_nothing_is_ignored(people, sort, letter):
    order = ORDERS[sort][1]
    page = page_of(people, order, 5, letter=letter)
    assert (keys(page), page.previous) == (keys(page_of(people, order, 5)), None)


def test_a_letter_beyond_the_last_name_shows_the_beginning(people):
    few = people.exclude(name__in=["张三", "曾国"])
    order = ORDERS["name"][1]
    assert keys(page_of(few, order, 5, letter="z")) == keys(page_of(few, order, 5))


def packed(values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


TAMPERED = {
    "no base64": "%%%",
    "no json": base64.urlsafe_b64encode(b"{[").decode(),
    "not utf-8": base64.urlsafe_b64encode(b'["\xff\xfe"]').decode(),
    "not ascii": "页码",
    "an object": packed({"a": 1}),
    "too few": packed([]),
    "too many": packed(["a", "b", "c", "d"]),
    "null": packed([None, None]),
    "a list": packed([["a"], "b"]),
    "true": packed([True, "b"]),
    "a float": packed([1.5, "b"]),
    "text for a day": packed(["gestern", "b"]),
    "no such day": packed(["2026-02-30", "b"]),
    "a number for a day": packed([5, "b"]),
    "a huge number": packed([10**40, "b"]),
    "a moment without zone": packed(["2026-01-01T00:00:00", "b"]),
    "a zero byte": packed(["a\0", "b"]),
    "half a character": base64.urlsafe_b64encode(b'["\\ud800", "\\ud800"]').decode(),
    "deep": base64.urlsafe_b64encode(b"[" * 9000).decode(),
    "a long number": base64.urlsafe_b64encode(b"[" + b"9" * 9000 + b"]").decode(),
}


@pytest.mark.parametrize("sort", ["name", "age", "-updated"])
@pytest.mark.parametrize("cursor", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_cursor_shows_the_beginning(people, sort, cursor):
    order = ORDERS[sort][1]
    for side in ("after", "before"):
        assert keys(page_of(people, order, 5, **{side: cursor})) == keys(page_of(people, order, 5))


@pytest.mark.parametrize("values", [[2**70], [-(2**70)], ["x"], ["1e5"], [""], [None]])
def test_a_tampered_cursor_of_numbers_shows_the_beginning(people, values):
    order = Order(("id",))
    for side in ("after", "before"):
        assert keys(page_of(people, order, 5, **{side: packed(values)})) == keys(page_of(people, order, 5))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=20)
        | st.dates().map(str)
        | st.datetimes().map(str),
        max_size=3,
    ),
    sort=st.sampled_from(sorted(ORDERS)),
    side=st.sampled_from(["after", "before"]),
)
def test_no_cursor_whatever_breaks_the_list(people, values, sort, side):
    page = page_of(people, ORDERS[sort][1], 5, **{side: packed(values)})
    assert 1 <= len(page.rows) <= 5


def test_a_cursor_of_one_order_does_not_break_another(people):
    for mine in ORDERS.values():
        for other in ORDERS.values():
            cursor = page_of(people, mine[1], 5).next
            assert len(page_of(people, other[1], 5, after=cursor).rows) in range(1, 6)


def test_nobody_on_the_list_gives_an_empty_page():
    page = page_of(Expert.objects.none(), ORDERS["name"][1], 5, after=packed(["a"]))
    assert (page.rows, page.previous, page.next) == ([], None, None)


def test_changing_a_filter_starts_again_at_page_one():
    params = QueryDict("scope=key&after=abc&letter=w&sort=age")
    assert url_with(params, scope="general") == "?scope=general&sort=age"
    assert url_with(params, scope=None) == "?sort=age"
    assert url_with(params, after="next", letter=None) == "?scope=key&after=next&sort=age"
    assert url_with(QueryDict("scope=key"), scope=None) == "?"


def test_names_that_differ_only_by_record_are_told_apart_by_it():
    made = {make_expert("王伟").pk for _ in range(4)}
    pages = walk(Expert.objects.all(), ORDERS["-name"][1], 1)
    assert (len(pages), set(keys(*pages))) == (4, made)
