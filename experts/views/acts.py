"""Acts on several records at once, and saved filters."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.requests import UserRequest
from experts.actions import register as actions
from experts.actions.review import confirm_key_fields
from experts.enums import Category, Label
from experts.filters import saved_query
from experts.forms.acts import BulkForm, SavedFilterForm
from experts.freshness import KEY_FIELDS, is_filled
from experts.models import Expert, SavedFilter
from experts.views.lookup import open_expert
from experts.views.proposals import MOST_CHOSEN

BULK_LIMIT = 200


def _back(request: UserRequest) -> HttpResponse:
    """To the list as it was filtered; only ever to the list."""
    query = QueryDict(request.POST.get("query", "")[:1000])
    return redirect(f"{reverse('experts:list')}?{query.urlencode()}" if query else reverse("experts:list"))


def _apply(form: BulkForm, experts: QuerySet[Expert]) -> int:
    data, by = form.cleaned_data, form.user
    if data["act"] == "category":
        return actions.assign_category(by=by, experts=experts, category=Category(data["category"]))
    if data["act"] == "unit":
        return actions.assign_unit(by=by, experts=experts, unit=data["unit"])
    if data["act"] == "label":
        return actions.assign_label(by=by, experts=experts, label=Label(data["label"]))
    return actions.confirm_information(by=by, experts=experts)


@require_POST
def bulk(request: UserRequest) -> HttpResponse:
    if not request.user.may("change"):
        raise PermissionDenied
    form = BulkForm(request.POST, user=request.user)
    ticked = list(dict.fromkeys(request.POST.getlist("expert")))[:BULK_LIMIT]
    if not form.is_valid():
        messages.error(request, "；".join(str(error) for errors in form.errors.values() for error in errors))
        return _back(request)
    if form.cleaned_data["act"] == "propose":
        return _propose(form.cleaned_data["propose"], ticked)
    try:
        experts = Expert.objects.changeable_by(request.user).filter(uuid__in=ticked)
        done = _apply(form, experts)
    except ValidationError as problem:
        messages.error(request, "；".join(problem.messages))
        return _back(request)
    if done:
        messages.success(request, f"已更新 {done} 人。")
    if done < len(ticked):
        messages.warning(request, f"{len(ticked) - done} 人未更新：您没有维护权限，或标签不能在这里调整。")
    return _back(request)


def _propose(kind: str, ticked: list[str]) -> HttpResponse:
    """To a new proposal about those who are ticked."""
    query = QueryDict(mutable=True)
    query["kind"] = kind
    query.setlist("expert", ticked[:MOST_CHOSEN])
    return redirect(f"{reverse('proposals:create')}?{query.urlencode()}")


def _confirm_field(request: UserRequest, expert: Expert, field: str) -> HttpResponse:
    if field not in KEY_FIELDS or not is_filled(expert, field):
        messages.error(request, "这一项没有填写，或不是关键信息，不用核实。")
    else:
        confirm_key_fields(by=request.user, expert=expert, fields=[field])
        messages.success(request, "已核实，日期记为今天。")
    return redirect(f"{reverse('experts:detail', args=[expert.uuid])}?tab=facts")


@require_POST
def confirm(request: UserRequest, uuid: str) -> HttpResponse:
    """Key information of one record, or one field of it, was checked and still holds."""
    expert = open_expert(request, uuid, to_change=True)
    if field := request.POST.get("field"):
        return _confirm_field(request, expert, field)
    mine = Expert.objects.changeable_by(request.user).filter(pk=expert.pk)
    if not actions.confirm_information(by=request.user, experts=mine):
        raise PermissionDenied
    messages.success(request, "已核实，日期记为今天。")
    return redirect("experts:detail", uuid)


@require_POST
def save_filter(request: UserRequest) -> HttpResponse:
    if not request.user.may("view"):
        raise PermissionDenied
    form = SavedFilterForm(request.POST)
    query = saved_query(QueryDict(request.POST.get("query", "")))
    if not form.is_valid() or len(query) > 1000:
        messages.error(request, "请给常用筛选起一个 30 字以内的名称。")
        return _back(request)
    try:
        with transaction.atomic():
            SavedFilter.objects.create(user=request.user, name=form.cleaned_data["name"], query=query)
    except IntegrityError:
        messages.error(request, "您已有同名的常用筛选，请换一个名称。")
    else:
        messages.success(request, f"已存为常用筛选“{form.cleaned_data['name']}”。")
    return _back(request)


@require_POST
def delete_filter(request: UserRequest, saved: str) -> HttpResponse:
    get_object_or_404(SavedFilter.objects.visible_to(request.user), uuid=saved).delete()
    messages.success(request, "已删除常用筛选。")
    return redirect("experts:list")
