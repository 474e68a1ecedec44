"""The need-to-know list (二（二）): its rules, its history, and who may write it at all."""

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from activities.months import add_months
from audit.models import Event
from audit.verbs import Verb
from experts import tasks
from experts.actions import need_to_know as actions
from experts.models import EndedGrant, Expert, NeedToKnow
from tests.experts.grants import UNKNOWN, ended, head, in_days, listed, word, worker
from tests.factories import make_expert, restrict
from tests.personas import PERSONAS
from tests.roles import as_role

pytestmark = pytest.mark.django_db
SET = "SELECT experts_set_grant(%s, %s, '需要', %s, %s, %s)"
END = "SELECT experts_end_grant(%s, '离开')"


@pytest.fixture
def expert():
    return restrict(make_expert("金丝雀"), worker("甲"), worker("乙"), approver=head("旧批准人"))


def add(by, expert, **changes):
    facts = {
        "record_number": expert.record_number,
        "person": changes.pop("person", None) or worker("丙", at="D03"),
        "reason": "联系服务需要",
        "approver": changes.pop("approver", None) or head(),
        "expires_on": in_days(30),
    }
    with as_role("liaison_app", by):
        actions.grant(by=by, **(facts | changes))


def end(by, grant, reason="离开"):
    with as_role("liaison_app", by):
        actions.end(by=by, grant=grant, reason=reason)


def failure(act, *args, **kwargs):
    """The words that an act refuses with."""
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        act(*args, **kwargs)
    return refused.value.messages


# Adding


def test_a_person_is_added_and_sees_the_record_at_once(as_app, secadmin, expert):
    person = worker("丙", at="D03")
    with as_app(person):
        assert not Expert.objects.filter(pk=expert.pk).exists()
    add(secadmin, expert, person=person)
    with as_app(person):
        assert Expert.objects.visible_to(person).get(pk=expert.pk) == expert
    grant = NeedToKnow.objects.get(user=person)
    assert (grant.record_number, grant.reason) == (expert.record_number, "联系服务需要")
    event = Event.objects.get(verb=Verb.GRANT, kind="expert")
    assert (event.reference, event.reason, event.username) == (
        expert.record_number, "联系服务需要", "secadmin",
    )  # fmt: skip


@pytest.mark.parametrize("label", [0, 1, None])
def test_a_record_that_is_not_restricted_answers_like_a_missing_one(secadmin, label):
    number = "ZJ-NOTHING2" if label is None else make_expert("某人", label=label).record_number
    expert = Expert(record_number=number)
    assert failure(add, secadmin, expert) == [UNKNOWN]
    assert Event.objects.filter(verb=Verb.GRANT, kind="expert").count() == 0


@pytest.mark.parametrize(("changes", "said"), [
    ({"person": lambda: worker("无角色", role=None)}, "person"),
    ({"person": lambda: worker("停用", is_active=False)}, "person"),
    ({"approver": lambda: worker("联络员")}, "approver"),
    ({"approver": lambda: worker("停用的", is_active=False)}, "approver"),
    ({"expires_on": lambda: in_days(0)}, "expires_on"),
    ({"expires_on": lambda: in_days(367)}, "expires_on"),
    ({"reason": lambda: "  "}, "reason"),
    ({"reason": lambda: "密级：秘密"}, "reason"),
])  # fmt: skip
def test_a_grant_that_breaks_a_rule_is_refused_beside_its_field(secadmin, expert, changes, said):
    made = {name: make() for name, make in changes.items()}
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        add(secadmin, expert, **made)
    assert (list(refused.value.message_dict), listed(expert)) == ([said], ["乙", "甲"])


def test_the_last_day_allowed_is_a_year_ahead(secadmin, expert):
    today = timezone.localdate()
    add(secadmin, expert, expires_on=add_months(today, 12))
    assert listed(expert) == ["丙", "乙", "甲"]


def test_nobody_approves_their_own_grant(secadmin, expert):
    person = head("负责人")
    assert failure(add, secadmin, expert, person=person, approver=person) == [actions.PROBLEMS["own"][1]]


def test_nobody_is_on_a_list_twice(secadmin, expert):
    twice = NeedToKnow.objects.get(user__username="甲").user
    assert failure(add, secadmin, expert, person=twice) == [actions.PROBLEMS["twice"][1]]


def test_someone_whose_grant_ran_out_is_added_anew(secadmin, expert):
    NeedToKnow.objects.filter(user__username="甲").update(expires_on=in_days(-1))
    add(secadmin, expert, person=NeedToKnow.objects.get(user__username="甲").user)
    assert (listed(expert), ended()) == (["乙", "甲"], [("甲", "到期", None)])


# Renewing and ending


