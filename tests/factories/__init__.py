"""One minimal factory per model, written as owner. Defaults are the smallest valid row."""

from datetime import date, time, timedelta
from itertools import count
from uuid import uuid4

from django.utils import timezone

from accounts.enums import UnitKind
from accounts.models import RoleAssignment, Unit, User
from activities.models import (
    Contact,
    FollowUp,
    Gathering,
    Guest,
    Invitation,
    Nomination,
    Pairing,
    Photo,
    Resolution,
    Series,
    TrainingClass,
    TrainingPlan,
)
from activities.models.contact import VAULT as PHOTOS
from core.crypto import encrypt
from experts.actions.scoping import decide_scope
from experts.enums import Label
from experts.exit_texts import sealed_text
from experts.models import (
    Award,
    ChangeReport,
    Evidence,
    EvidencePurpose,
    ExitTextKind,
    Expert,
    Holder,
    Honour,
    MandatoryExit,
    NeedToKnow,
    Proposal,
    ProposalFile,
    ProposalLine,
    RestrictionRequest,
    ReviewRound,
    RosterEntry,
    SearchToken,
    SensitiveValue,
    TakeOver,
)
from experts.models.evidence import VAULT
from experts.models.proposal_file import VAULT as proposal_vault
from experts.search import token_rows
from experts.sensitive import SensitiveInput, check_id_number, sealed

_serial = count(1)


def unit(code):
    return Unit.objects.get(code=code)


def make_unit(parent="BJ", **facts):
    from accounts.actions import create_unit

    number = next(_serial)
    defaults = {"code": f"X{number}", "name": f"测试单位{number}", "short_name": f"单位{number}"}
    return create_unit(by=None, parent=unit(parent), kind=UnitKind.OTHER, **(defaults | facts))


def make_user(**facts):
    number = next(_serial)
    defaults = {"username": f"user{number}", "display_name": f"用户{number}"}
    user = User(**(defaults | facts))
    user.set_password("Demo-2026-pass")
    user.save()
    return user


def assign(user, role, at, since=date(2020, 1, 1), until=None):
    return RoleAssignment.objects.create(user=user, role=role, unit=at, since=since, until=until)


def make_expert(name="王小明", unit_code="D04", awards=(), **facts):
    """An expert with search tokens; `awards` are honour codes or (code, year)."""
    at = facts.pop("unit", None) or unit(unit_code)
    expert = Expert(
        name=name, unit=at, unit_order=at.order, **({"confirmed_on": timezone.localdate()} | facts)
    )
    expert.sort_key = expert.keyed()
    expert.save(force_insert=True)
    SearchToken.objects.bulk_create(token_rows(expert))
    for award in awards:
        code, year = award if isinstance(award, tuple) else (award, None)
        make_award(expert, code, year=year)
    decide_scope(expert)
    return expert


def make_award(expert, code="STATE_ALLOWANCE", **facts):
    return Award.objects.create(expert=expert, honour=Honour.objects.get(code=code), **facts)


def make_sensitive(expert, field="id_number", text="110105198510104635"):
    value = check_id_number(text) if field == "id_number" else SensitiveInput(field, text)
    row = sealed(expert, value)
    row.save(force_insert=True)
    return SensitiveValue.objects.get(pk=row.pk)


def hold(expert, code):
    at = unit(code)
    return Holder.objects.create(expert=expert, unit=at, unit_order=at.order)


def restrict(expert, *users, approver=None, until=None):
    """Put a record on the need-to-know list of these users."""
    from django.contrib.auth.models import Permission

    Expert.objects.filter(pk=expert.pk).update(label=Label.RESTRICTED)
    expert.refresh_from_db()
    permission = Permission.objects.get(content_type__app_label="experts", codename="view_expert")
    for user in users:
        NeedToKnow.objects.create(
            user=user,
            content_object=expert,
            permission=permission,
            reason="测试",
            approved_by=approver or make_user(),
            expires_on=until or timezone.localdate() + timedelta(days=30),
        )
    return expert


def ask_to_restrict(by, expert, *persons, **facts):
    """A pending request to restrict a record to these users."""
    today = timezone.localdate()
    defaults = {
        "expires_on": today + timedelta(days=100),
        "reason": "测试",
        "secrecy_officer": "测试保密干部",
    }
    return RestrictionRequest.objects.create(
        expert=expert,
        kind="restrict",
        persons=[person.pk for person in persons],
        requested_by=by,
        confirmed_on=today,
        **(defaults | facts),
    )


