"""What happens here when something happens to an expert (experts/effects.py)."""

from contextlib import suppress
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.effects import SettingChanged, on_setting
from accounts.models import Unit, User
from activities.actions.contacts import plan_contact
from activities.enums import Occasion, PairingKind
from activities.models import Contact, CoverageRefresh, Pairing
from activities.people import owners
from activities.rules import KEYS
from activities.ways import Went
from audit.actions import record
from audit.verbs import Verb
from core.workdays import add_workdays
from experts.actions.need_to_know import called
from experts.effects import Exited, FellIll, on_exit, on_illness
from experts.models import Expert

CARE_WITHIN = 5  # working days
NOTE = "请择日看望"


@on_illness.register
def plan_care_visit(event: FellIll) -> None:
    """Plan a visit by an officer of the managing unit, unless one is planned by then. It shows to whoever
    sees the expert, so it says nothing of why."""
    day = add_workdays(timezone.localdate(), CARE_WITHIN)
    planned = Contact.objects.visible_to(event.by).planned().filter(expert=event.expert)
    if event.expert.died_on or planned.filter(occasion=Occasion.CARE, on__lte=day).exists():
        return
    plan_contact(
        by=event.by,
        experts=[event.expert],
        uuid=uuid4(),
        facts={"on": day, "occasion": Occasion.CARE, "note": NOTE},
        went=Went((_carer(event.by, event.expert).username,)),
    )


def _carer(by: User, expert: Expert) -> User:
    """The expert's officer in the managing unit, else one of the unit who sees the expert, else who acts."""
    today = timezone.localdate()
    seeing = owners(expert, expert.unit_order)
    paired = Pairing.objects.as_of(today).filter(
        expert=expert, kind=PairingKind.OFFICER, place=expert.unit_order
    )
    officers = Unit.objects.get(pk=expert.unit_id).liaison_officers()
    return (
        seeing.filter(pk__in=paired.values("person")).first()
        or seeing.filter(pk__in=officers.values("pk")).first()
        or by
    )


@on_exit.register
def cancel_what_was_planned(event: Exited) -> None:
    """Nobody calls on somebody who has left, whichever unit had planned it; the function looks itself whether
    they have (migration 0004)."""
    with connection.cursor() as cursor:
        unit = event.unit.pk if event.unit else None
        cursor.execute("SELECT activities_end_for(%s, %s)", [event.expert.pk, unit])


@on_exit.register
def end_pairings(event: Exited) -> None:
    """Whoever left a roster is nobody's to visit for that unit; who died, for none (二（三）)."""
    unit, number = event.unit.pk if event.unit else None, event.expert.record_number
    if called("activities_close_pairings", event.expert.uuid, unit) == "True":
        record(Verb.CHANGE, by=event.by, kind="expert", reference=number, fields=["pairing"])


@on_exit.register
def withdraw_nominations(event: Exited) -> None:
    """Nobody is expected in a class that has not begun who has left the list of the unit, or has died."""
    called("activities_withdraw_nominations", event.expert.uuid, event.unit.pk if event.unit else None)


@on_setting.register
def work_off_coverage_at_once(event: SettingChanged) -> None:
    """Numbers that the database has left to the worker are begun with as soon as the setting is kept."""
    from activities.tasks import work_off_coverage  # tasks call actions

    def send() -> None:
        with suppress(OperationalError):  # the next tick of the clock does it
            work_off_coverage.delay()

    if event.key in KEYS and CoverageRefresh.objects.touching(event.unit).exists():
        transaction.on_commit(send)
