"""二（三）: an exit tells the officers concerned, in words that name nobody, and nobody who may not know."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.roles import Role
from experts.actions import exits, proposals
from experts.actions.deaths import register_death
from experts.enums import Label
from experts.models import ExitTextKind, Holder, RosterEntry
from experts.telling import LEFT, LEFT_SEVERAL, record_link, tell_of_exits
from reminders.models import Message
from tests.access.test_planted_sql import failure
from tests.experts.grants import head
from tests.experts.pages import at
from tests.factories import assign, hold, make_expert, make_unit, make_user, propose, restrict, unit
from tests.personas import PERSONAS
from tests.roles import as_role

pytestmark = pytest.mark.django_db
OWN = "/experts/roster/"
NOBODY = "00000000-0000-4000-8000-0000000000ab"


@pytest.fixture
def people(personas):
    """The cast of the demo, and one officer of Chaoyang who is cleared for sensitive records."""
    cleared = make_user(username="cleared_chaoyang", unit=unit("D03"), clearance=Label.SENSITIVE)
    assign(cleared, Role.LIAISON_OFFICER, unit("D03"))
    return personas | {"cleared_chaoyang": cleared}


@pytest.fixture
def expert():
    return make_expert("林离去", awards=["CAS"])


def list_on(expert, by, *codes):
    """On the rosters of these units; those that do not manage the expert hold them."""
    yesterday = timezone.localdate() - timedelta(days=1)
    for code in codes:
        RosterEntry.objects.create(
            expert=expert, unit=unit(code), scope="key", since=yesterday,
            opened_by=propose(by, expert, unit_code=code, state="withdrawn"),
        )  # fmt: skip
        if unit(code).parent_id and expert.unit != unit(code):
            hold(expert, code)


def leave(people, *experts, code="D04", scope=""):
    """An exit by proposal, approved by the department head."""
    officer, director = people["officer_haidian"], people["director_haidian"]
    with as_role("liaison_app", officer):
        proposal = proposals.draft_proposal(
            by=officer, unit=unit(code), kind="exit", experts=experts, reason="own_request"
        )
        if scope:
            proposals.change_lines(by=officer, proposal=proposal, lines=proposal.lines.all(), scope=scope)
        proposals.submit(by=officer, proposal=proposal)
    with as_role("liaison_app", director):
        proposals.review(by=director, proposal=proposal)
        proposals.approve(by=director, proposal=proposal)


def told():
    """By username, text and address of what came into the inboxes."""
    rows = Message.objects.values_list("recipient__username", "text", "url")
    return {name: (text, url) for name, text, url in rows}


def test_officers_and_heads_of_the_units_that_hold_are_told_but_the_actor(people, expert):
    list_on(expert, people["officer_haidian"], "D04", "D03", "BJ")
    leave(people, expert)
    line = LEFT, at(expert)
    assert told() == dict.fromkeys(
        ["officer_haidian", "officer_chaoyang", "cleared_chaoyang", "staff_city", "cleared_city"], line
    )
    assert expert.name not in LEFT + LEFT_SEVERAL
    assert Message.objects.count() == 5


def test_whoever_loses_sight_with_the_exit_is_led_to_their_own_roster(people):
    """Haidian keeps one whom Chaoyang manages on its roster; with the exit it sees the record no more."""
    theirs = make_expert("林朝阳", unit_code="D03")
    list_on(theirs, people["officer_chaoyang"], "D04")
    leave(people, theirs)
    assert told() == {
        "officer_haidian": (LEFT, OWN),
        "officer_chaoyang": (LEFT, at(theirs)),
        "cleared_chaoyang": (LEFT, at(theirs)),
    }
    assert Holder.objects.count() == 0


def test_a_proposal_of_many_is_one_line_for_each_person(people):
    experts = [make_expert(f"林{number}") for number in "甲乙丙"]
    for each in experts:
        list_on(each, people["officer_haidian"], "D04")
    hold(experts[0], "D03")
    leave(people, *experts)
    assert told() == {
        "officer_haidian": (LEFT_SEVERAL.format(3), OWN),
        "officer_chaoyang": (LEFT, at(experts[0])),
        "cleared_chaoyang": (LEFT, at(experts[0])),
    }


def test_who_goes_to_general_scope_has_not_left(people, expert):
    list_on(expert, people["officer_haidian"], "D04")
    leave(people, expert, scope="general")
    assert told() == {}


def test_the_people_of_the_nearest_unit_are_told_where_a_unit_has_none(people):
    below = make_unit(parent="D04-01")
    expert = make_expert("林下级", unit_code=below.code)
    list_on(expert, people["officer_haidian"], below.code)
    with as_role("liaison_app", people["staff_city"]):
        tell_of_exits([expert.uuid], units=[below])
    assert set(told()) == {"officer_haidian", "director_haidian"}


def test_a_sensitive_record_is_told_of_to_the_cleared_only(people):
    expert = make_expert("林敏感", label=Label.SENSITIVE)
    list_on(expert, people["officer_haidian"], "D04", "D03")
    leave(people, expert)
    assert set(told()) == {"officer_haidian", "cleared_chaoyang"}


def test_whose_role_has_ended_or_account_is_closed_is_not_told(people, expert):
    list_on(expert, people["officer_haidian"], "D04", "D03", "BJ")
    people["cleared_chaoyang"].is_active = False
    people["cleared_chaoyang"].save()
    people["officer_chaoyang"].assignments.update(until=timezone.localdate() - timedelta(days=1))
    people["staff_city"].assignments.update(since=timezone.localdate() + timedelta(days=1))
    leave(people, expert)
    assert set(told()) == {"officer_haidian", "cleared_city"}


def test_of_a_restricted_record_only_the_persons_on_its_list_are_told(people, expert):
    list_on(expert, people["officer_haidian"], "D04", "D03", "BJ")
    director = people["director_haidian"]
    restrict(expert, people["officer_haidian"], director, people["cleared_city"], people["leader_city"])
    restrict(expert, people["officer_chaoyang"], until=timezone.localdate() - timedelta(days=1))
    leave(people, expert)
    assert told() == dict.fromkeys(["officer_haidian", "cleared_city"], (LEFT, at(expert)))


def mandatory(people, expert):
    officer, director = people["officer_haidian"], people["director_haidian"]
    with as_role("liaison_app", officer):
        texts = {ExitTextKind.REASON: "学术不端", ExitTextKind.FACTS: "事实"}
        case = exits.register_exit(by=officer, expert=expert, known_on=timezone.localdate(), texts=texts)
        exits.note_told(by=officer, case=case, told_on=timezone.localdate())
    checker = people["cleared_city"]
    with as_role("liaison_app", checker):
        exits.check_exit(by=checker, case=case)
    with as_role("liaison_app", director):
        exits.approve_exit(by=director, case=case)


def test_a_mandatory_exit_is_told_once_and_in_the_same_words(people, expert):
    list_on(expert, people["officer_haidian"], "D04", "D04-01", "D03")
    mandatory(people, expert)
    assert told() == dict.fromkeys(
        ["officer_haidian", "officer_chaoyang", "cleared_chaoyang"], (LEFT, at(expert))
    )
    assert Message.objects.count() == 3


def test_a_death_is_told_to_every_unit_and_in_the_same_words(people, expert):
    list_on(expert, people["officer_haidian"], "D04", "D03", "BJ")
    officer = people["officer_haidian"]
    with as_role("liaison_app", officer):
        register_death(by=officer, expert=expert, died_on=timezone.localdate(), source="讣告")
    assert set(told()) == {
        "director_haidian", "officer_chaoyang", "cleared_chaoyang", "staff_city", "cleared_city",
    }  # fmt: skip
    assert set(told().values()) == {(LEFT, at(expert))}


def test_what_does_not_happen_is_not_told(people, expert):
    officer = people["officer_haidian"]
    with as_role("liaison_app", officer):
        register_death(by=officer, expert=expert, died_on=timezone.localdate(), source="讣告")
    before = Message.objects.count()
    with as_role("liaison_app", officer), pytest.raises(ValidationError, match="已经登记去世"):
        register_death(by=officer, expert=expert, died_on=timezone.localdate(), source="讣告")
    assert Message.objects.count() == before == 1


@pytest.mark.parametrize("name", PERSONAS)
def test_the_address_opens_for_whoever_is_told(people, client_of, expert, name):
    """What leads to the record leads somewhere; who is not told of it may not be able to open it."""
    list_on(expert, people["officer_haidian"], "D04", "D03", "BJ")
    leave(people, expert)
    if name in told():
        assert client_of(people[name]).get(told()[name][1]).status_code == 200


# The database


TELL = "SELECT experts_tell(ARRAY[%s]::uuid[], {units}, '{{}}', '一', '多', '/x/', '/y/')"


@pytest.mark.parametrize("units", ["NULL", "ARRAY(SELECT id FROM accounts_unit)"])
def test_nobody_tells_of_a_record_that_they_do_not_see(people, expert, units):
    restrict(expert, people["cleared_city"], people["director_haidian"])
    elsewhere = make_expert("林朝阳", unit_code="D03")
    for key in (expert.uuid, elsewhere.uuid, NOBODY):
        with as_role("liaison_app", people["officer_haidian"]):
            assert failure(TELL.format(units=units), str(key)) == 1
        with as_role("liaison_app"):
            assert failure(TELL.format(units=units), str(key)) == 1
    assert told() == {}


CLOSED = [
    "INSERT INTO reminders_message (recipient_id, text, url, created_at) SELECT id, '一', '', now()"
    " FROM accounts_user WHERE id <> core_actor()",
    "SELECT experts_write_to('{1}', NULL, NULL, '', '', '', '')",
    "SELECT experts_concerned('{1}', NULL, NULL)",
    "SELECT experts_keepers_of('{1}', 0::smallint)",
]


@pytest.mark.parametrize("statement", CLOSED)
def test_an_inbox_is_written_by_nobody_else_directly(people, statement):
    with as_role("liaison_app", people["officer_haidian"]):
        assert failure(statement)[0] == "42501"


def test_the_link_is_the_record_s_own_address(expert):
    assert record_link().replace("{}", str(expert.uuid)) == at(expert)


def test_heads_on_the_list_are_told_without_a_unit_of_the_expert(people, expert):
    """Restricted records are the list's, whatever unit its persons work in."""
    outside = head(at="U03")
    restrict(expert, people["officer_haidian"], outside)
    with as_role("liaison_app", people["officer_haidian"]):
        tell_of_exits([expert.uuid], units=None)
    assert set(told()) == {outside.username}