def make_exit(by, expert, facts="测试事实", **changes):
    """A case that waits; due in ten days. `checked_by` when the first level is past."""
    today = timezone.localdate()
    defaults = {"known_on": today, "due_on": today + timedelta(days=10), "registered_by": by}
    if "checked_by" in changes:
        defaults["checked_at"] = timezone.now()
    case = MandatoryExit.objects.create(expert=expert, **(defaults | changes))
    sealed_text(case, ExitTextKind.REASON, "学术不端").save()
    sealed_text(case, ExitTextKind.FACTS, facts).save()
    return case


def make_report(by, expert, kind="transfer", **facts):
    """A report that waits; of an illness, encrypted."""
    defaults = {
        "transfer": {"employer": "新示范大学"},
        "post_change": {"post": "副所长"},
        "serious_illness": {"text": "测试伤病"},
        "major_achievement": {"text": "测试成果"},
        "award": {"honour": Honour.objects.get(code="STATE_ALLOWANCE")},
    }[kind]
    report = ChangeReport(
        expert=expert,
        kind=kind,
        reported_by=by,
        **({"happened_on": timezone.localdate(), "source": "单位来函"} | defaults | facts),
    )
    if report.is_illness:
        report.ciphertext, report.key_id = encrypt(report.text, bound_to=report.bound_to)
        report.text = ""
    report.save(force_insert=True)
    return report


def make_takeover(by, expert, unit_code="D03", **facts):
    """A unit that is asked to take an expert over, and has not answered."""
    asked = unit(unit_code)
    defaults = {"name": expert.name, "employer": expert.employer, "from_unit": expert.unit}
    report = make_report(by, expert, new_unit=asked)
    return TakeOver.objects.create(
        expert=expert, unit=asked, report=report, asked_by=by, **(defaults | facts)
    )


def make_evidence(report, data=b"%PDF-1.4 test", name="来函.pdf", **facts):
    """A file kept with a report."""
    evidence = Evidence(
        expert=report.expert,
        purpose=EvidencePurpose.CHANGE,
        about=report.uuid,
        is_sensitive=report.is_illness,
        name=name,
        added_by=report.reported_by,
        **facts,
    )
    return _stored(evidence, VAULT, data)


def _stored(file, vault, data):
    """The row of a kept file, and what it holds."""
    file.size, file.stored_as = len(data), uuid4().hex
    file.stored_key = vault.keep(file.stored_as, data, bound_to=file.bound_to)
    file.save(force_insert=True)
    return file


def make_round(unit_code="D04", **facts):
    """A round of the yearly review that began today."""
    start = facts.pop("starts_on", timezone.localdate())
    defaults = {"year": start.year, "due_on": start + timedelta(weeks=8)}
    return ReviewRound.objects.create(unit=unit(unit_code), starts_on=start, **(defaults | facts))


def propose(by, *experts, unit_code="D04", kind="admit", **facts):
    """A proposal that is being written, with a line for each expert."""
    proposal = Proposal.objects.create(unit=unit(unit_code), kind=kind, drafted_by=by, **facts)
    for expert in experts:
        ProposalLine.objects.create(
            proposal=proposal, expert=expert, scope="" if kind == "exit" else expert.scope
        )
    return proposal


def make_proposal_file(proposal, data=b"%PDF-1.4 test", name="推荐函.pdf", **facts):
    """A file kept with a proposal by whoever drafted it."""
    file = ProposalFile(
        proposal=proposal,
        name=name,
        added_by=proposal.drafted_by,
        **facts,
    )
    return _stored(file, proposal_vault, data)


def enlist(by, expert, code="D04", since=date(2026, 3, 1), until=None, scope="key", **facts):
    """An entry on a roster, as approved proposals would have opened and closed it."""
    closed = propose(by, expert, unit_code=code, kind="exit") if until else None
    return RosterEntry.objects.create(
        expert=expert,
        unit=unit(code),
        since=since,
        until=until,
        scope=scope,
        opened_by=propose(by, expert, unit_code=code),
        closed_by=closed,
        **facts,
    )


def ask_to_lift(by, expert, new_label=Label.INTERNAL):
    """A pending request to lift a record's restriction."""
    return RestrictionRequest.objects.create(
        expert=expert,
        kind="unrestrict",
        new_label=new_label,
        reason="测试",
        secrecy_officer="测试保密干部",
        confirmed_on=timezone.localdate(),
        requested_by=by,
    )


def pair(expert, person, kind="leader", unit_code="D04", **facts):
    """A pairing that began long ago and goes on."""
    defaults = {"since": date(2020, 1, 1), "opened_by": person}
    return Pairing.objects.create(
        expert=expert, person=person, kind=kind, unit=unit(unit_code), **(defaults | facts)
    )


def make_contact(by, expert, on=None, unit_code="D04", **facts):
    """A visit of a liaison officer that took place, today unless said otherwise."""
    defaults = {"state": "done", "way": "officer", "recorded_by": by, "recorded_at": timezone.now()}
    return Contact.objects.create(
        expert=expert, unit=unit(unit_code), on=on or timezone.localdate(), **(defaults | facts)
    )


