"""How long it takes to decide on a proposal with a line for everybody of the city.

In one transaction that is taken back: as owner the city's roster is emptied, then an officer and a department
head act as they do in the product, under row-level security.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from accounts.enums import Clearance, Duty
from accounts.models import RoleAssignment, Unit, User
from accounts.roles import Role
from core.rls import set_actor
from experts.actions import proposals as acts
from experts.models import Expert, ProposalLine
from liaison.bench.exports import watched

EMPTY = """
ALTER TABLE experts_rosterentry DISABLE TRIGGER USER;
DELETE FROM experts_rosterentry WHERE unit_id = %(unit)s;
DELETE FROM experts_rostertally WHERE unit_id = %(unit)s;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE experts_rosterentry ENABLE TRIGGER USER;
"""


def decided() -> dict[str, float]:
    """Seconds of each act, the number of lines, and the megabytes that the process took on top."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")  # as autovacuum has done between the acts of an office
    return _taken_back()


@transaction.atomic
def _taken_back() -> dict[str, float]:
    city = Unit.objects.get(code="BJ")
    officer, head = (_person(city, role) for role in (Role.LIAISON_OFFICER, Role.DEPARTMENT_HEAD))
    with connection.cursor() as cursor:
        cursor.execute(EMPTY, {"unit": city.pk})
    with watched() as memory:
        found = _decided(city, officer, head)
    transaction.set_rollback(True)
    return {key: round(number, 1) for key, number in (found | {"memory": memory["memory"]}).items()}


def _person(city: Unit, role: Role) -> User:
    user = User(username=f"bench_{role.value}", display_name=role.label, unit=city, duty=Duty.WORK)
    user.clearance = Clearance.SENSITIVE
    user.set_unusable_password()
    user.save()
    RoleAssignment.objects.create(user=user, role=role, unit=city)
    return user


def _decided(city: Unit, officer: User, head: User) -> dict[str, float]:
    found: dict[str, float] = {}
    _become(officer)
    with _timed(found, "draft"):
        proposal = acts.propose_all(by=officer, unit=city, experts=Expert.objects.changeable_by(officer))
    lines = ProposalLine.objects.visible_to(officer).filter(proposal=proposal)
    with _timed(found, "fill"):
        found["lines"] = acts.change_lines(by=officer, proposal=proposal, lines=lines, conditions_met=True)
    with _timed(found, "submit"):
        acts.submit(by=officer, proposal=proposal)
    _become(head)
    with _timed(found, "review"):
        acts.review(by=head, proposal=proposal)
    with _timed(found, "approve"):
        acts.approve(by=head, proposal=proposal)
    return found


def _become(user: User) -> None:
    """As a request of this person: the role of the product's database, and the signed actor."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE liaison_app")
    set_actor(user.pk)


@contextmanager
def _timed(found: dict[str, float], act: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    found[act] = time.perf_counter() - started
