"""A case of mandatory exit that waits, and an expert who has died, both in the demo's own unit."""

from datetime import date, timedelta

from django.utils import timezone

from accounts.models import User
from core.workdays import add_workdays
from experts.exit_texts import sealed_text
from experts.models import Death, ExitText, ExitTextKind, Expert, MandatoryExit
from liaison.demo import DEMO_UNIT

TEXTS = {
    ExitTextKind.REASON: "学术不端",
    ExitTextKind.FACTS: "演示：所在单位学术委员会认定论文数据不实。",
    ExitTextKind.DOCUMENT: "演示单位学术委员会《关于有关论文的处理决定》（演示〔{year}〕1号）",
}


def add_exits(experts: list[Expert], users: dict[str, User], today: date) -> None:
    """The last two of the unit's experts; the same for the same people."""
    *_, leaving, gone = [each for each in experts if each.unit.code == DEMO_UNIT]
    officer = users["officer_demo"]
    known = add_workdays(today, -3)
    case = MandatoryExit.objects.create(
        expert=leaving, known_on=known, due_on=add_workdays(known, 10), registered_by=officer
    )
    texts = ((kind, text.format(year=known.year)) for kind, text in TEXTS.items())
    ExitText.objects.bulk_create(sealed_text(case, kind, text) for kind, text in texts)
    Death.objects.create(
        expert=gone,
        died_on=today - timedelta(days=12),
        source="演示：所在单位讣告",
        registered_by=officer,
        registered_at=timezone.now(),
    )
    Expert.objects.filter(pk=gone.pk).update(died_on=today - timedelta(days=12))
