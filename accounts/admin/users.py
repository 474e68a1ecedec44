"""Accounts: kept by the system administrator; the security administrator sets the clearance only."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from accounts.actions import create_user, reset_password, set_clearance, unlock_user, update_user
from accounts.admin.forms import PasswordResetForm, UserAddForm, UserChangeForm
from accounts.enums import Clearance, Duty
from accounts.models import User
from accounts.requests import signed_in
from accounts.roles import Role
from core.admin import RoleAdmin
from core.moments import moment_text

FACTS = ("display_name", "position", "phone", "email", "unit", "is_active")
STATE = ("must_change_password", "locked_until", "last_login", "date_joined", "role_names")


@admin.register(User)
class UserAdmin(RoleAdmin[User]):
    kept_by = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    form = UserChangeForm
    autocomplete_fields = ("unit",)
    search_fields = ("username", "display_name")
    list_select_related = ("unit",)
    list_per_page = 50
    actions = ("unlock",)
    change_form_template = "admin/accounts/user/change_form.html"

    def _is_system(self, request: HttpRequest) -> bool:
        return self._holds(request, (Role.SYSTEM_ADMIN,))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_system(request)

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return self._is_system(request)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        if self._is_system(request):
            return (
                "username",
                "display_name",
                "unit",
                "position",
                "duty",
                "is_active",
                "locked",
                "last_login",
            )
        return ("username", "display_name", "unit", "duty", "clearance", "is_active")

    def get_list_filter(self, request: HttpRequest) -> tuple[str, ...]:
        return ("duty", "is_active") if self._is_system(request) else ("duty", "clearance", "is_active")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            names = ("username", "display_name", "position", "phone", "email", "unit", "duty")
            return [(None, {"fields": (*names, "password1", "password2")})]
        if self._is_system(request):
            return [(None, {"fields": ("username", "duty", *FACTS)}), ("状态", {"fields": STATE})]
        return [
            (
                None,
                {
                    "fields": (
                        "username",
                        "display_name",
                        "unit",
                        "duty",
                        "is_active",
                        "role_names",
                        "clearance",
                    )
                },
            )
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        if self._is_system(request):
            return ("username", "duty", *STATE)
        return ("username", "display_name", "unit", "duty", "is_active", "role_names")

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = UserAddForm
        form = super().get_form(request, obj, change=change, **kwargs)
        form.acting = signed_in(request)  # type: ignore[attr-defined]
        return form

    @method_decorator(sensitive_post_parameters("password1", "password2"))
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().add_view(request, *args, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_reset"] = self._is_system(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """A picker offers active accounts, and for a leader of a unit only those that work with experts."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        match = request.resolver_match
        if match is not None and match.url_name == "autocomplete":
            found = found.filter(is_active=True)
            if request.GET.get("field_name") in {"first_leader", "leader_in_charge"}:
                found = found.filter(duty=Duty.WORK)
        return found, distinct

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        data = form.cleaned_data
        if not change:
            facts = {
                name: data[name] for name in ("display_name", "position", "phone", "email", "unit", "duty")
            }
            created = create_user(
                by=signed_in(request),
                username=data["username"],
                password=data["password1"],
                must_change_password=True,
                **facts,
            )
            obj.pk = created.pk
        elif self._is_system(request):
            update_user(by=signed_in(request), user=obj, **{name: data[name] for name in FACTS})
        elif "clearance" in form.changed_data:
            set_clearance(by=signed_in(request), user=obj, clearance=Clearance(data["clearance"]))

    @admin.display(description="锁定")
    def locked(self, user: User) -> str:
        return f"至 {moment_text(user.locked_until)}" if user.is_locked else ""

    @admin.display(description="现任角色")
    def role_names(self, user: User) -> str:
        return user.role_names or "无"

    @admin.action(description="解除锁定", permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        locked = list(queryset.filter(locked_until__gt=timezone.now()))
        for user in locked:
            unlock_user(by=signed_in(request), user=user)
        self.message_user(request, f"已解除 {len(locked)} 个账号的锁定。")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.password_view)
        return [path("<int:pk>/password/", view, name="accounts_user_password"), *super().get_urls()]

    @method_decorator(sensitive_post_parameters("password1", "password2"))
    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Set a new password; for an account that holds a role it waits for the security administrator."""
        if not self._is_system(request):
            raise PermissionDenied
        user = get_object_or_404(User, pk=pk)
        form = PasswordResetForm(user, request.POST or None)
        if request.method == "POST" and form.is_valid() and self._reset(request, form):
            return redirect(reverse("admin:accounts_user_change", args=[pk]))
        title = f"重置密码：{user}（{user.username}）"
        context = {**self.admin_site.each_context(request), "form": form, "account": user, "title": title}
        return TemplateResponse(request, "admin/accounts/user/password.html", context)

    def _reset(self, request: HttpRequest, form: PasswordResetForm) -> bool:
        """Carry out or request the reset; False with the reason on the form when one is waiting already."""
        try:
            waiting = reset_password(
                by=signed_in(request), user=form.user, password=form.cleaned_data["password1"]
            )
        except ValidationError as error:
            form.add_error(None, error)
            return False
        if waiting:
            messages.warning(request, "该账号担任角色，新密码待安全管理员确认后生效。")
        else:
            messages.success(request, "密码已重置，用户下次登录时须改密码。")
        return True
