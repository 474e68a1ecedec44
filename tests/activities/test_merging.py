"""A merge of two records moves their contacts with all that hangs on them; undoing it gives them back."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from activities.actions.photos import picture_of
from activities.models import Contact, ContactPerson, Coverage, FollowUp, Photo
from experts.actions import merging
from experts.models import Expert
from tests.activities.steps import recorded, today
from tests.factories import enter, make_contact, make_expert, make_follow_up, make_photo
from tests.roles import as_role

pytestmark = pytest.mark.django_db
MODELS = (Contact, ContactPerson, FollowUp, Photo)


@pytest.fixture
def by(officer_haidian):
    return officer_haidian


@pytest.fixture
def two(by):
    """Two records of one person. The one that goes has a visit with all that hangs on one, a plan and a
    draft."""
    stay, gone = make_expert("林双", awards=["CAS"]), make_expert("林爽", awards=["CAS"])
    recorded(by, stay, on=today() - timedelta(days=200))
    contact = make_contact(by, gone, heard="谈项目", next_step="送材料", next_on=today())
    ContactPerson.objects.create(contact=contact, user=by, capacity="officer")
    ContactPerson.objects.create(contact=contact, name="张秘书", capacity="other")
    make_follow_up(contact, owner=by)
    make_photo(contact, b"\xff\xd8 picture", by=by)
    ahead = today() + timedelta(days=3)
    make_contact(None, gone, ahead, state="planned", way="", planned_by=by, recorded_at=None)
    make_contact(by, gone, state="draft", way="")
    return stay, gone


def merged(by, stay, gone):
    with as_role("liaison_app", by):
        return merging.merge_records(
            by=by, stay=stay, gone=gone, versions=(stay.version, gone.version), taken=()
        )


def undone(by, merge):
    with as_role("liaison_app", by):
        return merging.undo_merge(by=by, merge=merge)


def whose():
    """Of every row whose it is and what the locks look at."""
    columns = ("pk", "expert", "label", "unit_order", "held")
    return {model.__name__: sorted(model.objects.values_list(*columns), key=str) for model in MODELS}


def test_contacts_move_with_people_lines_and_photos(by, two, as_app):
    stay, gone = two
    merged(by, stay, gone)
    assert {model.__name__: model.objects.filter(expert=gone).count() for model in MODELS} == {
        "Contact": 0, "ContactPerson": 0, "FollowUp": 0, "Photo": 0
    }  # fmt: skip
    assert Contact.objects.filter(expert=stay).count() == 4
    with as_app(by):
        contact = Contact.objects.get(heard="谈项目")
        assert sorted(map(str, contact.people.all())) == sorted([str(by), "张秘书"])
        assert contact.follow_ups.get().text == "子女入学咨询"
        assert picture_of(contact.photos.get()) == b"\xff\xd8 picture"


def test_the_clock_of_the_survivor_is_reset_by_what_moved(by, two):
    stay, gone = two
    enter(stay)
    assert Coverage.objects.get(expert=stay).last_on == today() - timedelta(days=200)
    merge = merged(by, stay, gone)
    assert Coverage.objects.get(expert=stay).last_on == today()
    undone(by, merge)
    assert Coverage.objects.get(expert=stay).last_on == today() - timedelta(days=200)


def test_undoing_gives_everything_back(by, two):
    before = whose()
    merge = merged(by, *two)
    assert whose() != before
    undone(by, merge)
    assert whose() == before
    assert picture_of(Photo.objects.get()) == b"\xff\xd8 picture"


@pytest.mark.parametrize(("model", "column"), [(Contact, "heard"), (FollowUp, "text")])
def test_what_was_changed_since_stops_undoing(by, two, model, column):
    stay, gone = two
    merge = merged(by, stay, gone)
    model.objects.exclude(**{column: ""}).update(**{column: "改过"})
    with pytest.raises(ValidationError, match="已有改动"):
        undone(by, merge)
    assert Expert.objects.get(pk=gone.pk).label == 3
