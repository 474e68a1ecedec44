"""The holiday table that every deadline counts with, kept by the system administrator."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.actions import import_holidays, remove_holiday, set_holiday
from accounts.admin.forms import HolidayTableForm, confirmation_of, read_confirmed
from accounts.requests import signed_in
from accounts.roles import Role
from core.admin import RoleAdmin
from core.holiday_table import changes_of
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
    change_list_template = "admin/core/holiday/change_list.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Holiday | None = None) -> tuple[str, ...]:
        return ("day",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Holiday, form: forms.ModelForm, change: bool) -> None:
        set_holiday(by=signed_in(request), day=obj.day, name=obj.name, is_workday=obj.is_workday)

    def delete_model(self, request: HttpRequest, obj: Holiday) -> None:
        remove_holiday(by=signed_in(request), holiday=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Holiday]) -> None:
        for holiday in queryset:
            remove_holiday(by=signed_in(request), holiday=holiday)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="core_holiday_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a table, show what it would change, and write it once that was confirmed."""
        if not self.is_kept_by(request):
            raise PermissionDenied
        if lines := read_confirmed(request.POST.get("confirmed", "")):
            count = import_holidays(by=signed_in(request), lines=lines)
            messages.success(request, f"已写入 {count} 天。")
            return redirect("admin:core_holiday_changelist")
        form = HolidayTableForm(request.POST or None, request.FILES or None)
        table = form.table if request.method == "POST" and form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": "导入节假日",
            "form": form,
            "problems": table.problems if table else [],
            "changes": changes_of(table.lines) if table else [],
            "confirmed": confirmation_of(table.lines) if table and table.lines else "",
        }
        return TemplateResponse(request, "admin/core/holiday/import.html", context)
