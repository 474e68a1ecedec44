"""`held` and the holder's key follow what they are copies of, whoever changes it."""

import pytest
from django.db import connection

from accounts.actions import move_unit
from experts.actions.register import update_expert
from experts.models import (
    Award,
    Expert,
    Holder,
    Proposal,
    ProposalKind,
    ProposalLine,
    RosterEntry,
    SearchToken,
    SensitiveValue,
)
from experts.roster_effects import apply
from tests.factories import hold, make_award, make_expert, make_sensitive, make_unit, unit

pytestmark = pytest.mark.django_db
CARRIERS = [Award, SearchToken, SensitiveValue]


@pytest.fixture
def shared():
    expert = make_expert("共同联系", unit_code="D03", awards=["CAS"])
    make_sensitive(expert)
    hold(expert, "D04")
    return expert


def held_by(expert):
    """Units whose number is in the record's set, and in the copies of everything that hangs on it."""
    numbers = {Expert.objects.get(pk=expert.pk).held}
    for model in CARRIERS:
        numbers |= set(model.objects.filter(expert=expert).values_list("held", flat=True))
    assert len(numbers) == 1, numbers
    text = numbers.pop()
    return {code for code in ("D03", "D04", "U03") if text and f"[{unit(code).order}," in text}


def test_a_holder_is_noted_on_the_record_and_on_all_that_hangs_on_it(shared):
    assert held_by(shared) == {"D04"}
    hold(shared, "U03")
    assert held_by(shared) == {"D04", "U03"}


def test_what_is_added_later_carries_it_too(shared):
    make_award(shared, "MUNICIPAL_AWARD", text="示范奖")
    assert held_by(shared) == {"D04"}


def test_a_holder_that_goes_is_taken_off(shared):
    hold(shared, "U03")
    Holder.objects.filter(expert=shared, unit=unit("D04")).delete()
    assert held_by(shared) == {"U03"}
    Holder.objects.filter(expert=shared).delete()
    assert held_by(shared) == set()


def test_many_at_once_are_noted_one_by_one():
    experts = [make_expert(f"王{number}") for number in range(3)]
    at = unit("U03")
    Holder.objects.bulk_create(Holder(expert=each, unit=at, unit_order=at.order) for each in experts[:2])
    assert [held_by(each) for each in experts] == [{"U03"}, {"U03"}, set()]


def test_a_holder_that_moves_in_the_tree_is_noted_at_its_new_place(shared):
    at, before = unit("D04"), unit("D04").order
    Holder.objects.filter(expert=shared).update(unit_order=before)  # the same: nothing to do
    with connection.cursor() as cursor:
        cursor.execute('UPDATE accounts_unit SET "order" = "order" + 1 WHERE id = %s', [at.pk])
    assert f"[{before + 1}," in Expert.objects.get(pk=shared.pk).held
    assert held_by(shared) == {"D04"}


def test_the_holder_follows_the_name(shared, officer_chaoyang):
    update_expert(by=officer_chaoyang, expert=shared, version=1, facts={"name": "新名字"})
    fresh = Expert.objects.get(pk=shared.pk)
    assert Holder.objects.get(expert=shared).sort_key == fresh.sort_key == fresh.keyed()
    assert held_by(shared) == {"D04"}


def test_an_expert_that_goes_takes_its_holders_along(shared):
    Expert.objects.filter(pk=shared.pk).delete()
    assert not Holder.objects.filter(expert_id=shared.pk).exists()


def test_a_token_that_says_another_set_than_its_expert_is_refused(shared):
    from django.db import IntegrityError

    facts = {"expert": shared, "label": shared.label, "unit_order": shared.unit_order, "held": None}
    with pytest.raises(IntegrityError, match="search token"):
        SearchToken.objects.create(token="别", sort_key=shared.sort_key, **facts)


@pytest.fixture
def listed(staff_city):
    """Managed by a unit below D04, and on the roster of D04 by a proposal."""
    expert = make_expert("下属单位", unit_code=make_unit("D04").code)
    apply(by=staff_city, proposal=admission(staff_city, expert))
    return expert


def admission(by, *experts, code="D04"):
    proposal = Proposal.objects.create(unit=unit(code), kind=ProposalKind.ADMIT, drafted_by=by)
    for expert in experts:
        ProposalLine.objects.create(proposal=proposal, expert=expert, scope="key", conditions_met=True)
    return proposal


def sees(user, expert):
    return Expert.objects.visible_to(user).filter(pk=expert.pk).exists()


def test_a_unit_that_sees_its_subtree_anyhow_is_no_holder(listed, officer_haidian):
    assert not Holder.objects.filter(expert=listed).exists()
    assert sees(officer_haidian, listed)


def test_whom_its_roster_has_the_unit_sees_after_they_have_left_its_subtree(listed, officer_haidian, as_app):
    listed.unit = unit("D03")
    listed.save(update_fields=["unit"])
    assert held_by(listed) == {"D04"}
    with as_app(officer_haidian):
        assert sees(officer_haidian, listed)
        assert Expert.objects.filter(pk=listed.pk).exists()
    assert RosterEntry.objects.get(expert=listed).held == Expert.objects.get(pk=listed.pk).held


def test_a_unit_that_moves_in_the_tree_takes_nobody_from_the_rosters_above(listed, officer_haidian):
    move_unit(listed.unit, unit("D03"))
    assert held_by(listed) == {"D04"}
    assert sees(officer_haidian, listed)
    entry = RosterEntry.objects.get(expert=listed)
    assert entry.held == Expert.objects.get(pk=listed.pk).held


def test_who_is_on_no_roster_of_it_is_lost_to_the_unit(officer_haidian):
    expert = make_expert("没有列入", unit_code=make_unit("D04").code)
    expert.unit = unit("D03")
    expert.save(update_fields=["unit"])
    assert held_by(expert) == set()
    assert not sees(officer_haidian, expert)


def test_the_root_is_never_a_holder(staff_city):
    expert = make_expert("市级", unit_code="U03")
    apply(by=staff_city, proposal=admission(staff_city, expert, code="BJ"))
    expert.unit = unit("D03")
    expert.save(update_fields=["unit"])
    assert not Holder.objects.filter(expert=expert).exists()


def test_many_lines_are_taken_in_batches_and_each_once(staff_city, monkeypatch):
    monkeypatch.setattr("experts.models.proposal.BATCH", 2)
    codes = ["D03", make_unit("D04").code] * 2
    experts = [make_expert(f"王{number}", unit_code=code) for number, code in enumerate(codes)]
    told = []
    proposal = admission(staff_city, *experts)
    apply(by=staff_city, proposal=proposal, report=lambda *progress: told.append(progress))
    assert told == [(2, 4), (4, 4)]
    assert RosterEntry.objects.filter(opened_by=proposal).count() == 4
    assert set(Holder.objects.values_list("expert__name", flat=True)) == {"王0", "王2"}
