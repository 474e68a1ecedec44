"""The rule of scope (三（二）): each case of the clause, and what is said about it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from experts.actions.scoping import recompute
from experts.enums import AwardState, Category, Scope
from experts.models import Expert, Honour
from experts.scope import BEIJING_MISSING, decide, suggest_category
from tests.factories import make_award, make_expert

pytestmark = pytest.mark.django_db
today = timezone.localdate


def outcome(expert, **facts):
    awards = expert.awards.select_related("honour")
    return decide(awards, **({"works_in_beijing": expert.works_in_beijing, "day": today()} | facts))


@pytest.mark.parametrize(
    "code",
    [
        "CAS",
        "CAE",
        "NATIONAL_OUTSTANDING",
        "THOUSAND_TALENTS",
        "TEN_THOUSAND_TALENTS",
        "STATE_ALLOWANCE",
        "CAPITAL_OUTSTANDING",
        "BJ_STM",
        "BJ_RURAL",
        "BJ_SKILL",
        "BJ_YOUTH",
        "HAIJU",
        "GAOCHUANG",
        "MUNICIPAL_AWARD",
    ],
)
def test_every_honour_of_the_catalogue_makes_an_expert_key(code):
    assert outcome(make_expert(awards=[code])).scope == Scope.KEY


def test_an_expert_without_honours_is_general():
    decision = outcome(make_expert())
    assert (decision.scope, decision.basis) == (Scope.GENERAL, [])


def test_an_academician_outside_beijing_is_general_and_told_why():
    decision = outcome(make_expert(awards=["CAS"], works_in_beijing=False))
    assert decision.scope == Scope.GENERAL
    assert [ground.why_not for ground in decision.near_misses] == [BEIJING_MISSING]


def test_another_honour_does_not_ask_for_beijing():
    assert outcome(make_expert(awards=["STATE_ALLOWANCE"], works_in_beijing=False)).scope == Scope.KEY


@pytest.mark.parametrize(
    ("state", "scope"),
    [
        (AwardState.PENDING, Scope.GENERAL),
        (AwardState.REJECTED, Scope.GENERAL),
        (AwardState.VERIFIED, Scope.KEY),
        (AwardState.RECORDED, Scope.KEY),
    ],
)
def test_an_award_counts_by_its_state(state, scope):
    verified = {"verified_at": None}
    expert = make_expert()
    make_award(expert, "MUNICIPAL_AWARD", text="示范奖", state=state, **verified)
    assert outcome(expert).scope == scope


def test_an_honour_counts_only_while_the_catalogue_holds_it_valid():
    expert = make_expert(awards=["GAOCHUANG"])
    Honour.objects.filter(code="GAOCHUANG").update(valid_until=today() - timedelta(days=1))
    assert outcome(expert).scope == Scope.GENERAL
    assert outcome(expert, day=today() - timedelta(days=1)).scope == Scope.KEY


def test_the_basis_names_honour_year_and_clause_in_catalogue_order():
    expert = make_expert(awards=[("GAOCHUANG", 2021), ("STATE_ALLOWANCE", 2018)])
    assert outcome(expert).basis == [
        {"honour": "STATE_ALLOWANCE", "name": "享受政府特殊津贴专家", "year": 2018, "clause": "三（二）"},
        {"honour": "GAOCHUANG", "name": "北京市“高创计划”入选者", "year": 2021, "clause": "三（二）"},
    ]


def test_recompute_stores_what_the_rule_says_for_everyone():
    kept = make_expert("甲", awards=["CAS"])
    moved = make_expert("乙", awards=["GAOCHUANG"])
    Honour.objects.filter(code="GAOCHUANG").update(valid_until=date(2020, 1, 1))
    assert recompute(Expert.objects.all()) == (2, 1)
    assert dict(Expert.objects.values_list("pk", "scope")) == {kept.pk: Scope.KEY, moved.pk: Scope.GENERAL}


@pytest.mark.parametrize(
    ("codes", "category"),
    [
        (["CAS"], Category.SCIENCE_ENGINEERING),
        (["BJ_SKILL"], Category.HIGH_SKILL),
        (["CAS", "BJ_SKILL"], None),
        (["STATE_ALLOWANCE"], None),
    ],
)
def test_the_rule_only_suggests_a_category_that_all_honours_point_to(codes, category):
    assert suggest_category(Honour.objects.filter(code__in=codes)) == category
