"""Priorities of the demo's units: one of Haidian's own, one of the city's that holds for all."""

from datetime import date

from accounts.models import Unit, User
from experts.models import Priority


def add_priorities(units: dict[str, Unit], users: dict[str, User], today: date) -> None:
    Priority.objects.create(
        unit=units["D04"],
        name="量子信息与智能计算",
        reason="示范区人才工作要点",
        words=["量子", "图计算", "机器学习"],
        since=today.replace(month=1, day=1),
        stated_by=users["director_haidian"],
    )
    Priority.objects.create(
        unit=units["BJ"],
        name="重点平台首席专家",
        reason="示范市人才工作会议纪要",
        posts=["首席科学家", "首席技术官"],
        below=True,
        since=today.replace(month=1, day=1),
        stated_by=users["director_city"],
    )
