"""Whoever opens a restricted record is on the trail, by whichever page."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from audit.models import Event
from audit.verbs import Verb
from experts.enums import AwardState
from liaison.access import ROUTES
from tests.experts.pages import at, edited
from tests.factories import make_award, make_evidence, make_expert, make_report, make_sensitive, restrict

pytestmark = pytest.mark.django_db
PAGES = ["", "edit", "photo", "awards/new", "award", "reveal/id_number", "changes/new", "changes/new/award"]


@pytest.fixture
def expert(cleared_city):
    expert = make_expert("林中一")
    make_award(expert, "MUNICIPAL_AWARD", text="示范奖", state=AwardState.PENDING)
    make_sensitive(expert)
    expert.photo.save("photo.jpg", ContentFile(b"\xff\xd8\xff\xd9"), save=True)
    make_evidence(make_report(cleared_city, expert))
    make_report(cleared_city, expert, "serious_illness")
    return restrict(expert, cleared_city)


def address(expert, page):
    return at(
        expert, *(["awards", expert.awards.get().uuid, "edit"] if page == "award" else [page] * bool(page))
    )


def status(client, url):
    response = client.get(url)
    b"".join(response)  # to the end, which closes a photo's file
    return response.status_code


def views(expert):
    return Event.objects.filter(verb=Verb.VIEW, kind="expert", reference=expert.record_number)


@pytest.mark.parametrize("page", PAGES)
def test_opening_a_restricted_record_is_recorded(client_of, cleared_city, expert, page):
    assert status(client_of(cleared_city), address(expert, page)) == 200
    assert [event.username for event in views(expert)] == ["cleared_city"]


def test_the_page_that_shows_a_colleagues_version_is_recorded(client_of, cleared_city, expert):
    stale = edited(expert, label="2", version=expert.version + 1)
    assert client_of(cleared_city).post(at(expert, "edit"), stale).status_code == 409
    assert views(expert).count() == 1


@pytest.mark.parametrize("page", PAGES)
def test_opening_an_ordinary_record_is_not(client_of, cleared_city, expert, page):
    type(expert).objects.filter(pk=expert.pk).update(label=0)
    assert status(client_of(cleared_city), address(expert, page)) == 200
    assert views(expert).count() == 0


@pytest.mark.parametrize("page", PAGES)
def test_what_is_not_shown_is_not_recorded(client_of, staff_city, expert, page):
    assert status(client_of(staff_city), address(expert, page)) == 404
    assert views(expert).count() == 0


def arguments(expert, about):
    award = expert.awards.get().uuid
    report, illness = (expert.changes.get(kind=kind) for kind in ("transfer", "serious_illness"))
    return {
        "expert": [expert.uuid],
        "field": [expert.uuid, "id_number"],
        "award": [expert.uuid, award],
        "change kind": [expert.uuid, "transfer"],
        "report": [report.uuid],
        "illness": [illness.uuid],
        "evidence": [expert.uuid, expert.evidence.get().uuid],
    }[about]


NAMING = {"expert", "field", "award", "change kind", "report", "illness", "evidence"}
OPENING = [(key, about) for key, row in ROUTES.items() if (about := row.about) in NAMING]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("key", "about"), OPENING)
def test_no_route_leads_to_a_restricted_record_past_the_trail(
    client_of, cleared_city, expert, key, about, method
):
    response = getattr(client_of(cleared_city), method)(reverse(key, args=arguments(expert, about)))
    b"".join(response)
    taken = getattr(ROUTES[key], method)["staff_city"] != 405
    assert (response.status_code != 405) == taken
    assert views(expert).exists() == taken


def test_the_routes_are_those_that_name_an_expert():
    assert len(OPENING) >= 9
