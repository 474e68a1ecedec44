"""The unit tree: intervals with gaps, moves that records follow, settings inherited down it."""

from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.actions import clear_unit_setting, move_unit, set_unit_setting, update_unit
from accounts.models import Unit, UnitSetting
from accounts.models.unit import FAN_OUT, ROOT_WIDTH
from accounts.unit_settings import effective, validate
from audit.models import Event
from tests.factories import enter, hold, make_award, make_expert, make_sensitive, make_unit, unit

pytestmark = pytest.mark.django_db
KEY = "confirmation_years"


def numbers():
    return dict(Unit.objects.values_list("code", "order"))


def assert_nested():
    """Every unit lies inside its parent, beside its siblings."""
    rows = list(Unit.objects.order_by("order"))
    by_id = {row.pk: row for row in rows}
    for row in rows:
        if row.parent_id:
            above = by_id[row.parent_id]
            assert above.order < row.order <= row.order_end <= above.order_end
    for one, two in pairwise(rows):
        assert two.order > one.order_end or one.order <= two.order <= two.order_end <= one.order_end


def test_reference_tree_is_nested_in_one_root():
    root = unit("BJ")
    assert (root.order, root.order_end) == (0, ROOT_WIDTH - 1)
    assert Unit.objects.filter(parent=None).get() == root
    assert_nested()


def test_new_unit_takes_the_next_slot_and_renumbers_nothing():
    before = numbers()
    one, two = make_unit("D04"), make_unit("D04")
    below = make_unit(one.code)
    after = numbers()
    assert {code: after[code] for code in before} == before
    assert unit("D04").order < one.order < below.order < two.order
    assert list(Unit.objects.above(below).values_list("code", flat=True)) == [
        below.code,
        one.code,
        "D04",
        "BJ",
    ]
    assert_nested()


