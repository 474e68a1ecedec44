"""The demo data: fictional, the same every time, complete, and with one record whose leak would show."""

from collections import Counter
from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import call_command
from django.db import models, transaction
from django.utils import timezone

from accounts.enums import Clearance, Duty
from accounts.models import Unit, User
from activities.enums import CoverageList
from activities.models import (
    Briefing,
    Contact,
    Coverage,
    FollowUp,
    Gathering,
    Guest,
    Pairing,
    Receipt,
    Resolution,
    TrainingClass,
)
from activities.posts import Limits
from audit.models import Event
from core.chinese import syllables
from core.id_numbers import parse_id_number
from experts.enums import AwardState, Category, Label, Scope, SensitiveField
from experts.models import (
    Award,
    ChangeReport,
    Expert,
    Holder,
    Honour,
    NeedToKnow,
    Proposal,
    ReviewRound,
    RosterEntry,
    SearchToken,
    SensitiveValue,
)
from experts.roster import Listing
from experts.scope import BEIJING_MISSING, decide
from experts.sensitive import opened
from liaison.demo import CANARY, DEMO_UNIT, PASSWORD, people, seed
from tests.personas import PERSONAS

TODAY = date(2026, 11, 23)
# Closed lists, keys and digests: these say nothing about anybody.
NOT_TEXT = {
    "record_number",
    "sort_key",
    "scope",
    "category",
    "gender",
    "political_affiliation",
    "id_type",
    "photo",
    "level",
    "state",
    "token",
    "field",
    "key_id",
}


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield seed.seed(today=TODAY)
        transaction.set_rollback(True)


@pytest.fixture
def canary(demo, db):
    """While its list is in force, which ends a year after TODAY."""
    NeedToKnow.objects.update(expires_on=timezone.localdate())
    return Expert.objects.get(label=Label.RESTRICTED)


def text_values(row):
    """Every free text of the row, lists included."""
    for field in row._meta.fields:
        if field.name in NOT_TEXT or field.choices:
            continue
        value = getattr(row, field.name)
        if isinstance(field, models.CharField | models.TextField | models.FileField):
            yield field.name, value
        elif isinstance(value, list):
            yield from ((field.name, entry) for entry in value if isinstance(entry, str))


def test_the_same_day_gives_the_same_people():
    first, second = seed.make_drafts(TODAY), seed.make_drafts(TODAY)

    assert [draft.facts for draft in first] == [draft.facts for draft in second]
    assert [draft.awards for draft in first] == [draft.awards for draft in second]
    assert [[value.text for value in draft.secrets] for draft in first] == [
        [value.text for value in draft.secrets] for draft in second
    ]


def test_counts(demo, db):
    assert demo == {"units": 1, "accounts": 36, "experts": 612}
    assert Expert.objects.count() == 612
    assert Expert.objects.filter(unit__code=DEMO_UNIT).count() == 12
    assert Expert.objects.filter(unit__code__startswith="D04").count() == 159
    assert Expert.objects.exclude(category="").values("category").distinct().count() == len(Category)
    assert Expert.objects.filter(category="").count() == 35
    assert Holder.objects.count() == 34
    event = Event.objects.get(kind="demo")
    assert event.counts == demo


def test_every_honour_occurs(demo, db):
    held = set(Award.objects.values_list("honour__code", flat=True))

    assert held == set(Honour.objects.values_list("code", flat=True))


def test_scopes_are_what_the_rule_decides(demo, db):
    wrong = []
    for expert in Expert.objects.prefetch_related("awards__honour"):
        decision = decide(expert.awards.all(), works_in_beijing=expert.works_in_beijing, day=TODAY)
        if (expert.scope, expert.scope_basis) != (decision.scope, decision.basis):
            wrong.append(expert.record_number)

    assert wrong == []
    assert Expert.objects.filter(scope=Scope.KEY).count() == 341


