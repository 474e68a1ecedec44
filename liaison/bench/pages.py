"""Asking the product's own pages, as the web answers them: every middleware, the context, both locks.

The floor is a signed-in page of the product with fifty rows of its list and nothing to ask: session, account
and context are its only queries. A bare template with fifty plain rows is measured beside it.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from statistics import median, quantiles
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.test import Client
from django.urls import include, path, reverse

from accounts.models import Unit, User
from core.paging import cursor_of
from core.rls import transaction_as
from experts.listing import ORDERS, PAGE_SIZE
from experts.models import Expert
from liaison.bench.people import COMMON_INITIALS, COMMON_NAME

FAR_PAGE = 200
PAST, EARLIER = "2022-06-30", "2022-03-31"
WARM_UP, ROUNDS = 5, 60
BACKEND = "accounts.backends.LockingBackend"


def floor(request: HttpRequest, template: str) -> HttpResponse:
    """Without the bell, which is a query."""
    return render(request, f"bench/{template}.html", {"rows": [sample()] * 50, "unread_count": None})


@cache
def sample() -> Expert:
    """Nobody, as a row shows them."""
    expert = Expert(name=COMMON_NAME, employer="示范大学", post="教授", title="研究员", category="other")
    expert.unit = Unit(short_name="测试单位")
    expert.birth = expert.confirmed_on = date(1970, 1, 1)
    expert.scope_basis = [{"name": "享受政府特殊津贴专家", "year": 2018}]
    return expert


urlpatterns = [path("bench/<str:template>/", floor, name="bench"), path("", include("liaison.urls"))]


@dataclass
class Timing:
    """One page for one reader. Milliseconds; `raw` is its main query alone, over the same connection."""

    page: str
    p50: float
    p95: float
    queries: int
    database: float
    raw: float | None = None
    sql: str = field(default="", repr=False)


@dataclass(frozen=True)
class Statement:
    sql: str
    params: Any
    milliseconds: float


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Statements of one request; those that only open and close transactions do not count."""
    found: list[Statement] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                found.append(Statement(sql, params, (time.perf_counter() - started) * 1000))

    with connection.execute_wrapper(wrapper):
        yield found


def measure(username: str, rounds: int = ROUNDS) -> list[Timing]:
    """Every page for one reader so many times, the floor first."""
    gc.collect()
    gc.freeze()  # as liaison/wsgi.py does
    user = User.objects.get(username=username)
    client = Client()
    client.force_login(user, backend=BACKEND)
    floors = {"floor": reverse("bench", args=["floor"]), "bare rows": reverse("bench", args=["rows"])}
    pages = floors | addresses(user)
    return [timed(client, user, name, address, rounds) for name, address in pages.items()]


def addresses(user: User) -> dict[str, str]:
    """What is measured: the far page starts after a key, as the product's own link does."""
    listing, home = reverse("experts:list"), user.current_assignments[0].unit
    with transaction_as(user.pk):
        visible = Expert.objects.visible_to(user).order_by("sort_key")
        last = min((FAR_PAGE - 1) * PAGE_SIZE * 2, visible.count() - PAGE_SIZE) - 1
        before, middle = visible[max(last, 0)], visible[max(last, 0) // 2]
    far = QueryDict(mutable=True)
    far["after"] = cursor_of(before, ORDERS["name"][1])
    return {
        "list, page 1": listing,
        f"list, page {FAR_PAGE}": f"{listing}?{far.urlencode()}",
        "search, name": f"{listing}?q={COMMON_NAME}",
        "search, initials": f"{listing}?q={COMMON_INITIALS}",
        "detail": reverse("experts:detail", args=[middle.uuid]),
        "roster of a past day": reverse("experts:roster", args=[home.code]) + f"?day={PAST}",
        "coverage": reverse("coverage:unit", args=[home.code]),
        "coverage of a past day": reverse("coverage:unit", args=[home.code]) + f"?day={PAST}",
        "dashboard": reverse("dashboard:home"),
        "roster, two days": reverse("experts:roster", args=["D04"]) + f"?day={PAST}&since={EARLIER}",
    }


def timed(client: Client, user: User, name: str, address: str, rounds: int) -> Timing:
    times = sorted(asked(client, address) for _ in range(WARM_UP + rounds))[: -WARM_UP or None]
    with recorded() as statements:
        asked(client, address)
    timing = Timing(
        page=name,
        p50=median(times),
        p95=quantiles(times, n=20)[-1],
        queries=len(statements),
        database=sum(each.milliseconds for each in statements),
    )
    about_experts = [each for each in statements if 'FROM "experts_expert"' in each.sql]
    if about_experts:
        main = max(about_experts, key=lambda each: each.milliseconds)
        timing.sql, timing.raw = main.sql, alone(user, main, rounds)
    return timing


def asked(client: Client, address: str) -> float:
    """Milliseconds that the answer takes."""
    started = time.perf_counter()
    response = client.get(address)
    taken = (time.perf_counter() - started) * 1000
    if response.status_code != 200:
        raise RuntimeError(f"{address} answers {response.status_code}")
    return taken


def alone(user: User, statement: Statement, rounds: int) -> float:
    """The statement without Django around it: median milliseconds."""
    times = []
    with transaction_as(user.pk), connection.cursor() as cursor:
        for _ in range(rounds):
            started = time.perf_counter()
            cursor.execute(statement.sql, statement.params)
            cursor.fetchall()
            times.append((time.perf_counter() - started) * 1000)
    return median(times)
