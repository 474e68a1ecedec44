"""Views, tasks, commands and pages that forget the first lock: the second shows them nothing of a restricted
record or of one of another unit, and what is hidden reads like what does not exist."""

import logging
import pickle
import re

import pytest
from celery import shared_task
from django.contrib.admin import AdminSite, ModelAdmin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.models import Count, F, Max, Q
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import path
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import Unit, User
from core.logs import ReticentFormatter
from core.rls import working_as
from experts.enums import AwardState, Label
from experts.models import (
    Award,
    DuplicatePair,
    Expert,
    HistoryEvent,
    Holder,
    Honour,
    Merge,
    NeedToKnow,
    SearchToken,
    SensitiveValue,
)
from liaison.urls import urlpatterns as product_urls
from tests.access import test_canary as canary
from tests.access.test_canary import MARK, NUMBER, RECORD, release_canary
from tests.access.test_canary import neighbours as neighbours  # a fixture
from tests.access.test_routes import TOKEN
from tests.factories import hold, make_award, make_expert, make_sensitive

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def names(rows):
    return sorted(str(row) for row in rows)


def one(name):
    return Expert.objects.get(name=name)


def of_user(user):
    return NeedToKnow.objects.filter(user=user).select_related("content_object")


def raw(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return sorted(cursor.fetchall())


# Each is a view that forgets `visible_to`. "D04" is the unit of the person who asks.
FORGETFUL = {
    "all": lambda: names(Expert.objects.all()),
    "filter": lambda: names(Expert.objects.filter(name__startswith=MARK)),
    "get": lambda: str(Expert.objects.get(uuid=RECORD)),
    "count": lambda: Expert.objects.count(),
    "exists": lambda: Expert.objects.filter(record_number=NUMBER).exists(),
    "aggregate": lambda: Expert.objects.aggregate(Max("name"), Count("pk"), Max("birth")),
    "first and last": lambda: [str(Expert.objects.order_by("-birth").first()), str(Expert.objects.last())],
    "in_bulk": lambda: names(Expert.objects.in_bulk(field_name="uuid").values()),
    "values": lambda: sorted(Expert.objects.values_list("name", "employer", "unit__name")),
    "dates": lambda: list(Expert.objects.dates("birth", "month")),
    "grouped": lambda: sorted(Expert.objects.values_list("unit__code").annotate(Count("pk"))),
    "iterator": lambda: names(Expert.objects.iterator(chunk_size=1)),
    "union": lambda: names(Expert.objects.filter(label=2).union(Expert.objects.filter(unit__code="D03"))),
    "for update": lambda: names(Expert.objects.select_for_update().filter(name__startswith=MARK)),
    "awards": lambda: names(award.expert for award in Award.objects.select_related("expert")),
    "awards of an honour": lambda: names(
        award.expert for award in Award.objects.filter(honour=Honour.objects.get(code="STATE_ALLOWANCE"))
    ),
    "award by key": lambda: str(Award.objects.get(uuid=canary.AWARD).text),
    "values through a join": lambda: sorted(Award.objects.values_list("expert__name", "text")),
    "experts of a unit": lambda: names(Expert.objects.filter(unit=Unit.objects.get(code="D04"))),
    "units with experts": lambda: sorted(
        Unit.objects.filter(pk__in=Expert.objects.values("unit")).values_list("code", flat=True)
    ),
    "experts by award": lambda: names(Expert.objects.filter(awards__text__startswith=MARK)),
    "prefetch": lambda: [
        (str(each), names(each.awards.all()), names(each.tokens.all()), names(each.sensitive_values.all()))
        for each in Expert.objects.order_by("pk").prefetch_related("awards", "tokens", "sensitive_values")
    ],
    "holders": lambda: sorted(Holder.objects.values_list("unit__code", "expert__name")),
    "pairs": lambda: sorted(DuplicatePair.objects.values_list("expert__name", "other__name")),
    "merges": lambda: sorted(Merge.objects.values_list("gone_number", "expert__name")),
    "history": lambda: sorted(map(str, HistoryEvent.objects.values_list("act", "about", "changes"))),
    "tokens": lambda: SearchToken.objects.filter(token="雀").values_list("sort_key", "expert__name").count(),
    "secrets": lambda: sorted(SensitiveValue.objects.values_list("field", "expert__name")),
    "need to know": lambda: names(each.content_object for each in NeedToKnow.objects.all()),
    "need to know of a user": lambda: names(
        each.content_object for each in of_user(User.objects.get(username="cleared_city"))
    ),
    "suggestions": lambda: names(
        Expert.objects.filter(pk__in=SearchToken.objects.filter(token__in=["雀", "jsq"]).values("expert_id"))
    ),
    "raw rows": lambda: names(Expert.objects.raw("SELECT * FROM experts_expert")),
    "a cursor": lambda: raw("SELECT name FROM experts_expert"),
    "a join": lambda: raw(
        "SELECT e.name, a.text FROM experts_award a LEFT JOIN experts_expert e ON e.id = a.expert_id"
    ),
    "a subquery": lambda: raw(
        "SELECT code, (SELECT count(*) FROM experts_expert e WHERE e.unit_id = u.id) FROM accounts_unit u"
    ),
    "raw tokens": lambda: raw("SELECT token, sort_key FROM experts_searchtoken"),
    "a window": lambda: raw("SELECT row_number() OVER (), count(*) OVER () FROM experts_expert"),
    "an outer join": lambda: raw(
        "SELECT u.code, e.name FROM accounts_unit u JOIN experts_holder h ON h.unit_id = u.id"
        " LEFT JOIN experts_expert e ON e.id = h.expert_id"
    ),
    "a table sample": lambda: raw("SELECT name FROM experts_expert TABLESAMPLE system (100)"),
    "an update": lambda: Expert.objects.update(post="改"),
    "an update by key": lambda: Expert.objects.filter(uuid=RECORD).update(version=F("version") + 1),
    "an update across": lambda: Award.objects.filter(expert__name__startswith=MARK).update(text="改"),
    "a deletion": lambda: Award.objects.all().delete()[0],
    "a cascade": lambda: Expert.objects.filter(name__startswith=MARK).delete()[0],
    "deletion of secrets": lambda: SensitiveValue.objects.filter(Q(field="phone")).delete()[0],
    "a save": lambda: Expert(uuid=RECORD, pk=one(f"{MARK}一号").pk).save(update_fields=["post"]),
}  # fmt: skip


def planted(request, bug):
    """Runs one of them; what goes wrong is part of the answer, without keys."""
    try:
        with transaction.atomic():
            told = str(FORGETFUL[bug]())
    except Exception as error:
        told = f"{type(error).__name__} {error}"
    return HttpResponse(told)


class OpenAdmin(AdminSite):
    """An admin site that somebody opened to everyone."""

    def has_permission(self, request):
        return request.user.is_active


class Careless(ModelAdmin):
    search_fields = ["name", "record_number"]
    list_display = ["name", "record_number", "employer"]
    list_filter = ["unit", "label"]
    date_hierarchy = "birth"

    def has_module_permission(self, request):
        return True

    has_view_permission = has_change_permission = has_delete_permission = lambda self, request, obj=None: True


class CarelessAward(Careless):
    search_fields, list_display, list_filter, date_hierarchy = ["text"], ["text", "expert"], ["honour"], None
    autocomplete_fields = ["expert"]


site = OpenAdmin(name="careless")
site.register(Expert, Careless)
site.register(Award, CarelessAward)


def late(request):
    template = engines["django"].from_string("{% for each in all %}{{ each }},{% endfor %}{{ first }}")
    first = SimpleLazyObject(lambda: Expert.objects.order_by("-birth").first())
    return TemplateResponse(request, template, {"all": Expert.objects.order_by("pk"), "first": first})


def stream(request):
    def lines():
        for each in Expert.objects.all():
            yield f"{each},"

    return StreamingHttpResponse(lines())


def after_commit(request):
    transaction.on_commit(lambda: heard.append(names(Expert.objects.all())))
    return HttpResponse()


def left_for_later(request):
    response = HttpResponse()
    response.rows = Expert.objects.all()
    return response


def fails(request, kind):
    expert = Expert.objects.get(uuid=RECORD)
    raise {"404": Http404, "403": PermissionDenied, "500": RuntimeError}[kind](f"{expert} {expert.employer}")


class LookingBack:
    """A middleware outside the transaction that reads what a view has left."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if hasattr(response, "rows"):
            heard.append(names(response.rows))
        return response


heard = []
urlpatterns = [
    path("t/bug/<str:bug>/", planted),
    path("t/late/", late),
    path("t/stream/", stream),
    path("t/after/", after_commit),
    path("t/later/", left_for_later),
    path("t/fails/<str:kind>/", fails),
    path("t/admin/", site.urls),
    *product_urls,
]


def release(personas):
    """The restricted record, one of another unit, and one that another unit shares with a third; a pair that
    one of them is part of, and a merge into it."""
    secret = release_canary(personas)
    older, newer = sorted((one("林大同"), secret), key=lambda expert: expert.pk)
    DuplicatePair.objects.create(expert=older, other=newer, reasons=["name_birth"])
    Merge.objects.create(
        expert=secret,
        into_id=secret.pk,
        gone_id=-1,
        gone_uuid=RECORD,
        gone_number=f"{MARK}并入",
        gone_label=0,
        merged_by=personas["cleared_city"],
        expires_at=timezone.now(),
    )
    other = make_expert(f"{MARK}朝阳", "D03", birth=None, awards=["STATE_ALLOWANCE", "CAS"])
    make_award(other, "MUNICIPAL_AWARD", text=f"{MARK}朝阳奖", state=AwardState.PENDING)
    make_sensitive(other)
    hold(other, "U03")
    secret = make_expert(f"{MARK}敏感", "U03", label=Label.SENSITIVE)
    make_sensitive(secret)


@pytest.fixture
def people(neighbours):
    heard.clear()
    return neighbours


def get(user, address):
    """Status, page and address; nothing that it does stays."""
    client = Client(raise_request_exception=False)
    with transaction.atomic():
        client.force_login(user, backend="accounts.backends.LockingBackend")
        response = client.get(address)
        text = b"".join(response) if response.streaming else response.content
        answer = response.status_code, TOKEN.sub("", text.decode()), response.headers.get("Location", "")
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("bug", FORGETFUL)
def test_a_view_that_forgets_shows_nothing_hidden(people, bug):
    user, address = people["officer_haidian"], f"/t/bug/{bug}/"
    before = get(user, address)
    release(people)
    after = get(user, address)
    assert after == before
    assert MARK not in after[1]
    # It could: the owner, whom no policy holds, gets another answer.
    with transaction.atomic():
        owner = planted(None, bug).content.decode()
        transaction.set_rollback(True)
    assert owner != after[1]


def test_without_the_first_lock_the_whole_product_answers_as_if_the_record_did_not_exist(people, monkeypatch):
    """`visible` and `changeable` let everything pass; PostgreSQL alone decides."""
    everything = lambda user, **_: Q()  # noqa: E731
    for module in ("expert", "sensitive", "search"):
        monkeypatch.setattr(f"experts.models.{module}.visible", everything)
    monkeypatch.setattr("experts.models.expert.changeable", everything)
    user = people["officer_haidian"]
    before = canary.walk(user)
    release_canary(people)
    after = canary.walk(user)
    assert {key: told for key, answer in after.items() if (told := canary.told(answer[2], key))} == {}
    assert canary.changed(before, after) == []


def test_without_the_first_lock_an_import_does_not_meet_a_hidden_duplicate(people, monkeypatch, client_of):
    everything = lambda user, **_: Q()  # noqa: E731
    for module in ("expert", "sensitive"):
        monkeypatch.setattr(f"experts.models.{module}.visible", everything)
    row = f"{MARK}一号,男,1949-12,{canary.ID_NUMBER},{MARK}研究所,院长,,"
    client = client_of(people["officer_haidian"])
    before = canary.imported(client, monkeypatch, row)
    release(people)
    assert canary.imported(client, monkeypatch, row) == before
    assert before[0]["create"] == 1


def test_what_is_rendered_late_is_rendered_under_the_policies(people):
    before = get(people["officer_haidian"], "/t/late/")
    release(people)
    after = get(people["officer_haidian"], "/t/late/")
    assert after == before
    assert "林大同" in after[1]


def test_what_is_streamed_after_the_transaction_shows_nothing_at_all(people, client_of, as_app):
    release(people)
    response = client_of(people["officer_haidian"]).get("/t/stream/")
    with as_app(None):
        assert b"".join(response.streaming_content) == b""


def test_what_a_middleware_reads_after_the_transaction_is_empty(people, client_of, settings):
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], f"{__name__}.LookingBack", *settings.MIDDLEWARE[1:]]
    release(people)
    client_of(people["officer_haidian"]).get("/t/later/")
    assert heard == [[]]


def test_what_runs_after_the_commit_is_empty(people, client_of, as_app, django_capture_on_commit_callbacks):
    release(people)
    with django_capture_on_commit_callbacks() as callbacks:
        client_of(people["officer_haidian"]).get("/t/after/")
    with as_app(None):
        for callback in callbacks:
            callback()
    assert heard == [[]]


@shared_task
def careless_task():
    return names(Expert.objects.all())


@shared_task
def borrowed_task(user_id):
    with working_as(User.objects.get(pk=user_id), channel="job"):
        return careless_task()


def test_a_task_without_context_finds_nothing(people, as_app):
    release(people)
    assert len(careless_task()) == 5
    with as_app(None):
        assert careless_task.apply().get() == []


def test_a_task_sees_what_its_user_sees(people, as_app):
    release(people)
    with as_app(None):
        assert borrowed_task.apply([people["officer_chaoyang"].pk]).get() == [f"{MARK}朝阳"]
        assert borrowed_task.apply([people["sysadmin"].pk]).get() == []


class Listing(BaseCommand):
    """A command without --by."""

    def handle(self, *args, **options):
        self.stdout.write(f"{Expert.objects.count()} {names(Expert.objects.all())}")


def test_a_command_without_a_person_finds_nothing(people, as_app, capsys):
    release(people)
    with as_app(None):
        call_command(Listing())
    assert capsys.readouterr().out == "0 []\n"


ADMIN = [
    "",
    "experts/expert/",
    f"experts/expert/?q={NUMBER}",
    f"experts/expert/?q={MARK}",
    "experts/expert/?label__exact=2",
    "experts/expert/{pk}/change/",
    "experts/expert/{pk}/delete/",
    "experts/expert/{pk}/history/",
    "experts/award/",
    "experts/award/{award}/change/",
    "autocomplete/?app_label=experts&model_name=award&field_name=expert&term=" + MARK,
]


@pytest.mark.parametrize("page", ADMIN)
def test_an_admin_page_that_forgets_shows_nothing_hidden(people, page):
    """The restricted record gets the number that was asked for before."""
    user, keys = people["officer_haidian"], {"pk": 10**9 + 1, "award": 10**9 + 2}
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('experts_expert_id_seq', %s)", [10**9])
        cursor.execute("SELECT setval('experts_award_id_seq', %s)", [10**9])
    address = f"/t/admin/{page.format(**keys)}"
    before = get(user, address)
    release(people)
    assert Expert.objects.get(uuid=RECORD).pk == keys["pk"]
    after = get(user, address)
    assert (after[0], canary.stable(after[1]), after[2]) == (before[0], canary.stable(before[1]), before[2])
    assert not [value for value in canary.VALUES if value in after[1] and value not in address]


def test_the_admin_pages_do_show_what_is_not_hidden(people):
    release(people)
    listed = get(people["cleared_city"], "/t/admin/experts/expert/")
    assert f"{MARK}一号" in listed[1]
    key = Expert.objects.get(uuid=RECORD).pk
    assert get(people["cleared_city"], f"/t/admin/experts/expert/{key}/change/")[0] == 200


@pytest.mark.parametrize(("kind", "status"), [("404", 404), ("403", 403), ("500", 500)])
def test_no_page_of_an_error_and_no_log_line_tells_what_failed(people, client_of, caplog, kind, status):
    """The view holds the record, for someone who may see it; whoever reads the log may not."""
    release(people)
    client = client_of(people["cleared_city"])
    client.raise_request_exception = False
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="django.request"):
        response = client.get(f"/t/fails/{kind}/")
    assert response.status_code == status
    assert MARK not in response.content.decode()
    lines = [
        ReticentFormatter("{levelname} {name} {message}", style="{").format(each) for each in caplog.records
    ]
    assert [line for line in lines if MARK in line] == []
    assert any(f"/t/fails/{kind}/" in line for line in lines)
    assert not [each for each in caplog.records if MARK in each.getMessage()]


def test_the_cache_holds_no_person(people):
    release(people)
    cache.clear()
    for page in ("", f"?q={MARK}", f"{RECORD}/", f"{RECORD}/edit/", f"suggest/?q={MARK}"):
        assert MARK in get(people["cleared_city"], f"/experts/{page}")[1]
    kept = {key: pickle.loads(value) for key, value in cache._cache.items()}
    assert {key.rpartition(":")[2] for key in kept} == {"disciplines", "honours"}
    assert MARK not in str(kept)


def test_only_reference_lists_are_cached_anywhere(settings):
    root = settings.BASE_DIR
    caching = {
        str(each.relative_to(root))
        for app in ("core", "audit", "accounts", "reminders", "experts", "reports", "exchange", "liaison")
        for each in (root / app).rglob("*.py")
        if re.search(r"core\.cache import|cache_page", each.read_text(encoding="utf-8"))
    }
    assert caching == {"experts/filters.py"}
    cached = [p for p in (root / "templates").rglob("*.html") if "{% cache" in p.read_text(encoding="utf-8")]
    assert cached == []