def test_academicians_elsewhere_are_general_and_told_why(demo, db):
    away = Expert.objects.filter(works_in_beijing=False).prefetch_related("awards__honour")

    assert len(away) == 3
    for expert in away:
        decision = decide(expert.awards.all(), works_in_beijing=False, day=TODAY)
        assert [ground.why_not for ground in decision.near_misses] == [BEIJING_MISSING]
        assert expert.scope == Scope.GENERAL
        assert expert.works_in_beijing_confirmed_on is not None


def test_kinds_of_records_that_pages_must_show(demo, db):
    pending = Award.objects.filter(
        honour__code="MUNICIPAL_AWARD", state=AwardState.PENDING, expert__label__lt=2
    )
    two_years_ago = TODAY - timedelta(days=731)

    assert pending.count() == 12
    assert pending.filter(expert__scope=Scope.KEY).count() == 0
    assert Expert.objects.filter(confirmed_on__lt=two_years_ago).count() > 50
    assert Expert.objects.filter(is_frontline=True).count() > 20
    assert Expert.objects.exclude(nationality="中国").filter(id_type="passport").count() == 6
    assert set(Expert.objects.exclude(id_type="").values_list("id_type", flat=True)) == {
        "resident18",
        "resident15",
        "passport",
        "hk_macao",
        "taiwan",
    }
    assert SensitiveValue.objects.filter(field=SensitiveField.HEALTH).count() > 20


def test_a_review_of_haidian_is_partly_done(demo, db):
    review = ReviewRound.objects.get()
    covered = Expert.objects.filter(review.covered())
    confirmed = covered.filter(review.confirmed()).count()
    assert review.unit.code == "D04"
    assert 0 < confirmed < covered.count() / 2
    assert {source for *_, source in (each["all"] for each in covered.exclude(confirmed_on=None)
            .values_list("confirmations", flat=True))} == {"entry", "review"}  # fmt: skip


def test_rosters_hold_most_key_experts_and_proposals_wait(demo, db):
    for code in ("D04", "BJ"):
        on = RosterEntry.objects.filter(unit__code=code, scope=Scope.KEY).as_of(TODAY)
        own = Expert.objects.filter(unit__code=code, scope=Scope.KEY, label=Label.INTERNAL)
        assert 0 < own.count() - on.count() < on.count(), code
    states = Counter(Proposal.objects.values_list("unit__code", "state"))
    approved = {code: number for (code, state), number in states.items() if state == "approved"}
    assert approved.pop("D04") == 4
    assert set(approved.values()) == {1}
    assert {code for code, state in states if state != "approved"} == {"D04"}
    assert {state for code, state in states if code == "D04"} == {"submitted", "reviewed", "approved"}
    assert not RosterEntry.objects.filter(unit__code=DEMO_UNIT).exists()
    listing = Listing(User.objects.get(username="staff_city"), Unit.objects.get(code="D04"), TODAY)
    changes = listing.changes_since(TODAY - timedelta(days=60))
    assert (changes.entered.count(), changes.left.count(), changes.rescoped.count()) == (0, 1, 1)
    for proposal in Proposal.objects.all():
        assert proposal.lines.count() == proposal.line_count > 0


def test_a_change_waits_for_the_demo_officer_of_haidian(demo, db):
    reports = ChangeReport.objects.verifiable_by(User.objects.get(username="officer_haidian"))
    assert reports.get().get_kind_display() == "职务变化"


def test_contacts_leave_some_in_touch_and_some_not(demo, db):
    assert Contact.objects.filter(state="done").count() > 80
    assert Contact.objects.filter(state="done", on__gt=TODAY).count() == 0
    assert set(Contact.objects.values_list("kind", flat=True)) == {"visit", "phone", "symposium"}
    assert set(Contact.objects.values_list("state", flat=True)) == {"done", "planned", "missed"}
    assert Contact.objects.unrecorded_on(TODAY).exists()
    assert FollowUp.objects.open().exists()
    assert FollowUp.objects.filter(done_at__isnull=False).exists()
    for code in ("D04", "BJ"):
        at = Unit.objects.get(code=code)
        rows, states = Coverage.objects.filter(place=at.order), (CoverageList.COVERED, CoverageList.GAP)
        found = {which: rows.in_list(which, TODAY).count() for which in states}
        assert min(found.values()) >= 1, (code, found)
    assert not Contact.objects.filter(expert__label=Label.RESTRICTED).exists()


