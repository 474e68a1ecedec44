"""Role assignments: given and ended by the security administrator, never edited."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions import end_role, grant_role
from accounts.admin.forms import RoleAssignmentForm
from accounts.models import RoleAssignment
from accounts.requests import signed_in
from accounts.roles import Role
from core.admin import RoleAdmin


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(RoleAdmin[RoleAssignment]):
    kept_by = (Role.SECURITY_ADMIN,)
    changes = False
    form = RoleAssignmentForm
    fields = ("user", "role", "unit", "since", "until")
    autocomplete_fields = ("user", "unit")
    list_display = ("user", "role", "unit", "since", "until", "granted_by")
    list_filter = ("role",)
    list_select_related = ("user", "unit", "granted_by")
    list_per_page = 50
    search_fields = ("user__username", "user__display_name", "unit__short_name", "unit__code")
    actions = ("end",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return self.is_kept_by(request)

    def save_model(
        self, request: HttpRequest, obj: RoleAssignment, form: forms.ModelForm, change: bool
    ) -> None:
        data = form.cleaned_data
        granted = grant_role(
            by=signed_in(request),
            user=data["user"],
            role=Role(data["role"]),
            unit=data["unit"],
            since=data["since"],
            until=data["until"],
        )
        obj.pk = granted.pk

    @admin.action(description="立即结束所选角色", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> None:
        current = list(queryset.not_ended())  # type: ignore[attr-defined]
        for assignment in current:
            end_role(by=signed_in(request), assignment=assignment)
        self.message_user(request, f"已结束 {len(current)} 项角色。")