def test_renewing_keeps_the_old_grant_in_the_history(secadmin, expert):
    old = NeedToKnow.objects.get(user__username="甲")
    with as_role("liaison_app", secadmin):
        actions.renew(by=secadmin, grant=old, reason="继续联系", approver=head(), expires_on=in_days(200))
    new = NeedToKnow.objects.get(user__username="甲")
    assert (new.reason, new.expires_on, new.approved_by.username) == ("继续联系", in_days(200), "审批人")
    kept = EndedGrant.objects.get()
    assert (kept.reason, kept.expires_on, kept.approved_by.username, kept.end_reason, kept.ended_by) == (
        "测试", in_days(30), "旧批准人", "续期", secadmin,
    )  # fmt: skip


def test_a_grant_ends_while_two_remain_and_sight_ends_with_it(as_app, secadmin, expert):
    add(secadmin, expert)
    grant = NeedToKnow.objects.get(user__username="甲")
    end(secadmin, grant)
    assert (listed(expert), ended()) == (["丙", "乙"], [("甲", "离开", "secadmin")])
    with as_app(grant.user):
        assert not Expert.objects.filter(pk=expert.pk).exists()
    assert not Expert.objects.visible_to(grant.user).filter(pk=expert.pk).exists()
    assert Event.objects.get(verb=Verb.REVOKE).reference == expert.record_number


@pytest.mark.parametrize("break_it", ["nothing", "disabled", "no role", "expired"])
def test_a_grant_does_not_end_when_fewer_than_two_would_be_left_who_can_look(secadmin, expert, break_it):
    if break_it != "nothing":
        add(secadmin, expert)
    third = NeedToKnow.objects.filter(user__username="丙")
    if break_it == "disabled":
        third.get().user.__class__.objects.filter(username="丙").update(is_active=False)
    if break_it == "no role":
        third.get().user.assignments.all().delete()
    if break_it == "expired":
        third.update(expires_on=in_days(-1))
    grant = NeedToKnow.objects.get(user__username="甲")
    assert failure(end, secadmin, grant) == [actions.PROBLEMS["two"][1]]
    assert "甲" in listed(expert)


def test_ending_needs_a_reason_and_a_grant_that_is_there(secadmin, expert):
    add(secadmin, expert)
    grant = NeedToKnow.objects.get(user__username="甲")
    assert failure(end, secadmin, grant, reason=" ") == [actions.PROBLEMS["reason"][1]]
    end(secadmin, grant)
    assert failure(end, secadmin, grant) == [actions.GONE]


def test_everything_of_a_person_who_left_ends_but_where_two_would_not_remain(secadmin, expert):
    other = restrict(make_expert("金丝雀二"), *(each.user for each in NeedToKnow.objects.all()))
    add(secadmin, expert)
    person = NeedToKnow.objects.filter(user__username="甲").first().user
    with as_role("liaison_app", secadmin):
        outcome = actions.end_all(by=secadmin, person=person, reason="调离")
    assert outcome == ([expert.record_number], [other.record_number])
    assert (listed(expert), listed(other)) == (["丙", "乙"], ["乙", "甲"])


# The day of the end


def test_a_grant_opens_the_record_through_its_last_day(as_app, expert):
    NeedToKnow.objects.filter(user__username="甲").update(expires_on=in_days(0))
    NeedToKnow.objects.filter(user__username="乙").update(expires_on=in_days(-1))
    for name, sees in (("甲", True), ("乙", False)):
        user = NeedToKnow.objects.get(user__username=name).user
        assert Expert.objects.visible_to(user).filter(pk=expert.pk).exists() is sees
        with as_app(user):
            assert Expert.objects.filter(pk=expert.pk).exists() is sees


def test_every_night_what_has_run_out_moves_to_the_history(expert):
    NeedToKnow.objects.filter(user__username="乙").update(expires_on=in_days(-1))
    NeedToKnow.objects.filter(user__username="甲").update(expires_on=in_days(0))
    for _ in range(2):
        with as_role("liaison_worker"):
            tasks.end_expired_grants()
    assert (listed(expert), ended()) == (["甲"], [("乙", "到期", None)])
    assert Event.objects.get(verb=Verb.REVOKE).reference == expert.record_number


@pytest.mark.parametrize("change", [{"is_active": False}, "no role"])
def test_the_lock_closes_with_the_account_and_with_the_role(as_app, expert, change):
    user = NeedToKnow.objects.get(user__username="甲").user
    if change == "no role":
        user.assignments.update(until=in_days(-1))
    else:
        type(user).objects.filter(pk=user.pk).update(**change)
    user = type(user).objects.get(pk=user.pk)
    assert not Expert.objects.visible_to(user).filter(pk=expert.pk).exists()
    with as_app(user):
        assert not Expert.objects.filter(pk=expert.pk).exists()
        assert not NeedToKnow.objects.exists()