def test_meetings_symposia_and_briefings_show_every_state(demo, db):
    for kind in ("meeting", "symposium"):
        states = set(Gathering.objects.filter(kind=kind).values_list("state", flat=True))
        assert states == {"done", "planned"}, kind
    resolved = Resolution.objects.all()
    assert resolved.overdue_on(TODAY).count() == 2
    assert resolved.open().filter(due_on__gt=TODAY).count() == 2
    assert resolved.exclude(done_at=None).count() == 1
    assert set(Briefing.objects.values_list("state", flat=True)) == {"draft", "sent"}
    assert 0 < Receipt.objects.unread().count() < Receipt.objects.count()
    assert Guest.objects.exclude(contact=None).count() == 4
    assert not Guest.objects.filter(expert__label__gt=Label.INTERNAL).exists()
    officer = User.objects.get(username="officer_haidian")
    for model in (Gathering, Resolution, Briefing, TrainingClass):
        assert model.objects.visible_to(officer).exists(), model


def test_surnames_with_another_reading_occur_and_sort_by_it(demo, db):
    readings = dict(
        zip(
            people.POLYPHONES,
            ["shan", "xie", "qiu", "zeng", "ou", "piao", "zha", "ge", "zhai", "qin"],
            strict=True,
        )
    )
    found = {}
    for expert in Expert.objects.filter(name__regex=f"^[{people.POLYPHONES}]"):
        found[expert.name[0]] = syllables(expert.name)[0]
        assert expert.sort_key == expert.keyed()

    assert found == readings


def test_two_programmes_make_records_sensitive(demo, db):
    programmes = Expert.objects.filter(awards__honour__code__in=["THOUSAND_TALENTS", "HAIJU"])

    assert set(programmes.values_list("label", flat=True)) == {Label.SENSITIVE}
    assert Expert.objects.filter(label=Label.SENSITIVE).count() == programmes.distinct().count()


def test_children_carry_the_copies_that_the_locks_read(demo, db):
    for model in (Award, SearchToken, SensitiveValue):
        outside = model.objects.exclude(
            label=models.F("expert__label"), unit_order=models.F("expert__unit_order")
        )
        assert model.objects.exists()
        assert outside.count() == 0


def test_numbers_are_valid_and_belong_to_nobody(demo, db):
    rows = SensitiveValue.objects.filter(expert__label__lt=2).select_related("expert")
    numbers = {row: opened(row.expert, row) for row in rows}

    for row, text in numbers.items():
        if row.field == SensitiveField.ID_NUMBER:
            assert parse_id_number(text)[0] == row.expert.id_type
            assert not text[0].isdigit() or text.startswith(people.UNASSIGNED_AREA)
        if row.field == SensitiveField.PHONE:
            assert text.startswith("1000000")
    assert len([row for row in numbers if row.field == SensitiveField.ID_NUMBER]) > 500


def test_every_text_of_the_restricted_record_bears_the_marker(canary):
    rows = [canary, *canary.awards.all()]
    texts = [(row._meta.model_name, *pair) for row in rows for pair in text_values(row)]
    secrets = [opened(canary, row) for row in canary.sensitive_values.all()]

    assert {name for model, name, _ in texts if model == "expert"} == {
        "name",
        "former_names",
        "nationality",
        "employer",
        "post",
        "title",
        "education",
        "fields_of_work",
        "email",
        "office_phone",
        "address",
    }
    assert {name for model, name, _ in texts if model == "award"} == {"text", "issuer", "document"}
    assert [entry for entry in texts if not entry[2].startswith(CANARY)] == []
    # The security administrator reads why someone is listed, and may read nothing of the record there.
    assert {grant.reason for grant in canary.need_to_know.all()} == {"联系服务需要"}
    assert len(secrets) == 3
    assert all(text.startswith(CANARY) for text in secrets)
    assert all(entry["name"].startswith(CANARY) for entry in canary.scope_basis)