def make_follow_up(contact, text="子女入学咨询", kind="need", **facts):
    """Something heard in a contact that waits to be seen to."""
    return FollowUp.objects.create(contact=contact, text=text, kind=kind, **{"due_on": contact.on} | facts)


def make_photo(contact, data=b"\xff\xd8\xff\xd9", by=None, **facts):
    """A picture kept with a contact."""
    photo = Photo(
        contact=contact, size=len(data), stored_as=uuid4().hex, added_by=by or contact.recorded_by, **facts
    )
    photo.stored_key = PHOTOS.keep(photo.stored_as, data, bound_to=photo.bound_to)
    photo.save(force_insert=True)
    return photo


def enter(expert, unit_code="D04", scope="key", since=date(2020, 1, 1), until=None):
    """An entry of a unit's roster, opened (and closed) by a proposal of one line."""
    by = make_user()
    opened = Proposal.objects.create(unit=unit(unit_code), kind="admit", drafted_by=by)
    return RosterEntry.objects.create(
        expert=expert, unit=unit(unit_code), scope=scope, since=since, until=until, opened_by=opened,
        closed_by=opened if until else None,
    )  # fmt: skip


def make_series(by, unit_code="D04", **facts):
    """Every quarter on the first Wednesday, from this month on; no meeting of it is planned yet."""
    defaults = {"title": "专家工作例会", "week": 1, "weekday": 3, "first_on": timezone.localdate()}
    hours = {"starts": time(14), "ends": time(16)}
    return Series.objects.create(unit=unit(unit_code), created_by=by, **(defaults | hours | facts))


def make_gathering(by, unit_code="D04", on=None, **facts):
    """A meeting in the afternoon, today unless said otherwise."""
    defaults = {"kind": "meeting", "title": "专家工作例会", "starts": time(14), "ends": time(16)}
    return Gathering.objects.create(
        unit=unit(unit_code), on=on or timezone.localdate(), created_by=by, **(defaults | facts)
    )


def invited(gathering, who, **facts):
    """An invitation of a user or a unit."""
    key = "unit" if isinstance(who, Unit) else "user"
    return Invitation.objects.create(gathering=gathering, **({key: who} | facts))


def make_resolution(gathering, text="研究建立服务专班", **facts):
    """Something resolved, due in ten days; its owner must be said."""
    defaults = {"due_on": timezone.localdate() + timedelta(days=10), "created_by": gathering.created_by}
    return Resolution.objects.create(gathering=gathering, text=text, **(defaults | facts))


def make_priority(unit_code="D04", **facts):
    """A priority in force since long, of people whose field of work holds 人工智能 unless told otherwise."""
    from experts.models import Priority

    conditions = {"honours", "disciplines", "words", "posts", "categories"}
    defaults = {} if conditions & facts.keys() else {"words": ["人工智能"]}
    defaults |= {"name": "人工智能", "reason": "年度人才工作要点", "since": date(2020, 1, 1)}
    return Priority.objects.create(
        unit=unit(unit_code), stated_by=facts.pop("stated_by", None) or make_user(), **(defaults | facts)
    )


def make_guest(gathering, expert, **facts):
    """An expert who is invited to a symposium."""
    return Guest.objects.create(
        gathering=gathering, expert=expert, **({"added_by": gathering.created_by} | facts)
    )


def make_plan(by, unit_code="D04", year=2026, approver=None, **facts):
    """A unit's plan of training, approved when `approver` is given."""
    if approver:
        facts |= {"state": "approved", "approved_by": approver, "approved_at": timezone.now()}
    return TrainingPlan.objects.create(unit=unit(unit_code), year=year, created_by=by, **facts)


def make_class(plan, starts_in=10, days=2, **facts):
    """A class of a plan with two places, and a session for each of its days."""
    start = timezone.localdate() + timedelta(days=starts_in)
    defaults = {
        "kind": "national", "title": "国情研修班", "base": "市委党校", "starts_on": start, "places": 2,
        "ends_on": start + timedelta(days=days - 1), "nominate_by": start - timedelta(days=1),
    }  # fmt: skip
    training = TrainingClass.objects.create(
        plan=plan, unit=plan.unit, created_by=plan.created_by, **(defaults | facts)
    )
    for number in range(days):
        training.sessions.create(on=training.starts_on + timedelta(days=number))
    return training


def make_nomination(by, training, expert, unit_code="D04", **facts):
    """An expert put forward for a class by a unit."""
    return Nomination.objects.create(
        training=training, expert=expert, unit=unit(unit_code), nominated_by=by, **facts
    )
