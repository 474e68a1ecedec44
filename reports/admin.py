"""Word templates of documents, kept by the system administrator: uploading one, going back to an earlier
version or to the shipped one. Nothing that a document holds is in it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString

from accounts.requests import signed_in
from accounts.roles import Role
from core.admin import RoleAdmin
from core.markings import find_marking
from experts import evidence
from reports import actions
from reports.models import Document, DocumentTemplate
from reports.printing import shipped
from reports.samples import meanings
from reports.templates import Checked, checked


class TemplateForm(forms.ModelForm):
    """A new version; what stands against it is said beside the file."""

    upload = forms.FileField(
        label="模板文件",
        help_text="Word 文档（.docx），不超过 2 MB。上传后立即用于新的文书，以前的版本都保留。",
        error_messages={"required": "请选择文件。", "empty": "文件是空的，请另选。"},
    )
    template: Checked

    class Meta:
        model = DocumentTemplate
        fields = ("document", "note")

    def clean_note(self) -> str:
        note: str = self.cleaned_data["note"]
        if find_marking(note):
            raise forms.ValidationError("含有密级标志。本系统为非涉密系统，不得录入。")
        return note

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("document") and data.get("upload"):
            try:
                self.template = checked(Document(data["document"]), data["upload"], data["upload"].name)
            except forms.ValidationError as problem:
                self.add_error("upload", problem)
        return data


@admin.register(DocumentTemplate)
class DocumentTemplateAdmin(RoleAdmin[DocumentTemplate]):
    kept_by = (Role.SYSTEM_ADMIN,)
    changes = False
    form = TemplateForm
    list_display = ("document", "version", "is_used", "name", "note", "uploaded_by", "uploaded_at", "file")
    list_filter = ("document", "is_used")
    list_select_related = ("uploaded_by",)
    list_per_page = 50
    actions = ("use", "stop")
    add_form_template = "admin/reports/documenttemplate/add_form.html"

    def has_keep_permission(self, request: HttpRequest) -> bool:
        return self.is_kept_by(request)

    def get_fields(self, request: HttpRequest, obj: DocumentTemplate | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("document", "upload", "note")
        return ("document", "version", "is_used", "name", "note", "digest", "uploaded_by", "uploaded_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DocumentTemplate]:
        return super().get_queryset(request).defer("content")

    @admin.display(description="下载")
    def file(self, template: DocumentTemplate) -> SafeString:
        url = reverse("admin:reports_documenttemplate_file", args=[template.pk])
        return format_html('<a href="{}">下载</a>', url)

    def save_model(
        self, request: HttpRequest, obj: DocumentTemplate, form: forms.ModelForm, change: bool
    ) -> None:
        template = form.template  # type: ignore[attr-defined]
        added = actions.add_template(by=signed_in(request), template=template, note=form.cleaned_data["note"])
        obj.pk, obj.version = added.pk, added.version

    @admin.action(description="启用所选版本", permissions=["keep"])
    def use(self, request: HttpRequest, queryset: QuerySet[DocumentTemplate]) -> None:
        chosen = list(queryset)
        if len({each.document for each in chosen}) < len(chosen):
            self.message_user(request, "每种文书只能启用一个版本，请只选一个。", "ERROR")
            return
        for template in chosen:
            actions.use_template(by=signed_in(request), template=template)
        self.message_user(request, f"已启用 {len(chosen)} 个版本。")

    @admin.action(description="停用所选版本，恢复自带模板", permissions=["keep"])
    def stop(self, request: HttpRequest, queryset: QuerySet[DocumentTemplate]) -> None:
        used = list(queryset.filter(is_used=True))
        for template in used:
            actions.use_shipped(by=signed_in(request), template=template)
        self.message_user(request, f"已恢复 {len(used)} 种文书的自带模板。")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["documents"] = [
            {
                "label": document.label,
                "url": reverse("admin:reports_documenttemplate_shipped", args=[document.value]),
                "names": meanings(document),
            }
            for document in Document
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "reports_documenttemplate"
        return [
            path("shipped/<str:document>/", guard(self.shipped_view), name=f"{name}_shipped"),
            path("<int:pk>/file/", guard(self.file_view), name=f"{name}_file"),
            *super().get_urls(),
        ]

    def shipped_view(self, request: HttpRequest, document: str) -> HttpResponse:
        """The template that comes with the product, to be changed in Word."""
        self._check(request)
        if document not in Document.values:
            raise Http404
        return _word_file(shipped(document), Document(document).label)

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A version as it was uploaded."""
        self._check(request)
        template = get_object_or_404(DocumentTemplate, pk=pk)
        return _word_file(bytes(template.content), str(template))

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _word_file(data: bytes, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=evidence.TYPES["docx"])
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{name}.docx") or ""
    response["X-Content-Type-Options"] = "nosniff"
    return response
