"""What tests of contacts share: acts as the application does them, and what a form sends."""

from uuid import uuid4

from django.utils import timezone

from activities.actions import contacts
from activities.actions.contacts import Heard
from activities.ways import Went
from tests.roles import as_role


def today():
    return timezone.localdate()


def heard(*users, names=(), lines=(), photos=()):
    return Heard(Went(tuple(user.username for user in users), tuple(names)), lines, photos)


def recorded(by, expert, *went, on=None, uuid=None, names=(), lines=(), photos=(), **facts):
    """A visit as the application records it; by the one who writes it down unless others are named."""
    with as_role("liaison_app", by):
        return contacts.record_contact(
            by=by,
            expert=expert,
            uuid=uuid or uuid4(),
            facts={"on": on or today(), **facts},
            heard=heard(*(went or (by,)), names=names, lines=lines, photos=photos),
        )


def planned(by, *experts, on=None, went=(), uuid=None, **facts):
    with as_role("liaison_app", by):
        return contacts.plan_contact(
            by=by,
            experts=experts,
            uuid=uuid or uuid4(),
            facts={"on": on or today(), **facts},
            went=Went(tuple(user.username for user in went)),
        )
