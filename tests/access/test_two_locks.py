"""Lock one (visible_to) and lock two (row-level security) agree on every row, for every persona."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.utils import timezone

from activities.models import (
    Contact,
    ContactPerson,
    Coverage,
    FollowUp,
    Nomination,
    Pairing,
    Photo,
    TrainingClass,
    TrainingPlan,
)
from experts.enums import Label
from experts.models import (
    Award,
    ChangeReport,
    Evidence,
    ExitText,
    Expert,
    Holder,
    MandatoryExit,
    NeedToKnow,
    SavedFilter,
    SearchToken,
    SensitiveValue,
    TakeOver,
)
from tests.factories import (
    enter,
    hold,
    make_award,
    make_class,
    make_contact,
    make_evidence,
    make_exit,
    make_expert,
    make_follow_up,
    make_nomination,
    make_photo,
    make_plan,
    make_report,
    make_sensitive,
    make_takeover,
    make_unit,
    pair,
    restrict,
    unit,
)
from tests.personas import PERSONAS

HANGING = [
    Award, ChangeReport, Contact, ContactPerson, Evidence, FollowUp, Photo, SearchToken, SensitiveValue,
    TakeOver,
]  # fmt: skip
IN_REACH = [Coverage, Nomination, Pairing, TrainingClass, TrainingPlan]
PROTECTED = [Expert, *HANGING, *IN_REACH, ExitText, MandatoryExit, Holder, NeedToKnow, SavedFilter]


@pytest.fixture
def population(personas):
    """Every combination that the rule distinguishes: unit, label, second holder, need-to-know."""
    below = make_unit(parent="D04-01")
    for code in ("BJ", "D03", "D04", "D04-01", below.code, "U03"):
        for label in (Label.INTERNAL, Label.SENSITIVE):
            expert = make_expert(f"王{code}{label}"[:20], unit_code=code, label=label, awards=["CAS"])
            make_sensitive(expert)
    for code, label in (("D03", Label.INTERNAL), ("U03", Label.SENSITIVE)):
        shared = make_expert("共同联系", unit_code=code, label=label, awards=["STATE_ALLOWANCE"])
        hold(shared, "D04")
        make_sensitive(shared)
    for expert in (make_expert("金丝雀甲", awards=["CAE"]), make_expert("金丝雀乙", unit_code="D03")):
        make_sensitive(expert)
        restrict(expert, personas["cleared_city"], personas["officer_chaoyang"])
    expired = make_expert("金丝雀丙")
    restrict(expired, personas["officer_haidian"], until=timezone.localdate() - timedelta(days=1))
    restrict(make_expert("金丝雀丁"), personas["sysadmin"], personas["no_role"])
    head = personas["director_haidian"]
    city = make_class(make_plan(head, "BJ", approver=head))
    city_draft, district = make_class(make_plan(head, "BJ", 2027)), make_class(make_plan(head, "D04"))
    for expert in Expert.objects.all():
        make_exit(personas["officer_haidian"], expert)
        for kind in ("transfer", "serious_illness"):
            make_evidence(make_report(personas["officer_haidian"], expert, kind))
        for by in (personas["officer_haidian"], personas["officer_chaoyang"]):
            for facts in ({}, {"state": "draft", "way": ""}):
                contact = make_contact(by, expert, unit_code=expert.unit.code, **facts)
                ContactPerson.objects.create(contact=contact, user=by, capacity="officer")
                make_follow_up(contact)
                make_photo(contact)
        make_takeover(personas["officer_haidian"], expert)
        make_takeover(
            personas["officer_haidian"],
            expert,
            state="declined",
            note="x",
            decided_by=personas["officer_chaoyang"],
            decided_at=timezone.now(),
        )
        for code in ("D03", "D04"):
            enter(expert, code)
            pair(expert, personas["leader_city"], unit_code=code)
        for training, code in ((city, "D04"), (city_draft, "D03"), (district, "D04")):
            make_nomination(personas["officer_haidian"], training, expert, code)
    return personas


def seen_by_python(model, user):
    return set(model.objects.visible_to(user).values_list(*[field.name for field in model._meta.pk_fields]))


def seen_by_database(model):
    names = [field.column for field in model._meta.pk_fields]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM {model._meta.db_table}")
        return set(cursor.fetchall())


@pytest.mark.parametrize("name", PERSONAS)
def test_both_locks_agree_on_every_row(population, as_app, name):
    user = population[name]
    models = [Expert, *HANGING, *IN_REACH, ExitText, MandatoryExit]
    expected = {model: seen_by_python(model, user) for model in models}
    with as_app(user):
        assert {model: seen_by_database(model) for model in models} == expected


def test_the_population_tells_the_personas_apart(population):
    seen = {name: seen_by_python(Expert, user) for name, user in population.items()}
    assert len(seen["staff_city"]) == 14
    assert len(seen["cleared_city"]) == 16
    assert len(seen["leader_city"]) == 7
    assert len(seen["officer_haidian"]) == 8
    assert len(seen["officer_chaoyang"]) == 4
    assert [len(seen[name]) for name in ("sysadmin", "secadmin", "auditor", "no_role")] == [0, 0, 0, 0]


@pytest.mark.parametrize("name", PERSONAS)
def test_what_may_be_changed_is_what_the_database_lets_change(population, as_app, name):
    user = population[name]
    expected = set(Expert.objects.changeable_by(user).values_list("pk", flat=True))
    with as_app(user), connection.cursor() as cursor:
        cursor.execute("UPDATE experts_expert SET post = post RETURNING id")
        assert {row[0] for row in cursor.fetchall()} == expected


def test_without_context_every_protected_table_reads_as_empty(population, as_app):
    SavedFilter.objects.create(user=population["staff_city"], name="我的", query="scope=key")
    assert [model for model in PROTECTED if not seen_by_database(model)] == []
    with as_app(None):
        assert [model for model in PROTECTED if seen_by_database(model)] == []


def test_a_forged_context_is_refused(population, as_app, sql):
    user = population["staff_city"]
    with as_app(None):
        sql(
            "SELECT set_config('app.actor', %s, true)",
            f"{user.pk}|{int(timezone.now().timestamp())}|1|{'0' * 64}",
        )
        assert seen_by_database(Expert) == set()


def test_a_disabled_user_sees_nothing_by_either_lock(population, as_app):
    user = population["staff_city"]
    user.is_active = False
    user.save()
    with as_app(user):
        assert seen_by_database(Expert) == set()
    assert seen_by_python(Expert, user) == set()


def test_a_row_hung_on_a_hidden_expert_fails_like_one_on_a_missing_expert(population, as_app):
    hidden = Expert.objects.filter(label=Label.RESTRICTED).first()
    failures = []
    for pk in (hidden.pk, 10**15):
        with (
            as_app(population["officer_haidian"]),
            pytest.raises(DatabaseError) as failure,
            transaction.atomic(),
        ):
            Award.objects.create(expert_id=pk, honour_id=make_honour_id())
        failures.append(str(failure.value).split("DETAIL")[0])
    assert failures[0] == failures[1]


def make_honour_id():
    from experts.models import Honour

    return Honour.objects.get(code="CAS").pk


def test_nobody_inserts_beyond_their_reach(population, as_app):
    with as_app(population["officer_chaoyang"]), pytest.raises(ProgrammingError), transaction.atomic():
        Expert.objects.create(name="越界", sort_key="y", unit=unit("D04"))


def test_nobody_deletes_an_expert(population, as_app, sql):
    with as_app(population["staff_city"]), pytest.raises(ProgrammingError), transaction.atomic():
        sql("DELETE FROM experts_expert")


def test_children_follow_when_the_expert_is_labelled_or_moved(population):
    expert = make_expert("随行", awards=["CAS"])
    make_sensitive(expert)
    make_evidence(make_report(population["officer_haidian"], expert))
    make_takeover(population["officer_haidian"], expert)
    contact = make_contact(population["officer_haidian"], expert)
    ContactPerson.objects.create(contact=contact, name="陪同人", capacity="other")
    make_follow_up(contact)
    make_photo(contact)
    Expert.objects.filter(pk=expert.pk).update(
        label=Label.SENSITIVE, unit=unit("D03"), unit_order=unit("D03").order
    )
    for model in HANGING:
        copies = set(model.objects.filter(expert=expert).values_list("label", "unit_order"))
        assert copies == {(Label.SENSITIVE, unit("D03").order)}


def test_a_renumbered_unit_takes_its_experts_along(population):
    from accounts.actions import move_unit

    expert = make_expert("搬迁", unit_code="D04-01")
    make_award(expert)
    move_unit(unit("D04-01"), unit("D03"))
    expert.refresh_from_db()
    assert expert.unit_order == unit("D04-01").order
    assert expert in Expert.objects.visible_to(population["officer_chaoyang"])
    assert expert not in Expert.objects.visible_to(population["officer_haidian"])
