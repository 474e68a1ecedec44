"""How many statements each page of the register takes, whole request: the same at one row and at three."""

import pytest

from experts.enums import SensitiveField
from experts.filters import discipline_choices, honour_choices
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
    ("", 8),
    ("?scope=key&category=none&freshness=fresh&label=0", 8),
    ("?q=zhang", 8),
    ("?honour=STATE_ALLOWANCE", 8),
    ("?unit=D04", 9),
])  # fmt: skip
def test_the_list(client, officer_haidian, query, budget):
    make_expert("张一", awards=["STATE_ALLOWANCE"])
    SavedFilter.objects.create(user=officer_haidian, name="我的", query="scope=key")
    one, three, statements = grown(client, LIST + query, two_more())
    assert (one, three) == (budget, budget), "\n".join(statements)


@pytest.mark.parametrize(("tab", "budget"), [("awards", 8), ("changes", 9), ("facts", 9), ("log", 9)])
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
    assert (one, three) == (9, 9), "\n".join(statements)


def test_the_forms(client):
    expert = make_expert("张一")
    one, three, statements = grown(client, at(expert, "edit"), two_more())
    assert (one, three) == (7, 7), "\n".join(statements)
