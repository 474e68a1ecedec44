"""What every page shows around its content: navigation by role, bell, demo banner."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.roles import Role
from reminders.models import Message
from reports.sources import may_export


@dataclass(frozen=True)
class NavigationItem:
    label: str
    url: str
    icon: str
    active: bool


@dataclass(frozen=True)
class NavigationGroup:
    """Entries under one heading; the first group has none."""

    title: str
    items: list[NavigationItem]


Place = tuple[str, str, str, bool]  # label, name of the page, icon, whether the user may open it


def places(user: User) -> dict[str, list[Place]]:
    """What there is, by heading, in the order of a day's work."""
    views, changes = user.may("view"), user.may("change")
    return {
        "": [
            ("工作台", "workbench", "home", True),
            ("领导看板", "dashboard:home", "chart-histogram", views),
            ("日历", "calendar:calendar", "calendar-due", views),
        ],
        "专家": [
            ("专家库", "experts:list", "users", views),
            ("信息变动", "experts:changes", "refresh", changes),
            ("年度复核", "experts:reviews", "clipboard-check", views),
            ("可能重复", "experts:duplicates", "copy", changes),
        ],
        "名单": [
            ("联系专家名单", "experts:own_roster", "list-details", views),
            ("名单提案", "proposals:list", "checklist", views),
            ("应退办理", "experts:exits", "user-minus", user.may("sensitive")),
            ("联系重点", "experts:priorities", "flag", views),
        ],
        "联系": [
            ("联系覆盖", "coverage:own", "user-check", views),
            ("我联系的专家", "pairings:mine", "user-circle", views),
            ("联系结对", "pairings:list", "link", views),
            ("联系活动", "contacts:list", "walk", views),
            ("例会座谈", "gatherings:list", "calendar-event", views),
            ("情况通报", "briefings:list", "send", views),
            ("研修", "training:list", "school", views),
        ],
        "资料": [
            ("导入名册", "exchange:list", "upload", changes),
            ("导出记录", "reports:list", "download", may_export(user)),
            ("单位", "accounts:units", "sitemap", views),
            ("称号目录", "experts:honours", "award", views),
            ("限知悉申请", "experts:restrictions", "shield-check", changes),
        ],
        "管理": [
            ("知悉范围", "experts:need_to_know", "shield-lock", user.holds(Role.SECURITY_ADMIN)),
            ("审计记录", "audit:list", "history", user.holds(Role.SECURITY_AUDITOR)),
            ("提醒运行", "reminders:standing", "bell", user.holds(Role.SYSTEM_ADMIN)),
            ("系统管理", "admin:index", "settings", user.is_staff),
        ],
    }


def navigation(request: HttpRequest, user: User) -> list[NavigationGroup]:
    """The side navigation: only what works, and only what this user may open."""
    shown = {
        title: [(label, reverse(name), icon) for label, name, icon, may in group if may]
        for title, group in places(user).items()
    }
    urls = [url for group in shown.values() for _, url, _ in group if request.path.startswith(url)]
    here = max(urls, key=len, default="")
    return [
        NavigationGroup(title, [NavigationItem(*each, active=each[1] == here) for each in group])
        for title, group in shown.items()
        if group
    ]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of base.html. Counts are read only when the template shows them."""
    user = getattr(request, "user", None)  # an error page may come before sign-in was looked at
    context: dict[str, Any] = {"demo": settings.DEMO}
    if isinstance(user, User):
        context["navigation"] = navigation(request, user)
        context["may_search"] = user.may("view")
        context["user_unit"] = user.unit.short_name if user.unit else ""
        context["user_role"] = user.role_names
        context["unread_count"] = SimpleLazyObject(lambda: Message.objects.visible_to(user).unread().count())
    return context
