"""Acts that wait for the security administrator; the payload is never shown."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions import confirm
from accounts.enums import ConfirmationKind
from accounts.models import Confirmation, Unit
from accounts.requests import signed_in
from accounts.roles import Role
from core.admin import RoleAdmin


@admin.register(Confirmation)
class ConfirmationAdmin(RoleAdmin[Confirmation]):
    kept_by = (Role.SECURITY_ADMIN,)
    adds = changes = False
    fields = (
        "kind",
        "user",
        "unit",
        "effect",
        "state",
        "requested_by",
        "requested_at",
        "decided_by",
        "decided_at",
    )
    readonly_fields = fields
    list_display = (
        "kind",
        "subject",
        "effect",
        "state",
        "requested_by",
        "requested_at",
        "decided_by",
        "decided_at",
    )
    list_display_links = ("kind", "subject")
    list_filter = ("state", "kind")
    list_select_related = ("user", "unit", "requested_by", "decided_by")
    actions = ("accept", "refuse")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return self.is_kept_by(request)

    @admin.display(description="对象")
    def subject(self, confirmation: Confirmation) -> str:
        return f"{confirmation.user or confirmation.unit}（{confirmation.reference}）"

    @admin.display(description="生效后")
    def effect(self, confirmation: Confirmation) -> str:
        if confirmation.kind == ConfirmationKind.PASSWORD_RESET:
            return "使用新密码，登录后须改"
        parent = Unit.objects.filter(pk=confirmation.payload.get("parent")).first()
        return f"归“{parent}”领导" if parent else "—"

    @admin.action(description="确认所选事项", permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> None:
        self._decide(request, queryset, accept=True)

    @admin.action(description="驳回所选事项", permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> None:
        self._decide(request, queryset, accept=False)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Confirmation], *, accept: bool) -> None:
        done = 0
        for confirmation in queryset.select_related("user", "unit"):
            try:
                confirm(by=signed_in(request), confirmation=confirmation, accept=accept)
                done += 1
            except (PermissionDenied, ValidationError) as error:
                reason = "；".join(error.messages) if isinstance(error, ValidationError) else str(error)
                self.message_user(request, f"{confirmation}：{reason}", messages.ERROR)
        if done:
            self.message_user(request, f"已{'确认' if accept else '驳回'} {done} 项。")
