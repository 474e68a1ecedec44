"""The holiday table that every deadline counts with, kept by the system administrator."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions import remove_holiday, set_holiday
from accounts.requests import signed_in
from accounts.roles import Role
from core.admin import RoleAdmin
from core.models import Holiday


@admin.register(Holiday)
class HolidayAdmin(RoleAdmin[Holiday]):
    kept_by = (Role.SYSTEM_ADMIN,)
    deletes = True
    list_display = ("day", "name", "is_workday")
    list_filter = ("is_workday",)
    search_fields = ("name",)
    date_hierarchy = "day"
    ordering = ("-day",)
    fields = ("day", "name", "is_workday")

    def get_readonly_fields(self, request: HttpRequest, obj: Holiday | None = None) -> tuple[str, ...]:
        return ("day",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Holiday, form: forms.ModelForm, change: bool) -> None:
        set_holiday(by=signed_in(request), day=obj.day, name=obj.name, is_workday=obj.is_workday)

    def delete_model(self, request: HttpRequest, obj: Holiday) -> None:
        remove_holiday(by=signed_in(request), holiday=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Holiday]) -> None:
        for holiday in queryset:
            remove_holiday(by=signed_in(request), holiday=holiday)