# Who may read and write the tables


@pytest.mark.parametrize("name", PERSONAS)
@pytest.mark.parametrize("model", [NeedToKnow, EndedGrant], ids=lambda model: model.__name__)
def test_both_locks_agree_on_grants(as_app, personas, expert, name, model):
    add(personas["secadmin"], expert, person=personas["cleared_city"])
    end(personas["secadmin"], NeedToKnow.objects.get(user__username="甲"))
    restrict(make_expert("金丝雀二"), personas["cleared_city"], until=in_days(-1))
    restrict(make_expert("金丝雀三"), personas["officer_chaoyang"], personas["no_role"])
    user = personas[name]
    expected = set(model.objects.visible_to(user).values_list("pk", flat=True))
    with as_app(user):
        assert set(model.objects.values_list("pk", flat=True)) == expected
    sizes = {"secadmin": (5, 1), "cleared_city": (3, 0), "officer_chaoyang": (2, 0)}
    assert len(expected) == sizes.get(name, (0, 0))[model is EndedGrant]


WRITES = [
    "INSERT INTO experts_needtoknow (uuid, content_object_id, user_id, permission_id, reason, approved_by_id,"
    " granted_at, expires_on) SELECT gen_random_uuid(), %(expert)s, %(user)s, (SELECT min(id) FROM"
    " auth_permission), 'x', %(other)s, now(), current_date + 9",
    "UPDATE experts_needtoknow SET expires_on = current_date + 900",
    "DELETE FROM experts_needtoknow",
    "TRUNCATE experts_needtoknow",
    "UPDATE experts_endedgrant SET end_reason = 'x'",
    "DELETE FROM experts_endedgrant",
    "INSERT INTO experts_endedgrant (expert_id, record_number, user_id, reason, approved_by_id, granted_at,"
    " expires_on, ended_at, end_reason)"
    " VALUES (1, 'ZJ', %(user)s, 'x', %(other)s, now(), '2020-01-01', now(), 'x')",
    "SELECT experts_move_grants(ARRAY(SELECT id FROM experts_needtoknow), NULL, 'x')",
    "SELECT experts_insert_grant(%(expert)s, %(user)s, 'x', %(other)s, current_date + 9)",
]


@pytest.mark.parametrize("statement", WRITES, ids=lambda text: " ".join(text.split()[:3]))
def test_nobody_writes_grants_or_their_history_by_hand(personas, expert, statement):
    values = {"expert": expert.pk, "other": personas["staff_city"].pk}
    for user in personas.values():
        with (
            as_role("liaison_app", user),
            pytest.raises(ProgrammingError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values | {"user": user.pk})


def test_the_history_is_append_only_for_its_owner_too(secadmin, expert):
    add(secadmin, expert)
    end(secadmin, NeedToKnow.objects.get(user__username="甲"))
    for statement in ("UPDATE experts_endedgrant SET end_reason = 'x'", "DELETE FROM experts_endedgrant"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("statement", [
    "DELETE FROM experts_needtoknow WHERE expires_on >= current_date",
    "SELECT experts_move_grants(ARRAY(SELECT id FROM experts_needtoknow), NULL, 'x')",
])  # fmt: skip
def test_the_worker_touches_live_grants_by_no_statement(sql, expert, statement):
    with as_role("liaison_worker"):
        sql(statement)
    assert (listed(expert), ended()) == (["乙", "甲"], [])


@pytest.mark.parametrize("name", [name for name in PERSONAS if name != "secadmin"])
def test_the_functions_tell_nobody_else_anything(personas, sql, expert, name):
    user, approver, grant = personas[name], head(), NeedToKnow.objects.get(user__username="甲")
    plain = make_expert("某人").record_number
    words = set()
    for number in (expert.record_number, plain, "ZJ-NOTHING2", None):
        for person in (worker(f"{name}{number}").pk, grant.user_id, -1, None):
            for renewing in (False, True):
                args = (number, person, approver.pk, in_days(9), renewing)
                words.add(word(sql, user, SET, *args))
    for key in (grant.uuid, "00000000-0000-4000-8000-000000000000", None):
        words.add(word(sql, user, END, key))
    assert (words, listed(expert)) == ({"unknown"}, ["乙", "甲"])


def test_without_an_actor_the_functions_do_nothing(sql, expert):
    args = (expert.record_number, worker("丙").pk, head().pk, in_days(9), False)
    assert word(sql, None, SET, *args) == "unknown"
    with as_role("liaison_app"):
        assert sql("SELECT * FROM experts_own_lists()") == []
