"""`held` and the holder's key follow what they are copies of, whoever changes it."""

import pytest
from django.db import connection

from experts.actions.register import update_expert
from experts.models import Award, Expert, Holder, SearchToken, SensitiveValue
from tests.factories import hold, make_award, make_expert, make_sensitive, unit

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
