"""Restricting a record and lifting the restriction: asked by one person, decided by another (二（二）)."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from audit.models import Event
from audit.verbs import Verb
from experts.actions import need_to_know, register
from experts.actions import restriction as actions
from experts.enums import Label
from experts.errors import NotAllowed
from experts.models import (
    Award,
    Expert,
    Holder,
    Honour,
    NeedToKnow,
    RestrictionRequest,
    RestrictionState,
    SearchToken,
    SensitiveValue,
)
from tests.exchange import wizard
from tests.experts.grants import ended, head, in_days, listed, word, worker
from tests.factories import (
    ask_to_lift,
    ask_to_restrict,
    hold,
    make_expert,
    make_sensitive,
    restrict,
    unit,
)
from tests.personas import PERSONAS
from tests.roles import as_role

pytestmark = pytest.mark.django_db
APPROVED, REFUSED, WITHDRAWN = (
    RestrictionState.APPROVED,
    RestrictionState.REFUSED,
    RestrictionState.WITHDRAWN,
)
DECIDE = "SELECT experts_decide_restriction(%s, %s, %s)"


@pytest.fixture
def expert():
    expert = make_expert("林中鸟", awards=["CAS"])
    make_sensitive(expert)
    hold(expert, "D03")
    return expert


@pytest.fixture
def people():
    return worker("甲"), worker("乙", at="D03")


def facts(*persons, **changes):
    return {
        "reason": "涉及国家安全",
        "secrecy_officer": "保密干部",
        "confirmed_on": timezone.localdate(),
        "persons": [person.pk for person in persons],
        "expires_on": in_days(100),
    } | changes


def lifting(**changes):
    return (
        {name: facts()[name] for name in ("reason", "secrecy_officer", "confirmed_on")}
        | {"new_label": Label.SENSITIVE}
        | changes
    )


def ask(by, expert, **given):
    with as_role("liaison_app", by):
        return actions.request_restriction(by=by, expert=expert, facts=given)


def decide(by, asked, decision=APPROVED, note=""):
    with as_role("liaison_app", by):
        actions.decide_restriction(by=by, asked=asked, decision=decision, note=note)


def failure(act, *args, **kwargs):
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        act(*args, **kwargs)
    return refused.value.messages


def sights(expert, user):
    """What each lock shows the user of the record and of all that hangs on it."""
    models = ((Expert, "pk"), (Award, "expert"), (SearchToken, "expert"), (RestrictionRequest, "expert"))
    python = [model.objects.visible_to(user).filter(**{key: expert.pk}).exists() for model, key in models]
    with as_role("liaison_app", user):
        database = [model.objects.filter(**{key: expert.pk}).exists() for model, key in models]
        others = [model.objects.filter(expert=expert.pk).exists() for model in (Holder, SensitiveValue)]
    assert python == database
    assert len(set(python)) == 1
    assert python[0] or not any(others)
    return python[0]


# Restricting


def test_a_request_changes_nothing_until_another_person_approves_it(
    officer_haidian, director_haidian, expert, people
):
    asked = ask(officer_haidian, expert, **facts(*people))
    expert.refresh_from_db()
    assert (expert.label, listed(expert), asked.state) == (Label.INTERNAL, [], "pending")
    assert sights(expert, officer_haidian)
    event = Event.objects.get(verb=Verb.REQUEST)
    assert (event.kind, event.reference, event.fields, event.reason) == (
        "expert", expert.record_number, ["restriction"], "",
    )  # fmt: skip

    decide(director_haidian, asked)

    expert.refresh_from_db()
    asked.refresh_from_db()
    assert (expert.label, expert.version, listed(expert)) == (Label.RESTRICTED, 2, ["乙", "甲"])
    assert (asked.state, asked.decided_by, asked.label) == ("approved", director_haidian, Label.RESTRICTED)
    grant = NeedToKnow.objects.get(user=people[0])
    assert (grant.reason, grant.approved_by, grant.expires_on) == (
        "涉及国家安全", director_haidian, in_days(100),
    )  # fmt: skip
    assert Event.objects.get(verb=Verb.CONFIRM).result == "ok"


def test_after_approval_only_the_persons_named_see_anything_of_it(personas, expert, people):
    before = {name for name, user in personas.items() if Expert.objects.visible_to(user).exists()}
    assert {"staff_city", "officer_haidian", "officer_chaoyang", "leader_city"} <= before
    asked = ask(personas["officer_haidian"], expert, **facts(*people))
    decide(personas["director_haidian"], asked)
    assert [name for name, user in personas.items() if sights(expert, user)] == []
    assert [sights(expert, person) for person in people] == [True, True]


def test_the_requester_may_be_on_the_list_and_goes_on_seeing(
    officer_haidian, director_haidian, expert, people
):
    decide(director_haidian, ask(officer_haidian, expert, **facts(people[0], officer_haidian)))
    assert (sights(expert, officer_haidian), sights(expert, director_haidian)) == (True, False)


@pytest.mark.parametrize(("changes", "field"), [
    ({"persons": []}, "persons"),
    ({"persons": "one"}, "persons"),
    ({"persons": "no role"}, "persons"),
    ({"reason": "机密★长期"}, "reason"),
    ({"secrecy_officer": "密级：机密"}, "secrecy_officer"),
])  # fmt: skip
def test_a_request_that_breaks_a_rule_is_refused(officer_haidian, expert, people, changes, field):
    given = facts(*people)
    if changes.get("persons") == "one":
        changes = {"persons": [people[0].pk]}
    if changes.get("persons") == "no role":
        changes = {"persons": [people[0].pk, worker("无角色", role=None).pk]}
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        ask(officer_haidian, expert, **given | changes)
    assert list(refused.value.message_dict) == [field]


def test_one_request_at_a_time(officer_haidian, director_haidian, expert, people):
    ask(officer_haidian, expert, **facts(*people))
    assert failure(ask, director_haidian, expert, **facts(*people)) == [
        "这条记录已有待批准的申请，办理后才能再申请。"
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        ask_to_restrict(director_haidian, expert, *people)


@pytest.mark.parametrize("name", ["leader_city", "officer_chaoyang", "no_role", "secadmin"])
def test_only_who_may_change_the_record_asks(personas, expert, people, name):
    with pytest.raises(PermissionDenied), transaction.atomic():
        ask(personas[name], expert, **facts(*people))


def test_who_is_on_the_list_cannot_be_the_one_who_approves(officer_haidian, director_haidian, expert, people):
    asked = ask(officer_haidian, expert, **facts(people[0], director_haidian))
    assert failure(decide, director_haidian, asked) == [actions.REFUSALS["listed"]]
    assert Event.objects.filter(verb=Verb.CONFIRM).count() == 0


def test_nobody_decides_their_own_request(director_haidian, expert, people):
    asked = ask(director_haidian, expert, **facts(*people))
    assert failure(decide, director_haidian, asked) == [actions.REFUSALS["own"]]
    assert failure(decide, director_haidian, asked, REFUSED, "不同意") == [actions.REFUSALS["own"]]
    with pytest.raises(IntegrityError), transaction.atomic():
        RestrictionRequest.objects.update(
            state="approved", decided_by=director_haidian, decided_at=timezone.now()
        )


@pytest.mark.parametrize("broken", ["disabled", "no role", "expired"])
def test_persons_and_end_are_looked_at_again_when_it_is_approved(
    officer_haidian, director_haidian, expert, people, broken
):
    asked = ask(officer_haidian, expert, **facts(*people))
    if broken == "disabled":
        type(people[0]).objects.filter(pk=people[0].pk).update(is_active=False)
    if broken == "no role":
        people[0].assignments.all().delete()
    if broken == "expired":
        RestrictionRequest.objects.update(expires_on=in_days(0))
    expected = actions.REFUSALS["expiry" if broken == "expired" else "persons"]
    assert failure(decide, director_haidian, asked) == [expected]
    expert.refresh_from_db()
    assert (expert.label, listed(expert)) == (Label.INTERNAL, [])


def test_refusing_needs_a_note_and_leaves_the_record_open(officer_haidian, director_haidian, expert, people):
    asked = ask(officer_haidian, expert, **facts(*people))
    assert failure(decide, director_haidian, asked, REFUSED) == [actions.REFUSALS["note"]]
    decide(director_haidian, asked, REFUSED, "没有必要")
    asked.refresh_from_db()
    assert (asked.state, asked.note, asked.decided_by) == ("refused", "没有必要", director_haidian)
    assert sights(expert, officer_haidian)
    assert failure(decide, director_haidian, asked) == [actions.REFUSALS["decided"]]
    assert ask(officer_haidian, expert, **facts(*people)).state == "pending"


def test_only_the_requester_withdraws(officer_haidian, director_haidian, expert, people):
    asked = ask(officer_haidian, expert, **facts(*people))
    assert failure(decide, director_haidian, asked, WITHDRAWN) == [actions.REFUSALS["unknown"]]
    decide(officer_haidian, asked, WITHDRAWN)
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("withdrawn", officer_haidian)


# Lifting


@pytest.fixture
def restricted(expert, people):
    return restrict(expert, *people, approver=head("旧批准人"))


def test_lifting_is_approved_by_another_person_on_the_list(restricted, people, officer_haidian):
    one, other = people
    asked = ask(one, restricted, **lifting())
    assert failure(decide, one, asked) == [actions.REFUSALS["own"]]
    decide(other, asked)
    restricted.refresh_from_db()
    assert (restricted.label, listed(restricted)) == (Label.SENSITIVE, [])
    assert sorted(ended()) == [("乙", "解除限知悉", "乙"), ("甲", "解除限知悉", "乙")]
    assert sights(restricted, officer_haidian)


def test_nobody_beyond_the_list_asks_for_or_decides_lifting(restricted, people, personas):
    asked = ask(people[0], restricted, **lifting())
    for user in personas.values():
        with pytest.raises(PermissionDenied), transaction.atomic():
            ask(user, restricted, **lifting())
        assert failure(decide, user, asked) == [actions.REFUSALS["unknown"]]


def test_lifting_to_internal_may_end_the_sight_of_whoever_lifts(restricted, people):
    """A person on the list from another unit that does not hold the expert."""
    Holder.objects.filter(expert=restricted).delete()
    decide(people[1], ask(people[0], restricted, **lifting(new_label=Label.INTERNAL)))
    assert not Expert.objects.visible_to(people[1]).filter(pk=restricted.pk).exists()


# Both locks


@pytest.mark.parametrize("name", PERSONAS)
def test_both_locks_agree_on_requests(as_app, personas, name):
    for code in ("BJ", "D03", "D04"):
        ask_to_restrict(
            worker(f"申请{code}"), make_expert("某", unit_code=code), worker(f"一{code}"), worker(f"二{code}")
        )
    ask_to_lift(worker("申请"), restrict(make_expert("限"), personas["cleared_city"], worker("三")))
    user = personas[name]
    expected = set(RestrictionRequest.objects.visible_to(user).values_list("pk", flat=True))
    with as_app(user):
        assert set(RestrictionRequest.objects.values_list("pk", flat=True)) == expected
    assert len(expected) == {
        "cleared_city": 4, "staff_city": 3, "leader_city": 3, "officer_haidian": 1, "director_haidian": 1,
        "officer_chaoyang": 1,
    }.get(name, 0)  # fmt: skip


@pytest.mark.parametrize("name", PERSONAS)
def test_the_function_does_for_nobody_what_the_pages_would_not(personas, sql, expert, people, name):
    """Called by hand: only who may decide moves anything, and nobody else learns whether it is there."""
    asked = ask_to_restrict(worker("申请人"), expert, *people)
    hidden = ask_to_lift(worker("申请人二"), restrict(make_expert("限"), *people))
    user = personas[name]
    words = {
        word(sql, user, DECIDE, key, decision, "理由")
        for key in (asked.uuid, hidden.uuid, "00000000-0000-4000-8000-000000000000", None)
        for decision in ("withdrawn", "pending", "", None)
    }
    assert words == {"unknown"}
    assert word(sql, user, DECIDE, hidden.uuid, "approved", "") == "unknown"
    expected = "done" if name == "director_haidian" else "unknown"
    assert word(sql, user, DECIDE, asked.uuid, "approved", "") == expected
    expert.refresh_from_db()
    assert (expert.label == Label.RESTRICTED) is (name == "director_haidian")


@pytest.mark.parametrize("statement", [
    "UPDATE experts_restrictionrequest SET state = 'approved'",
    "DELETE FROM experts_restrictionrequest",
    "UPDATE experts_expert SET label = 2 WHERE label < 2",
    "UPDATE experts_expert SET label = 1 WHERE label = 2",
])  # fmt: skip
def test_nobody_decides_or_labels_by_hand(sql, officer_haidian, people, statement):
    ask_to_restrict(officer_haidian, make_expert("某"), *people)
    restrict(make_expert("限"), officer_haidian, people[1])
    with as_role("liaison_app", officer_haidian), pytest.raises(ProgrammingError), transaction.atomic():
        sql(statement)


@pytest.mark.parametrize("change", [
    {"state": "approved", "decided_at": "now"},
    {"requested_by": "other"},
    {"kind": "unrestrict", "new_label": 0, "persons": [], "expires_on": None},
])  # fmt: skip
def test_a_request_begins_as_ones_own_pending_one_that_fits_the_record(
    officer_haidian, director_haidian, expert, people, change
):
    if "decided_at" in change:
        change = {"state": "approved", "decided_by": director_haidian, "decided_at": timezone.now()}
    if "requested_by" in change:
        change = {"requested_by": director_haidian}
    row = {"expert": expert, "kind": "restrict", "requested_by": officer_haidian} | facts(*people) | change
    with as_role("liaison_app", officer_haidian), pytest.raises(DatabaseError), transaction.atomic():
        RestrictionRequest.objects.create(**row)


# Elsewhere


def test_no_other_act_restricts_or_lifts(officer_haidian, people):
    plain, hidden = make_expert("某"), restrict(make_expert("限"), officer_haidian, people[1])
    with pytest.raises(NotAllowed):
        register.update_expert(by=officer_haidian, expert=plain, version=1, facts={"label": Label.RESTRICTED})
    with pytest.raises(NotAllowed):
        register.update_expert(by=officer_haidian, expert=hidden, version=1, facts={"label": Label.INTERNAL})
    with pytest.raises(NotAllowed):
        register.create_expert(
            by=officer_haidian, facts={"name": "新", "unit": unit("D04"), "label": Label.RESTRICTED}
        )
    everyone = Expert.objects.changeable_by(officer_haidian)
    with pytest.raises(NotAllowed):
        register.assign_label(by=officer_haidian, experts=everyone, label=Label.RESTRICTED)
    register.assign_label(by=officer_haidian, experts=everyone, label=Label.SENSITIVE)
    assert dict(Expert.objects.values_list("name", "label")) == {
        "某": Label.SENSITIVE,
        "限": Label.RESTRICTED,
    }


def test_an_import_by_someone_on_the_list_leaves_the_restriction(
    client_of, officer_haidian, people, monkeypatch
):
    hidden = make_expert("林一", birth=date(1966, 5, 1), employer="示范大学")
    restrict(hidden, officer_haidian, people[1])
    client = client_of(officer_haidian)
    row = wizard.GOOD.replace("政府特殊津贴", "千人计划")
    assert Honour.objects.get(code="THOUSAND_TALENTS").default_label == Label.SENSITIVE
    roster = wizard.previewed(client, monkeypatch, row)
    client.post(wizard.url("commit", roster))
    roster = wizard.work(roster, monkeypatch)
    hidden.refresh_from_db()
    assert (roster.stage, hidden.awards.count(), hidden.label) == ("committed", 1, Label.RESTRICTED)


def test_without_context_nothing_of_it_is_read(officer_haidian, expert, people):
    ask_to_restrict(officer_haidian, expert, *people)
    with as_role("liaison_app"):
        assert not RestrictionRequest.objects.exists()
        assert not NeedToKnow.objects.exists()


def test_the_record_tells_who_asked_who_decided_and_who_was_listed(
    client_of, officer_haidian, director_haidian, secadmin, expert, people
):
    asked = ask(officer_haidian, expert, **facts(*people))
    decide(officer_haidian, asked, WITHDRAWN)
    decide(director_haidian, ask(officer_haidian, expert, **facts(*people)))
    with as_role("liaison_app", secadmin):
        need_to_know.grant(
            by=secadmin, record_number=expert.record_number, person=worker("丙"), reason="需要",
            approver=director_haidian, expires_on=in_days(9),
        )  # fmt: skip
    page = client_of(people[0]).get(f"/experts/{expert.uuid}/?tab=log").content.decode()
    for words in ("提出了限知悉申请", "撤回了限知悉申请", "办理了限知悉申请", "授予：知悉范围"):
        assert words in page
