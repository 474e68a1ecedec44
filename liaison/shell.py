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


def navigation(request: HttpRequest, user: User) -> list[NavigationItem]:
    """The side navigation: only what works, and only what this user may open."""
    places: list[tuple[str, str, str, bool]] = [
        ("工作台", "workbench", "home", True),
        ("专家库", "experts:list", "users", user.may("view")),
        ("联系专家名单", "experts:own_roster", "list-details", user.may("view")),
        ("联系重点", "experts:priorities", "flag", user.may("view")),
        ("联系覆盖", "coverage:own", "user-check", user.may("view")),
        ("领导看板", "dashboard:home", "chart-histogram", user.may("view")),
        ("研修", "training:list", "school", user.may("view")),
        ("联系结对", "pairings:list", "link", user.may("view")),
        ("我联系的专家", "pairings:mine", "user-circle", user.may("view")),
        ("联系活动", "contacts:list", "calendar-event", user.may("view")),
        ("信息变动", "experts:changes", "refresh", user.may("change")),
        ("名单提案", "proposals:list", "checklist", user.may("view")),
        ("可能重复", "experts:duplicates", "copy", user.may("change")),
        ("日历", "calendar:calendar", "calendar-due", user.may("view")),
        ("情况通报", "briefings:list", "send", user.may("view")),
        ("例会座谈", "gatherings:list", "calendar-event", user.may("view")),
        ("导入名册", "exchange:list", "upload", user.may("change")),
        ("导出记录", "reports:list", "download", may_export(user)),
        ("称号目录", "experts:honours", "award", user.may("view")),
        ("年度复核", "experts:reviews", "checklist", user.may("view")),
        ("单位", "accounts:units", "sitemap", user.may("view")),
        ("限知悉申请", "experts:restrictions", "shield-check", user.may("change")),
        ("应退办理", "experts:exits", "user-minus", user.may("sensitive")),
        ("知悉范围", "experts:need_to_know", "shield-lock", user.holds(Role.SECURITY_ADMIN)),
        ("审计记录", "audit:list", "history", user.holds(Role.SECURITY_AUDITOR)),
        ("提醒运行", "reminders:standing", "bell", user.holds(Role.SYSTEM_ADMIN)),
        ("系统管理", "admin:index", "settings", user.is_staff),
    ]
    here = request.path
    items = [(label, reverse(name), icon) for label, name, icon, shown in places if shown]
    best = max((url for _, url, _ in items if here.startswith(url)), key=len, default="")
    return [NavigationItem(label, url, icon, url == best) for label, url, icon in items]


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
