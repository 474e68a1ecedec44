"""Training 研修 (四（一）): the yearly plan and its classes, with sessions and materials."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from activities.actions import training as actions
from activities.errors import AlreadyChanged
from activities.forms.training import ClassFilter, ClassForm, PlanForm, SessionForm, TrainedFilter
from activities.models import Nomination, TrainingClass, TrainingFile, TrainingPlan, TrainingSession
from activities.training_page import context_of, opened_class
from core.paging import Order, page_by_key
from experts.filters import chips
from experts.forms.changes import EvidenceForm
from experts.forms.proposals import refuse
from experts.views.downloads import handed_over

PAGE_SIZE = 25
UNPROCESSABLE, CONFLICT = 422, 409
LATEST_FIRST = Order(("starts_on", "id"), descending=True)
NEWEST_FIRST = Order(("year", "id"), descending=True)
LAST_PUT_FIRST = Order(("id",), descending=True)
LATE = "没有办成：刚被别人改过，或已经结束。请看现在的情况。"


@require_GET
def classes(request: UserRequest) -> HttpResponse:
    """Classes that the user may know of, the latest first."""
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    filters = ClassFilter(params, opened_class(user), user=user)
    found = filters.qs if filters.form.is_valid() else filters.queryset.none()
    page = page_by_key(found, LATEST_FIRST, params, PAGE_SIZE)
    context = {
        "page": page,
        "filters": filters,
        "chips": list(chips(filters, params)),
        "may_change": user.may("change"),
        **page.urls(params),
    }
    return render(request, "activities/training_list.html", context)


@require_GET
def people(request: UserRequest) -> HttpResponse:
    """Who took part in classes, one line for each class, the last nomination first."""
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    filters = TrainedFilter(params, Nomination.objects.visible_to(user).trained(), user=user)
    found = filters.qs if filters.form.is_valid() else filters.queryset.none()
    rows = found.select_related("expert", "unit", "training")
    page = page_by_key(rows, LAST_PUT_FIRST, params, PAGE_SIZE)
    context = {
        "page": page,
        "filters": filters,
        "chips": list(chips(filters, params)),
        **page.urls(params),
    }
    return render(request, "activities/training_people.html", context)


@require_GET
def plans(request: UserRequest) -> HttpResponse:
    """Yearly plans, the latest year first."""
    user = request.user
    if not user.may("view"):
        raise PermissionDenied
    rows = TrainingPlan.objects.visible_to(user).select_related("unit", "approved_by")
    page = page_by_key(rows, NEWEST_FIRST, request.GET, PAGE_SIZE)
    context = {"page": page, "may_change": user.may("change"), **page.urls(request.GET)}
    return render(request, "activities/training_plans.html", context)


@require_http_methods(["GET", "POST"])
def plan_create(request: UserRequest) -> HttpResponse:
    if not request.user.may("change"):
        raise PermissionDenied
    form = PlanForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            plan = actions.draft_plan(by=request.user, **form.cleaned_data)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已起草，请安排班次；批准以后各单位才能推荐。")
            return redirect("training:plan", plan.uuid)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "activities/training_plan_form.html", {"form": form}, status=status)


def _plan(request: UserRequest, uuid: str, *, to_change: bool = False) -> TrainingPlan:
    """The plan; 404 when invisible, 403 when read-only and meant `to_change`."""
    rows = TrainingPlan.objects.visible_to(request.user).select_related("unit", "created_by", "approved_by")
    plan = get_object_or_404(rows, uuid=uuid)
    if to_change and not request.user.may("change", plan.place):
        raise PermissionDenied
    return plan


def _plan_page(request: UserRequest, plan: TrainingPlan, *, status: int = 200, **more: Any) -> HttpResponse:
    user = request.user
    context = {
        "plan": plan,
        "classes": TrainingClass.objects.visible_to(user).filter(plan=plan).order_by("starts_on", "id"),
        "keeps": user.may("change", plan.place),
        "may_approve": plan.state == "draft" and user.may("approve", plan.place),
        "form": PlanForm(instance=plan, user=user),
    }
    return render(request, "activities/training_plan.html", context | more, status=status)


@require_GET
def plan(request: UserRequest, uuid: str) -> HttpResponse:
    return _plan_page(request, _plan(request, uuid))


@require_POST
def plan_edit(request: UserRequest, uuid: str) -> HttpResponse:
    found = _plan(request, uuid, to_change=True)
    form = PlanForm(request.POST, instance=found, user=request.user)
    if not form.is_valid():
        return _plan_page(request, found, form=form, status=UNPROCESSABLE)
    actions.change_plan(by=request.user, plan=found, note=form.cleaned_data["note"])
    messages.success(request, "已保存。")
    return redirect("training:plan", found.uuid)


@require_POST
def plan_approve(request: UserRequest, uuid: str) -> HttpResponse:
    found = _plan(request, uuid, to_change=True)
    if not request.user.may("approve", found.place):
        raise PermissionDenied
    try:
        actions.approve_plan(by=request.user, plan=found)
    except AlreadyChanged:
        return _plan_page(request, found, late=LATE, status=CONFLICT)
    except ValidationError as problem:
        return _plan_page(request, found, late=problem.messages[0], status=UNPROCESSABLE)
    messages.success(request, "已批准，各单位可以推荐。")
    return redirect("training:plan", found.uuid)


@require_http_methods(["GET", "POST"])
def class_create(request: UserRequest, uuid: str) -> HttpResponse:
    found = _plan(request, uuid, to_change=True)
    form = ClassForm(request.POST if request.method == "POST" else None, plan=found)
    if form.is_valid():
        training = actions.add_class(by=request.user, plan=found, facts=form.facts())
        messages.success(request, "已安排，每天先排了一节课，可以在“班次情况”里增减。")
        return redirect("training:detail", training.uuid)
    return _class_form(request, form, found)


def _class_form(request: UserRequest, form: ClassForm, found: TrainingPlan, **more: Any) -> HttpResponse:
    status = more.pop("status", UNPROCESSABLE if form.errors else 200)
    return render(
        request, "activities/training_form.html", {"form": form, "plan": found} | more, status=status
    )


def opened(request: UserRequest, uuid: str, *, to_change: bool = False) -> TrainingClass:
    """The class; 404 when invisible, 403 when not the user's to keep and meant `to_change`."""
    training = get_object_or_404(opened_class(request.user), uuid=uuid)
    if to_change and not request.user.may("change", training.place):
        raise PermissionDenied
    return training


