"""One page of the register's list: order, count, and the links that lead on from it."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from core.paging import Order, Parts, page_by_key, url_with
from experts.filters import ExpertFilter
from experts.finding import everybody, following, named
from experts.freshness import ConfirmationLimits
from experts.list_parts import COLUMNS, cells_of
from experts.models import Expert

PAGE_SIZE = 25
COUNT_LIMIT, SEARCH_COUNT_LIMIT = 1000, 200  # past these the number is counted on request only
DEFAULT_SORT = "name"
ORDERS = {
    "name": ("姓名", Order(("sort_key",))),
    "-name": ("姓名", Order(("sort_key",), descending=True)),
    "age": ("年龄", Order(("birth", "sort_key"), descending=True)),
    "-age": ("年龄", Order(("birth", "sort_key"))),
    "-updated": ("最近更新", Order(("updated_at", "sort_key"), descending=True)),
    "updated": ("最近更新", Order(("updated_at", "sort_key"))),
}
LETTERS = "ABCDEFGHJKLMNOPQRSTWXYZ"  # no Chinese surname reads under I, U or V


def list_context(filters: ExpertFilter, params: QueryDict, limits: ConfirmationLimits) -> dict[str, Any]:
    """What the list shows of those whom the filters leave, in the order and from the place of the URL."""
    sort = params.get("sort", "")
    sort = sort if sort in ORDERS else DEFAULT_SORT
    words, order = ORDERS[sort]
    experts = found(filters, order)
    total, exact = counted(filters, experts, params)
    page = page_by_key(experts, order, params, PAGE_SIZE)
    cells = cells_of(filters.user, page.rows)
    for expert in page.rows:
        expert.cells = cells[expert.pk]
        expert.stale = not expert.died_on and limits.is_stale(expert.confirmed_on, expert.unit_order)
    by_age = "，不含未填出生年月的" if order.fields[0] == "birth" else ""
    return {
        "page": page,
        "columns": COLUMNS,
        "total": total,
        "exact": exact,
        "count_url": url_with(params, count="exact"),
        "page_summary": f"每页 {PAGE_SIZE} 人 · 按{words}排序{by_age}",
        "sorts": sort_links(params, sort),
        "letters": letter_links(params) if sort == DEFAULT_SORT else [],
    } | page.urls(params)


def found(filters: ExpertFilter, order: Order) -> Parts[Expert] | QuerySet[Expert]:
    """Whom the filters leave; in parts where the order is that of names."""
    if not filters.form.is_valid():
        return Expert.objects.none()
    if order.fields[0] == "birth":
        return filters.qs.for_list().filter(birth__isnull=False)
    if order.fields[0] != "sort_key":
        return filters.qs.for_list()
    narrow = filters.narrow if filters.narrows else None
    if filters.text:
        return named(filters.user, filters.text, narrow)
    if (rows := filters.leading) is not None:
        return followed(filters, rows)
    return everybody(filters.user, narrow)


def followed(filters: ExpertFilter, rows: QuerySet[Any]) -> Parts[Expert]:
    """The experts of the leading rows, and of those whom the other filters leave."""
    narrow = filters.narrow_leading if filters.narrows_leading else None
    return following(rows, narrow, leaves_many=filters.is_broad)


def counted(
    filters: ExpertFilter, experts: Parts[Expert] | QuerySet[Expert], params: QueryDict
) -> tuple[int, bool]:
    """How many there are, and whether that is exact."""
    if params.get("count") == "exact" and filters.form.is_valid():
        rows = None if filters.text else filters.leading
        return (filters.qs if rows is None else followed(filters, rows)).count(), True
    limit = SEARCH_COUNT_LIMIT if params.get("q") else COUNT_LIMIT
    if isinstance(experts, Parts):
        seen = experts.count_up_to(limit + 1)
    else:
        seen = experts.order_by()[: limit + 1].count()
    return min(seen, limit), seen <= limit


def sort_links(params: QueryDict, current: str) -> dict[str, dict[str, str]]:
    """For each sortable column: the URL that sorts by it and the direction in force."""
    links = {}
    for key in ("name", "age", "updated"):
        is_current = current.lstrip("-") == key
        flipped = key if current.startswith("-") else f"-{key}"
        links[key] = {
            "url": url_with(params, sort=flipped if is_current else key),
            "direction": ("desc" if current.startswith("-") else "asc") if is_current else "",
        }
    return links


def letter_links(params: QueryDict) -> list[dict[str, Any]]:
    chosen = params.get("letter", "")[:1].upper()
    rest = url_with(params, letter=None, after=None, before=None).removeprefix("?")
    start = f"?{rest}&letter=" if rest else "?letter="
    return [
        {"letter": letter, "url": start + letter.lower(), "active": letter == chosen} for letter in LETTERS
    ]
