"""Who takes part in a class: nominating from a list, deciding, registering, attendance, the printed list."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Unit, User
from accounts.requests import UserRequest
from activities.actions import nominations as actions
from activities.enums import Attendance, ClassState
from activities.errors import AlreadyChanged
from activities.models import Nomination, TrainingClass, TrainingSession
from activities.training_page import confirmed, nominating_unit, sheet
from activities.views.training import CONFLICT, LATE, UNPROCESSABLE, opened, page
from core.paging import Order, page_by_key
from experts.proposal_page import chosen_experts, known_uuids
from experts.search import matching

PAGE_SIZE = 25
BY_NAME = Order(("sort_key",))


@require_http_methods(["GET", "POST"])
def nominate(request: UserRequest, uuid: str) -> HttpResponse:
    """Tick one's own experts and put them forward."""
    training = opened(request, uuid)
    user = request.user
    sent = request.POST if request.method == "POST" else request.GET
    unit = nominating_unit(user, sent.get("unit", ""))
    problem = ""
    if request.method == "POST":
        chosen = chosen_experts(user, request.POST.getlist("expert"), actions.MOST)
        try:
            if not chosen:
                raise ValidationError("请先勾选专家。")
            done = actions.nominate(by=user, training=training, unit=unit, experts=chosen)
        except ValidationError as refused:
            problem = refused.messages[0]
        else:
            messages.success(request, f"已推荐 {done} 人。" if done else "都已经推荐过了。")
            return redirect("training:detail", uuid)
    return _nominate_page(request, training, unit, sent, problem)


def _nominate_page(
    request: UserRequest, training: TrainingClass, unit: Unit, sent: QueryDict, problem: str
) -> HttpResponse:
    user, text = request.user, sent.get("q", "").replace("\0", "").strip()[:60]
    experts = actions.own_experts(user, unit)
    if text:
        experts = matching(experts, text, user)
    rows = page_by_key(experts.for_list(), BY_NAME, request.GET, PAGE_SIZE)
    there = Nomination.objects.visible_to(user).open().filter(training=training)
    context = {
        "training": training,
        "unit": unit,
        "text": text,
        "page": rows,
        "there": set(
            there.filter(expert__in=[each.pk for each in rows.rows]).values_list("expert", flat=True)
        ),
        "problem": problem,
        **rows.urls(request.GET),
    }
    status = UNPROCESSABLE if problem else 200
    return render(request, "activities/training_nominate.html", context, status=status)


@require_POST
def act(request: UserRequest, uuid: str) -> HttpResponse:
    """Confirm, decline or register as the organiser; withdraw as the nominating unit."""
    training, user = opened(request, uuid), request.user
    if not user.may("change"):
        raise PermissionDenied
    keys = known_uuids(request.POST.getlist("nomination")[: actions.MOST])
    chosen = Nomination.objects.visible_to(user).filter(training=training, uuid__in=keys)
    wanted = request.POST.get("act", "")
    if wanted != "withdraw" and not user.may("change", training.place):
        raise PermissionDenied
    try:
        said = _done(user, training, chosen, wanted)
    except AlreadyChanged:
        return page(request, opened(request, uuid), late=LATE, status=CONFLICT)
    except ValidationError as problem:
        return page(request, training, late=problem.messages[0], status=UNPROCESSABLE)
    messages.success(request, said)
    tab = "?tab=attendance" if wanted == "register" else ""
    return redirect(reverse("training:detail", args=[uuid]) + tab)


def _done(user: User, training: TrainingClass, chosen: Any, wanted: str) -> str:
    """Do it, and say what was done. ValidationError for an act that there is not, or without anybody."""
    given = {"by": user, "training": training, "nominations": chosen}
    if not chosen.exists():
        raise ValidationError("请先勾选专家。")
    if wanted == "confirm":
        placed, waiting = actions.confirm(**given)
        return f"已确认 {placed} 人" + (f"，名额已满，候补 {waiting} 人。" if waiting else "。")
    if wanted == "decline":
        return f"{actions.decline(**given)} 人改为未安排。"
    if wanted == "register":
        return f"{actions.register(**given)} 人已报到。"
    if wanted == "withdraw":
        return f"已撤回 {actions.withdraw(**given)} 人。"
    raise ValidationError("请选择要办的事。")


@require_http_methods(["GET", "POST"])
def attend(request: UserRequest, uuid: str, session: str) -> HttpResponse:
    """Note for one session who came."""
    training = opened(request, uuid, to_change=True)
    found = get_object_or_404(
        TrainingSession.objects.visible_to(request.user).filter(training=training), uuid=session
    )
    rows = confirmed(request.user, training)
    if request.method == "POST":
        sent = {each.pk: request.POST.get(f"came-{each.uuid}", "") for each in rows}
        noted = {key: word if word in Attendance.values else "" for key, word in sent.items()}
        try:
            changed = actions.note_attendance(
                by=request.user, training=training, session=found, attendance=noted
            )
        except AlreadyChanged:
            return page(request, opened(request, uuid), late=LATE, status=CONFLICT)
        messages.success(request, f"已记 {changed} 人。" if changed else "没有改动。")
        return redirect(reverse("training:detail", args=[uuid]) + "?tab=attendance")
    key = str(found.uuid)
    context = {
        "training": training,
        "session": found,
        "rows": [(each, each.attendance.get(key, "")) for each in rows],
        "choices": Attendance.choices,
        "is_running": training.state == ClassState.PLANNED,
    }
    return render(request, "activities/training_attend.html", context)


@require_GET
def printed(request: UserRequest, uuid: str) -> HttpResponse:
    """The list of those who take part, with attendance, for printing."""
    training = opened(request, uuid)
    context = {"training": training, **sheet(request.user, training)}
    return render(request, "activities/training_sheet.html", context)
