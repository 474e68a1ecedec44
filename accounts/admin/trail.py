"""The audit trail, for the auditor to read."""

from django.contrib import admin

from accounts.roles import Role
from audit.models import Event
from core.admin import RoleAdmin


@admin.register(Event)
class EventAdmin(RoleAdmin[Event]):
    read_by = (Role.SECURITY_AUDITOR,)
    list_display = (
        "at",
        "username",
        "verb",
        "kind",
        "reference",
        "field_names",
        "result",
        "address",
        "channel",
    )
    list_filter = ("at", "verb", "result", "channel", "kind")
    search_fields = ("username", "reference", "address")
    search_help_text = "按用户名、编号或来源地址查找"
    list_per_page = 50
    fields = (
        ("at", "channel", "address"),
        ("username", "actor"),
        ("verb", "result"),
        ("kind", "reference"),
        "field_names",
        "reason",
        "counts",
    )
    readonly_fields = ("field_names",)

    @admin.display(description="字段")
    def field_names(self, event: Event) -> str:
        return "、".join(event.fields)
