"""Reference data: the closed lists in code equal the files, and loading is complete and repeatable."""

import csv
from itertools import pairwise

import pytest

from accounts.enums import UnitKind
from accounts.models import Unit
from experts.enums import Category, HonourCondition, HonourLevel, Label, Scope
from experts.models import Discipline, Honour, RuleVersion
from experts.models.catalogue import MUNICIPAL_AWARD
from liaison.reference import FOLDER, load_reference, rows

pytestmark = pytest.mark.django_db


def test_the_seven_categories_are_those_of_the_file_in_order():
    listed = [(row["code"], row["clause"]) for row in rows("categories")]
    numbered = [(category.value, f"三（一）{number}") for number, category in enumerate(Category, start=1)]
    assert listed == numbered


@pytest.mark.parametrize(("column", "values"), [
    ("level", HonourLevel.values),
    ("scope", Scope.values),
    ("condition", ["", *HonourCondition.values]),
    ("category_hint", ["", *Category.values]),
    ("default_label", ["", "sensitive"]),
])  # fmt: skip
def test_the_honour_file_uses_only_known_values(column, values):
    assert {row[column] for row in rows("honours")} <= set(values)


def test_units_are_of_known_kinds():
    assert {row["kind"] for row in rows("units")} <= set(UnitKind.values)


def test_every_honour_is_loaded_as_the_file_has_it():
    listed = {
        row["code"]: (
            row["name"],
            row["level"],
            row["scope"],
            row["condition"],
            Label.SENSITIVE if row["default_label"] == "sensitive" else Label.INTERNAL,
            row["clause"],
            row["category_hint"],
            row["aliases"].split("|") if row["aliases"] else [],
        )
        for row in rows("honours")
    }
    names = ("name", "level", "scope", "condition", "default_label", "clause", "category_hint", "aliases")
    stored = {honour.code: tuple(getattr(honour, name) for name in names) for honour in Honour.objects.all()}
    assert stored == listed


def test_the_catalogue_says_what_the_clause_says():
    """三（二）: academicians work in Beijing, programmes for returners are sensitive, all make key."""
    honours = Honour.objects.all()
    assert set(honours.filter(condition="works_in_beijing").values_list("code", flat=True)) == {"CAS", "CAE"}
    assert set(honours.filter(default_label=Label.SENSITIVE).values_list("code", flat=True)) == {
        "THOUSAND_TALENTS",
        "HAIJU",
    }
    assert set(honours.values_list("scope", flat=True)) == {Scope.KEY}
    assert {honour.clause_short for honour in honours} == {"三（二）"}
    assert honours.get(level=HonourLevel.PER_AWARD).code == MUNICIPAL_AWARD


def test_every_discipline_is_loaded():
    with (FOLDER / "disciplines.csv").open(encoding="utf-8-sig", newline="") as handle:
        listed = [(row["code"], row["name"]) for row in csv.DictReader(handle)]
    assert list(Discipline.objects.values_list("code", "name")) == listed
    assert str(Discipline.objects.get(code="520")) == "520 计算机科学技术"


def test_the_106_units_lie_nested_in_their_parents():
    listed = {row["code"]: row["parent_code"] for row in rows("units")}
    units = list(Unit.objects.select_related("parent").order_by("order"))
    assert len(listed) == 106
    assert {unit.code: unit.parent.code if unit.parent else "" for unit in units} == listed
    assert all(
        unit.parent.order < unit.order <= unit.order_end <= unit.parent.order_end for unit in units[1:]
    )


def test_intervals_of_siblings_never_overlap_and_leave_gaps():
    for parent in Unit.objects.filter(children__isnull=False).distinct():
        spans = list(parent.children.order_by("order").values_list("order", "order_end"))
        assert all(end < start for (_, end), (start, _) in pairwise(spans))
        assert spans[-1][1] < parent.order_end


def test_loading_twice_adds_nothing():
    versions = RuleVersion.objects.count()
    assert load_reference() == {"units": 0, "disciplines": 0, "honours": 0, "holidays": 0}
    assert RuleVersion.objects.count() == versions


def test_loading_again_keeps_what_people_have_edited():
    Honour.objects.filter(code="CAS").update(name="院士", aliases=["科学院"])
    Unit.objects.filter(code="D04").update(short_name="海淀")
    load_reference()
    assert Honour.objects.get(code="CAS").aliases == ["科学院"]
    assert Unit.objects.get(code="D04").short_name == "海淀"


def test_a_missing_entry_is_added_as_a_new_version_of_the_rule():
    Honour.objects.filter(code="BJ_RURAL").delete()
    before = RuleVersion.objects.count()
    assert load_reference()["honours"] == 1
    assert RuleVersion.objects.count() == before + 1