def test_the_marker_stands_nowhere_else(canary):
    others = Expert.objects.exclude(pk=canary.pk)
    awards = Award.objects.exclude(expert=canary)
    bearing = [row for row in [*others, *awards] for _, text in text_values(row) if CANARY in text]
    events = [event for event in Event.objects.all() if CANARY in str(vars(event))]

    assert bearing == []
    assert events == []
    assert SearchToken.objects.filter(token__contains="金丝").exclude(expert=canary).count() == 0


def test_only_the_listed_persons_see_the_restricted_record(canary):
    listed = set(NeedToKnow.objects.values_list("user__username", "approved_by__username"))
    seeing = {
        user.username for user in User.objects.all() if Expert.objects.visible_to(user).filter(pk=canary.pk)
    }

    assert listed == {("cleared_city", "director_city"), ("cleared_haidian", "director_city")}
    assert seeing == {"cleared_city", "cleared_haidian"}
    assert canary.unit.code == "D04"


def test_restricted_record_is_hidden_by_the_database_too(canary, as_app):
    seeing = set()
    for user in User.objects.all():
        with as_app(user):
            if Expert.objects.filter(pk=canary.pk).exists():
                seeing.add(user.username)

    assert seeing == {"cleared_city", "cleared_haidian"}


def test_accounts_are_the_cast_and_say_that_they_are_a_demo(demo, db):
    users = {user.username: user for user in User.objects.select_related("unit")}

    for name, (code, role, duty, clearance) in PERSONAS.items():
        if role is None:
            continue
        user = users[name]
        assert (user.unit.code, user.duty, user.clearance) == (code, duty, clearance)
        assert [(each.role, each.unit.code) for each in user.current_assignments] == [(role, code)]
    assert all(user.is_demo and user.display_name.startswith("演示·") for user in users.values())
    assert users["cleared_haidian"].clearance == Clearance.SENSITIVE
    assert users["auditor"].duty == Duty.AUDIT


def test_the_one_password_signs_in_and_passes_the_rules(demo, db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = User.objects.get(username="officer_haidian")

    assert user.check_password(PASSWORD)
    assert User.objects.exclude(password=user.password).count() == 0
    assert validate_password(PASSWORD, user) is None


def test_units_have_leaders_and_officers(demo, db):
    led = set(Unit.objects.exclude(leader_in_charge=None).values_list("code", flat=True))
    haidian = Unit.objects.get(code="D04")

    assert led == {"BJ", "D01", "D02", "D03", "D04", "D04-01", "M18", "U01", "U03", "C01", DEMO_UNIT}
    assert haidian.leader_in_charge.display_name == "演示·海淀分管领导"
    assert {user.username for user in haidian.liaison_officers()} == {"officer_haidian", "cleared_haidian"}


def test_seeding_again_changes_nothing(demo, db):
    before = list(Expert.objects.order_by("pk").values_list("pk", "version", "updated_at"))
    out = StringIO()

    call_command("seed_demo", stdout=out)

    assert out.getvalue() == "The demo data is there already.\n"
    assert list(Expert.objects.order_by("pk").values_list("pk", "version", "updated_at")) == before


def test_seeding_again_asks_one_question(demo, db, django_assert_num_queries):
    with django_assert_num_queries(3):  # a savepoint, the question, and its release
        assert seed.seed() == {}


def test_leaders_keep_within_their_limits_and_one_has_left(demo, db):
    counted = Counter(Pairing.objects.open().filter(kind="leader").values_list("person__username", flat=True))
    limits = Limits()
    for username, number in counted.items():
        person = User.objects.get(username=username)
        assert number <= limits.of(person, person.assignments.get().unit, "leader"), username
    vacant = Pairing.objects.vacant(TODAY)
    assert {each.person.display_name for each in vacant} == {"演示·海淀原领导"}
    assert vacant.count() == 3
    entries = {(entry.expert_id, entry.unit_id) for entry in RosterEntry.objects.open()}
    assert set(Pairing.objects.values_list("expert", "unit")) <= entries
