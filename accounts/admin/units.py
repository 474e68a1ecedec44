"""Units and their settings, kept by the system administrator."""

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions import clear_unit_setting, create_unit, request_unit_move, set_unit_setting, update_unit
from accounts.admin.forms import UnitForm, UnitSettingForm
from accounts.models import Unit, UnitSetting
from accounts.requests import signed_in
from accounts.roles import Role
from accounts.unit_settings import SETTINGS
from core.admin import RoleAdmin

FACTS = ("name", "short_name", "kind", "area", "first_leader", "leader_in_charge", "is_active")


@admin.register(Unit)
class UnitAdmin(RoleAdmin[Unit]):
    kept_by = (Role.SYSTEM_ADMIN,)
    form = UnitForm
    fields = UnitForm.Meta.fields
    autocomplete_fields = ("parent", "first_leader", "leader_in_charge")
    list_display = ("short_name", "code", "kind", "area", "parent", "leader_in_charge", "is_active")
    list_filter = ("kind", "is_active", "area")
    list_select_related = ("parent", "leader_in_charge")
    list_per_page = 50
    search_fields = ("name", "short_name", "code")
    ordering = ("order",)

    def has_view_permission(self, request: HttpRequest, obj: Unit | None = None) -> bool:
        """The security administrator picks units for roles and opens no page of them."""
        match = request.resolver_match
        if match is not None and match.url_name == "autocomplete":
            return self._holds(request, (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN))
        return super().has_view_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Unit | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Unit, form: forms.ModelForm, change: bool) -> None:
        data = form.cleaned_data
        if not change:
            facts = {name: data[name] for name in FACTS if name != "is_active"}
            created = create_unit(by=signed_in(request), code=data["code"], parent=data["parent"], **facts)
            obj.pk = created.pk
            return
        stored = Unit.objects.get(pk=obj.pk)
        update_unit(by=signed_in(request), unit=stored, **{name: data[name] for name in FACTS})
        if "parent" in form.changed_data:
            request_unit_move(by=signed_in(request), unit=stored, parent=data["parent"])
            messages.warning(request, "上级单位的调整待安全管理员确认后生效。")


@admin.register(UnitSetting)
class UnitSettingAdmin(RoleAdmin[UnitSetting]):
    kept_by = (Role.SYSTEM_ADMIN,)
    deletes = True
    form = UnitSettingForm
    autocomplete_fields = ("unit",)
    list_display = ("unit", "label", "shown", "set_at")
    list_select_related = ("unit",)
    search_fields = ("unit__name", "unit__short_name", "unit__code")
    ordering = ("unit__order", "key")

    @admin.display(description="参数")
    def label(self, setting: UnitSetting) -> str:
        kind = SETTINGS.get(setting.key)
        return kind.label if kind else setting.key

    @admin.display(description="值")
    def shown(self, setting: UnitSetting) -> str:
        kind = SETTINGS.get(setting.key)
        return kind.in_words(setting.value) if kind else str(setting.value)

    def get_readonly_fields(self, request: HttpRequest, obj: UnitSetting | None = None) -> tuple[str, ...]:
        return ("unit", "key", "label") if obj else ()

    def get_fields(self, request: HttpRequest, obj: UnitSetting | None = None) -> tuple[str, ...]:
        return ("unit", "label", "value") if obj else ("unit", "key", "value")

    def save_model(self, request: HttpRequest, obj: UnitSetting, form: forms.ModelForm, change: bool) -> None:
        saved = set_unit_setting(
            by=signed_in(request), unit=obj.unit, key=obj.key, value=form.cleaned_data["value"]
        )
        obj.pk = saved.pk

    def delete_model(self, request: HttpRequest, obj: UnitSetting) -> None:
        clear_unit_setting(by=signed_in(request), setting=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UnitSetting]) -> None:
        for setting in queryset.select_related("unit"):
            clear_unit_setting(by=signed_in(request), setting=setting)