def many_units(parent, count):
    """That many units below `parent`, fifty to a branch, numbered as `create_unit` would."""
    width = parent.width // FAN_OUT

    def row(above, slot, width):
        low = above.order + slot * width
        code = f"{above.code}.{slot}"
        return Unit(
            code=code,
            name=f"多{code}",
            short_name=code,
            kind="other",
            parent=above,
            order=low,
            order_end=low + width - 1,
        )

    branches = Unit.objects.bulk_create([row(parent, 1000 + n, width) for n in range(count // 50)])
    leaves = [row(branch, slot, width // FAN_OUT) for branch in branches for slot in range(1, 50)]
    Unit.objects.bulk_create(leaves)


def test_tree_of_five_thousand_takes_new_units_with_few_statements_and_renumbers_none(
    django_assert_num_queries,
):
    many_units(unit("BJ"), 5000)
    before = numbers()
    assert len(before) > 5000
    parents = ["BJ", "BJ.1099", "BJ.1050", "D04"] * 25
    with django_assert_num_queries(7 * len(parents)):
        added = [make_unit(parent) for parent in parents]
    after = numbers()
    assert {code: after[code] for code in before} == before
    assert len(after) == len(before) + len(added)
    assert_nested()


def test_levels_below_the_fifth_are_refused():
    below = unit("BJ")
    for _ in range(4):
        below = make_unit(below.code)
    assert Unit.objects.above(below).count() == 5
    with pytest.raises(ValidationError, match="最多五级"):
        make_unit(below.code)


def test_level_that_is_full_is_refused():
    haidian = unit("D04")
    width = haidian.width // FAN_OUT
    last = haidian.order + (FAN_OUT - 1) * width
    Unit.objects.create(
        code="LAST",
        name="末",
        short_name="末",
        kind="other",
        parent=haidian,
        order=last,
        order_end=last + width - 1,
    )
    with pytest.raises(ValidationError, match="已不能再增加单位"):
        make_unit("D04")


def test_second_root_and_empty_interval_are_refused_by_constraint():
    for facts in [
        {"parent": None, "order": -10, "order_end": -5},
        {"parent": unit("BJ"), "order": 5, "order_end": 4},
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Unit.objects.create(code="Z", name="Z", short_name="Z", kind="other", **facts)


def lock_of(table, expert, key="expert_id"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT unit_order FROM {table} WHERE {key} = %s", [expert.pk])
        return [order for (order,) in cursor.fetchall()]


def test_move_takes_the_subtree_and_its_experts_along(as_app, secadmin):
    one = make_unit("D04")
    two = make_unit(one.code)
    expert = make_expert(unit=two, awards=["STATE_ALLOWANCE"])
    make_sensitive(expert)
    outside = make_expert(unit_code="D03")
    hold(outside, two.code)
    others = {code: order for code, order in numbers().items() if code not in (one.code, two.code)}
    target = unit("D03")
    with as_app(secadmin):
        move_unit(one, target)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.parent, two.parent) == (target, one)
    assert target.contains(one.order)
    assert one.contains(two.order)
    assert {code: order for code, order in numbers().items() if code in others} == others
    assert lock_of("experts_expert", expert, "id") == [two.order]
    for table in ["experts_award", "experts_searchtoken", "experts_sensitivevalue"]:
        assert lock_of(table, expert) == [two.order]
    assert lock_of("experts_holder", outside) == [two.order]
    assert lock_of("experts_expert", outside, "id") == [target.order]
    assert_nested()


LATE = """
    SELECT tgname FROM pg_trigger JOIN pg_constraint con ON con.oid = tgconstraint
    WHERE tgrelid = 'accounts_unit'::regclass AND confupdtype = 'c' AND conrelid = 'experts_expert'::regclass
"""


def test_move_is_whole_in_whatever_order_the_keys_cascade(sql, secadmin, officer_haidian):
    """PostgreSQL takes them by name, which ends in a number of the cluster: after a restore in any order."""
    one = make_unit("D04")
    expert = make_expert(unit=one, awards=["STATE_ALLOWANCE"])
    enter(expert, one.code)
    names = [name for (name,) in sql(LATE)]
    assert names
    for name in names:
        sql(f'ALTER TRIGGER "{name}" ON accounts_unit RENAME TO "RI_last_{name}"')
    move_unit(one, unit("D03"))
    one.refresh_from_db()
    for table in ("experts_rosterentry", "activities_coverage"):
        assert lock_of(table, expert) == [one.order]
    connection.check_constraints()


def test_move_changes_who_sees_the_experts(as_app, officer_haidian, officer_chaoyang):
    from experts.models import Expert

    one = make_unit("D04")
    expert = make_expert(unit=one)
    seen = [
        Expert.objects.visible_to(user).filter(pk=expert.pk).exists()
        for user in (officer_haidian, officer_chaoyang)
    ]
    assert seen == [True, False]
    move_unit(one, unit("D03"))
    with as_app(officer_haidian):
        assert not Expert.objects.filter(pk=expert.pk).exists()
    with as_app(officer_chaoyang):
        assert Expert.objects.filter(pk=expert.pk).exists()
        make_award(Expert.objects.get(pk=expert.pk))


def test_move_within_the_same_parent_keeps_the_tree_whole():
    one = make_unit("D04")
    make_unit(one.code)
    move_unit(one, unit("D04"))
    assert one.parent.code == "D04"
    assert_nested()


def test_move_of_many_units_takes_few_statements(django_assert_num_queries):
    one, target = make_unit("D04"), unit("D03")
    many_units(one, 2000)
    with django_assert_num_queries(9):  # five of them for five hundred units each
        move_unit(one, target)
    one.refresh_from_db()
    assert unit("D03").contains(one.order)
    assert Unit.objects.below(one).count() == 2000
    assert_nested()


def test_move_that_makes_the_tree_too_deep_is_refused():
    one = make_unit("D04")
    make_unit(make_unit(one.code).code)
    deep = make_unit(make_unit("D03").code)
    with pytest.raises(ValidationError, match="层级过深"), transaction.atomic():
        move_unit(one, deep)
    assert_nested()


def test_move_below_itself_is_refused():
    one = make_unit("D04")
    with pytest.raises(ValidationError, match="不能这样调整"):
        move_unit(unit("D04"), one)


def test_update_writes_and_records_only_what_differs(officer_haidian):
    one = make_unit("D04", area="海淀区")
    update_unit(by=officer_haidian, unit=one, area="海淀区", short_name="新名")
    event = Event.objects.get(username="officer_haidian")
    assert (event.verb, event.reference, event.fields) == ("change", one.code, ["short_name"])
    update_unit(by=officer_haidian, unit=one, area="海淀区", short_name="新名")
    assert Event.objects.filter(username="officer_haidian").count() == 1


def value_of(code):
    setting = effective(unit(code), KEY)
    return setting.value, setting.origin


def test_settings_are_inherited_and_say_where_they_come_from(officer_haidian):
    child = make_unit("D04")
    assert value_of(child.code) == (2, "系统缺省")
    set_unit_setting(by=officer_haidian, unit=unit("BJ"), key=KEY, value=5)
    assert value_of(child.code) == (5, "继承自 市委组织部")
    assert value_of("D03") == (5, "继承自 市委组织部")
    near = set_unit_setting(by=officer_haidian, unit=unit("D04"), key=KEY, value=3)
    assert value_of(child.code) == (3, "继承自 海淀区委")
    assert value_of("D04") == (3, "本单位设置")
    assert value_of("D03") == (5, "继承自 市委组织部")
    clear_unit_setting(by=officer_haidian, setting=near)
    assert value_of("D04") == (5, "继承自 市委组织部")


def test_setting_again_replaces_the_value(officer_haidian):
    for value in (3, 4):
        set_unit_setting(by=officer_haidian, unit=unit("D04"), key=KEY, value=value)
    assert UnitSetting.objects.get().value == 4


@pytest.mark.parametrize("value", [0, 11, -1, "3", 2.5, True, None])
def test_setting_out_of_range_is_refused(value):
    with pytest.raises(ValueError, match="请填 1 到 10 之间的整数"):
        validate(KEY, value)
