"""How many statements each page of the register takes, whole request: the same at one row and at three."""

from datetime import date

import pytest

from experts.enums import SensitiveField
from experts.filters import discipline_choices, honour_choices
from experts.identity import note_pairs
from experts.models import SavedFilter
from tests.experts.pages import LIST, SUGGEST, at, queries
from tests.factories import make_award, make_expert, make_sensitive

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, officer_haidian):
    """Signed in, with the catalogue in the cache as after any first request."""
    honour_choices()
    discipline_choices()
    signed_in = client_of(officer_haidian)
    signed_in.get(SUGGEST)  # the first request of a session also notes when it was
    return signed_in


def grown(client, url, more):
    """Statements with one row, then with three."""
    first = queries(client, url)
    more()
    second = queries(client, url)
    return len(first), len(second), second


def two_more(**facts):
    def add():
        for name in ("张二", "张三"):
            make_expert(name, awards=["STATE_ALLOWANCE"], **facts)

    return add


@pytest.mark.parametrize(("query", "budget"), [
    ("", 9),
    ("?scope=key&category=none&freshness=fresh&label=0", 9),
    ("?q=zhang", 9),
    ("?honour=STATE_ALLOWANCE", 9),
    ("?unit=D04", 10),
])  # fmt: skip
def test_the_list(client, officer_haidian, query, budget):
    make_expert("张一", awards=["STATE_ALLOWANCE"])
    SavedFilter.objects.create(user=officer_haidian, name="我的", query="scope=key")
    one, three, statements = grown(client, LIST + query, two_more())
    assert (one, three) == (budget, budget), "\n".join(statements)


@pytest.mark.parametrize(
    ("tab", "budget"), [("contacts", 11), ("awards", 10), ("changes", 11), ("facts", 11), ("log", 11)]
)
def test_the_detail_page(client, tab, budget):
    expert = make_expert("张一", awards=["CAS"])
    make_sensitive(expert)

    def more():
        for text in ("示范奖一", "示范奖二"):
            make_award(expert, "MUNICIPAL_AWARD", text=text)
        make_sensitive(expert, SensitiveField.PHONE, "13800138000")

    one, three, statements = grown(client, at(expert) + f"?tab={tab}", more)
    assert (one, three) == (budget, budget), "\n".join(statements)


@pytest.mark.parametrize(("text", "budget"), [("张", 4), ("zhang", 4), ("示范大学", 4)])
def test_suggestions(client, text, budget):
    make_expert("张一", employer="示范大学")
    one, three, statements = grown(client, f"{SUGGEST}?q={text}", two_more(employer="示范大学"))
    assert (one, three) == (budget, budget), "\n".join(statements)


def test_the_workbench(client):
    make_expert("张一")
    one, three, statements = grown(client, "/", two_more())
    assert (one, three) == (21, 21), "\n".join(statements)


def test_the_forms(client):
    expert = make_expert("张一")
    one, three, statements = grown(client, at(expert, "edit"), two_more())
    assert (one, three) == (7, 7), "\n".join(statements)


def test_the_possible_duplicates(client):
    def pair(day):
        note_pairs(*[make_expert("张双", birth=date(1966, day, 1)) for _ in range(2)])

    pair(1)
    one, three, statements = grown(client, "/experts/duplicates/", lambda: [pair(2), pair(3)])
    assert (one, three) == (7, 7), "\n".join(statements)


def test_a_page_with_duplicates(client):
    def twin():
        return make_expert("张双", birth=date(1966, 1, 1))

    expert = twin()
    note_pairs(expert, twin())
    one, three, statements = grown(client, at(expert), lambda: note_pairs(twin(), twin()))
    assert (one, three) == (12, 12), "\n".join(statements)


def test_the_page_that_merges(client):
    one, two = make_expert("张双", post="院长"), make_expert("张双", post="主任")
    statements = queries(client, at(one, "merge", two.uuid))
    assert len(statements) == 7, "\n".join(statements)
