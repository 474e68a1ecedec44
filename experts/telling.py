"""Telling the officers concerned: neutral lines in their inboxes, in the transaction of the act (二（三）).

Who they are is found by the database (migration 0020), which tells the actor nothing of it. No line names an
expert or a reason; it leads to the record for whoever may open it, else to the reader's own roster.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.urls import reverse

from accounts.models import Unit
from experts.models import Expert

LEFT = "有一位专家退出了联系专家名单，有关联系安排请相应调整。"
LEFT_SEVERAL = "有 {} 位专家退出了联系专家名单，有关联系安排请相应调整。"
NOBODY = "00000000-0000-0000-0000-000000000000"


def record_link() -> str:
    """The address of a record, with {} in the place of its key."""
    return reverse("experts:detail", args=[NOBODY]).replace(NOBODY, "{}")


def tell_of_exits(experts: Iterable[UUID], *, units: Iterable[Unit] | None) -> None:
    """Before the experts with these keys leave the rosters of these units (None: every roster), while the
    actor still sees them: one line for each officer and department head of the units that hold them, but the
    actor."""
    left = [unit.pk for unit in units or ()]
    _tell(experts, None, left, LEFT, LEFT_SEVERAL, reverse("experts:own_roster"))


def tell_unit(expert: Expert, *, unit: Unit, text: str, page: str) -> None:
    """One line for each officer and department head of the unit who may know of the expert; it leads to
    `page` where the record is not theirs to open."""
    _tell([expert.uuid], [unit.pk], [], text, text, page)


def _tell(
    experts: Iterable[UUID], units: list[int] | None, left: list[int], one: str, many: str, elsewhere: str
) -> None:
    keys = [str(key) for key in experts]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT experts_tell(%s::uuid[], %s::bigint[], %s::bigint[], %s, %s, %s, %s)",
            [keys, units, left, one, many, record_link(), elsewhere],
        )