def page(
    request: UserRequest, training: TrainingClass, *, tab: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    """The page of a class, on the tab of the address; `late` says what stood against an act."""
    context = context_of(request.user, training, request.GET, tab)
    context |= {"session_form": SessionForm(), "upload": EvidenceForm()}
    return render(request, "activities/training_detail.html", context | more, status=status)


@require_GET
def class_detail(request: UserRequest, uuid: str) -> HttpResponse:
    return page(request, opened(request, uuid))


@require_http_methods(["GET", "POST"])
def class_edit(request: UserRequest, uuid: str) -> HttpResponse:
    training = opened(request, uuid, to_change=True)
    sent = request.POST if request.method == "POST" else None
    form = ClassForm(sent, instance=training, plan=training.plan)
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            actions.change_class(by=request.user, training=training, version=version, facts=form.facts())
        except AlreadyChanged:
            return page(request, opened(request, uuid), late=LATE, status=CONFLICT)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已保存。")
            return redirect("training:detail", uuid)
    return _class_form(request, form, training.plan, training=training)


@require_POST
def settle(request: UserRequest, uuid: str) -> HttpResponse:
    """End the class, or call it off."""
    training = opened(request, uuid, to_change=True)
    act = actions.cancel_class if request.POST.get("act") == "cancel" else actions.finish_class
    try:
        act(by=request.user, training=training)
    except AlreadyChanged:
        return page(request, opened(request, uuid), late=LATE, status=CONFLICT)
    except ValidationError as problem:
        return page(request, training, late=problem.messages[0], status=UNPROCESSABLE)
    messages.success(request, "已办理。")
    return redirect("training:detail", uuid)


@require_POST
def session_add(request: UserRequest, uuid: str) -> HttpResponse:
    training = opened(request, uuid, to_change=True)
    form = SessionForm(request.POST)
    if form.is_valid():
        try:
            actions.add_session(by=request.user, training=training, facts=form.cleaned_data)
        except AlreadyChanged:
            return page(request, opened(request, uuid), late=LATE, status=CONFLICT)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已增加。")
            return redirect(f"{training_url(uuid)}?tab=attendance")
    return page(request, training, tab="attendance", session_form=form, status=UNPROCESSABLE)


def training_url(uuid: Any) -> str:
    return reverse("training:detail", args=[uuid])


@require_POST
def session_remove(request: UserRequest, uuid: str, session: str) -> HttpResponse:
    training = opened(request, uuid, to_change=True)
    rows = TrainingSession.objects.visible_to(request.user).filter(training=training)
    found = get_object_or_404(rows.select_related("training"), uuid=session)
    try:
        actions.remove_session(by=request.user, session=found)
    except AlreadyChanged:
        return page(request, opened(request, uuid), late=LATE, status=CONFLICT)
    except ValidationError as problem:
        return page(request, training, late=problem.messages[0], status=UNPROCESSABLE)
    messages.success(request, "已删除。")
    return redirect(f"{training_url(uuid)}?tab=attendance")


@require_POST
def file_add(request: UserRequest, uuid: str) -> HttpResponse:
    training = opened(request, uuid, to_change=True)
    form = EvidenceForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            actions.add_material(by=request.user, training=training, upload=upload, name=upload.name)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已上传。")
            return redirect(f"{training_url(uuid)}?tab=files")
    return page(request, training, tab="files", upload=form, status=UNPROCESSABLE)


def _file(request: UserRequest, uuid: str, file: str) -> TrainingFile:
    rows = TrainingFile.objects.visible_to(request.user).filter(training__uuid=uuid)
    return get_object_or_404(rows.select_related("training"), uuid=file)


@require_GET
def file(request: UserRequest, uuid: str, file: str) -> FileResponse:
    """The file, on the record before anything leaves."""
    kept = _file(request, uuid, file)
    return handed_over(kept.name, lambda: actions.hand_over_material(by=request.user, file=kept))


@require_POST
def file_remove(request: UserRequest, uuid: str, file: str) -> HttpResponse:
    opened(request, uuid, to_change=True)
    actions.remove_material(by=request.user, file=_file(request, uuid, file))
    messages.success(request, "已删除这个文件。")
    return redirect(f"{training_url(uuid)}?tab=files")
