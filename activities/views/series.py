"""Series of meetings (例会制度, 二（一）): their list, laying one down, changing and ending it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from activities.actions import series as actions
from activities.errors import AlreadyChanged
from activities.forms.series import SeriesForm
from activities.gathering_page import tabs, tone_of
from activities.models import Gathering, Series
from core.paging import Order, page_by_key, url_with
from experts.forms.proposals import refuse

PAGE_SIZE = 25
SHOWN = 12  # meetings of one series
UNPROCESSABLE, CONFLICT = 422, 409
NEWEST_FIRST = Order(("id",), descending=True)
LATE = "没有保存：这项安排刚被别人改过或停止。下面是现在的内容，请核对后再办。"


@require_GET
def series_list(request: UserRequest) -> HttpResponse:
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    rows = Series.objects.visible_to(user).select_related("unit")
    ended = params.get("show") == "ended"
    rows = rows.exclude(ended_at=None) if ended else rows.running()
    page = page_by_key(rows, NEWEST_FIRST, params, PAGE_SIZE)
    context = {
        "tabs": tabs("series_list"),
        "page": page,
        "ended": ended,
        "may_change": user.may("change"),
        "previous_url": url_with(params, before=page.previous, after=None) if page.previous else "",
        "next_url": url_with(params, after=page.next, before=None) if page.next else "",
    }
    return render(request, "activities/series_list.html", context)


@require_http_methods(["GET", "POST"])
def series_create(request: UserRequest) -> HttpResponse:
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    own = user.unit if user.unit and user.may("change", user.unit.order) else None
    first = {"unit": own, "first_on": timezone.localdate(), "starts": "14:00", "ends": "16:00", "every": 3}
    form = SeriesForm(request.POST if request.method == "POST" else None, user=user, initial=first)
    if form.is_valid():
        series = actions.start_series(by=user, unit=form.cleaned_data["unit"], facts=form.facts())
        messages.success(request, "已安排例会，以后一年的会已排好，可以逐次修改。")
        return redirect("gatherings:series", series.uuid)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "activities/series_form.html", {"form": form}, status=status)


def _opened(request: UserRequest, uuid: str, *, to_change: bool = False) -> Series:
    series = get_object_or_404(Series.objects.visible_to(request.user).select_related("unit"), uuid=uuid)
    if to_change and not request.user.may("change", series.place):
        raise PermissionDenied
    return series


@require_GET
def series_detail(request: UserRequest, uuid: str) -> HttpResponse:
    return _page(request, _opened(request, uuid))


def _page(request: UserRequest, series: Series, *, late: str = "", status: int = 200) -> HttpResponse:
    """The rhythm, the meetings to come and the last ones that were."""
    meetings = Gathering.objects.visible_to(request.user).filter(series=series).with_replies()
    today = timezone.localdate()
    coming = meetings.filter(on__gte=today).order_by("on", "id")[:SHOWN]
    past = meetings.filter(on__lt=today).order_by("-on", "-id")[:SHOWN]
    context = {
        "series": series,
        "coming": [(each, tone_of(each)) for each in coming],
        "past": [(each, tone_of(each)) for each in past],
        "may_change": not series.ended_at and request.user.may("change", series.place),
        "late": late,
    }
    return render(request, "activities/series_detail.html", context, status=status)


@require_http_methods(["GET", "POST"])
def series_edit(request: UserRequest, uuid: str) -> HttpResponse:
    series = _opened(request, uuid, to_change=True)
    form = SeriesForm(request.POST if request.method == "POST" else None, user=request.user, series=series)
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            actions.change_series(by=request.user, series=series, version=version, facts=form.facts())
        except AlreadyChanged:
            return _page(request, _opened(request, uuid), late=LATE, status=CONFLICT)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已保存，今后没有单独改过的各次会一并更新。")
            return redirect("gatherings:series", series.uuid)
    context = {"form": form, "series": series}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "activities/series_form.html", context, status=status)


@require_POST
def series_end(request: UserRequest, uuid: str) -> HttpResponse:
    series = _opened(request, uuid, to_change=True)
    text = request.POST.get("version", "")
    version = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    try:
        cancelled = actions.end_series(by=request.user, series=series, version=version)
    except AlreadyChanged:
        return _page(request, _opened(request, uuid), late=LATE, status=CONFLICT)
    messages.success(request, f"已停止，今后的 {cancelled} 次会已取消。")
    return redirect("gatherings:series", series.uuid)
