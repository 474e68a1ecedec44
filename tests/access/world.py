"""What the routes are tried with: for every persona an object that they should reach, objects that they
should not, and keys that belong to nothing. The kinds are those of liaison/access.py."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Confirmation, Unit, UnitSetting
from activities.models import Contact, TrainingClass, TrainingFile
from activities.models.training import VAULT
from core.models import Holiday
from exchange.models import RosterImport
from experts.enums import AwardState
from experts.models import (
    CatalogueChange,
    ChangeReport,
    DuplicatePair,
    Evidence,
    Expert,
    HistoryEvent,
    Honour,
    MandatoryExit,
    Merge,
    Priority,
    Proposal,
    RestrictionRequest,
    ReviewRound,
    SavedFilter,
    TakeOver,
)
from reminders.mailing import unsubscribe_token
from reminders.models import Letter, Message
from reports.actions import add_template
from reports.models import Document
from reports.templates import Checked
from tests.access.gatherings import hidden_meetings, meetings
from tests.exchange import wizard
from tests.factories import (
    ask_to_lift,
    ask_to_restrict,
    make_award,
    make_class,
    make_contact,
    make_evidence,
    make_exit,
    make_expert,
    make_follow_up,
    make_photo,
    make_plan,
    make_priority,
    make_proposal_file,
    make_report,
    make_round,
    make_sensitive,
    make_takeover,
    make_user,
    propose,
    restrict,
    unit,
)
from tests.reports.making import ready_export

FIELD, KEY, RULE = "id_number", "confirmation_years", "role_expiring"


@dataclass
class World:
    """`seen` is what the table's statuses speak of: for every kind the arguments of the route, by persona.
    `hidden` pairs arguments that lead to something invisible with arguments that lead to nothing."""

    personas: dict
    seen: dict = field(default_factory=dict)
    hidden: dict = field(default_factory=dict)


@pytest.fixture
def world(personas, client_of, monkeypatch):
    """The record of the table is an internal one of D04 with a pending award, an ID number and a photo; the
    roster is one that D04 has uploaded, with a held row; filters, messages and changes are one's own."""
    home, elsewhere = _record("林中一", "D04"), _record("林中三", "D03")
    restricted = restrict(_record("林中二", "D04"), make_user(), make_user())
    roster = wizard.previewed(client_of(personas["officer_haidian"]), monkeypatch, wizard.BAD_ID, wizard.GOOD)
    asked = ask_to_restrict(personas["officer_haidian"], _record("林中四", "D04"), make_user(), make_user())
    ask_to_restrict(make_user(), elsewhere, make_user(), make_user())
    ask_to_lift(make_user(), restricted)
    pairs, merges, told = _identity(personas["officer_haidian"], home, elsewhere, restricted)
    reports = [_reports(personas["officer_haidian"], each) for each in (home, elsewhere, restricted)]
    report, illness, file = reports[0]
    offers = [make_takeover(personas["staff_city"], each, "D03") for each in (home, restricted)]
    own_round, other_round = make_round("D04"), make_round("D03")
    case, *_ = (
        make_exit(personas["officer_haidian"], each)
        for each in (_record("林中五", "D04"), elsewhere, restricted)
    )
    officer = personas["officer_haidian"]
    proposal, *_ = (
        propose(officer, each, unit_code=code)
        for each, code in ((home, "D04"), (elsewhere, "D03"), (restricted, "BJ"))
    )
    for each in Proposal.objects.all():
        make_proposal_file(each)
    called = meetings(officer, "D04"), meetings(personas["officer_chaoyang"], "D03")
    priority, other = (make_priority(code, stated_by=personas["director_haidian"]) for code in ("D04", "D03"))
    kept = [
        _contacts(officer, each, code)
        for each, code in ((home, "D04"), (elsewhere, "D03"), (restricted, "D04"))
    ]
    own_class, other_class = _classes(personas["director_haidian"])
    admin = _admin_pages(personas)
    stranger = _own(make_user())
    RosterImport.objects.create(
        unit=unit("D03"),
        owner_unit=unit("D03"),
        uploaded_by=personas["officer_chaoyang"],
        file_name="朝阳.csv",
    )
    made = World(personas)
    for name, user in personas.items():
        own = _own(user)
        made.seen[name] = own | {
            "": [],
            "expert": [home.uuid],
            "history": [home.uuid, _event(home), "post"],
            "field": [home.uuid, FIELD],
            "award": [home.uuid, home.awards.get().uuid],
            "honour": ["CAS"],
            "roster": [roster.uuid],
            "grant": [restricted.need_to_know.first().uuid],
            "restriction": [asked.uuid],
            **told,
            "review": [own_round.uuid],
            **called[0],
            "change kind": [home.uuid, "transfer"],
            "report": [report.uuid],
            "takeover": [offers[0].uuid],
            "illness": [illness.uuid],
            "evidence": [home.uuid, file.uuid],
            "exit": [case.uuid],
            "exit text": [case.uuid, "facts"],
            "priority": [priority.uuid],
            "proposal": [proposal.uuid],
            "line": [proposal.uuid, proposal.lines.get().uuid],
            "proposal file": [proposal.uuid, proposal.files.get().uuid],
            **_args_of(kept[0]),
            "row": [roster.uuid, roster.rows.get(state="held").number],
            **_class_keys(own_class),
            "unit": ["D04"],
            "setting": ["D04", KEY],
            "rule": ["D04", RULE],
            "rule key": [RULE],
            "letter link": [_link(user)],
            "admin app": ["accounts"],
            "anything": [1, 1],
            "rest": [],
            "document": ["roster"],
            **admin,
        }
        visible = set(Expert.objects.visible_to(user))
        invisible = [expert for expert in (home, elsewhere, restricted) if expert not in visible]
        requests = set(RestrictionRequest.objects.all()) - set(RestrictionRequest.objects.visible_to(user))
        rosters = set(RosterImport.objects.all()) - set(RosterImport.objects.visible_to(user))
        made.hidden[name] = _hidden(invisible, home, stranger) | _elsewhere(user, rosters)
        made.hidden[name] |= hidden_meetings(user, called)
        made.hidden[name]["restriction"] = [([each.uuid], [uuid4()]) for each in requests]
        made.hidden[name] |= _identity_hidden(user, pairs, merges, home, invisible)
        seen_reports = set(ChangeReport.objects.visible_to(user))
        hidden = [each for each in ChangeReport.objects.all() if each not in seen_reports]
        made.hidden[name]["report"] = made.hidden[name]["illness"] = [([r.uuid], [uuid4()]) for r in hidden]
        unseen = set(offers) - set(TakeOver.objects.visible_to(user))
        made.hidden[name]["takeover"] = [([each.uuid], [uuid4()]) for each in unseen]
        files = set(Evidence.objects.all()) - set(Evidence.objects.visible_to(user))
        made.hidden[name]["evidence"] = [
            ([each.expert.uuid, each.uuid], [uuid4(), uuid4()]) for each in files
        ] + [([home.uuid, each.uuid], [home.uuid, uuid4()]) for each in files]
        rounds = {own_round, other_round} - set(ReviewRound.objects.visible_to(user))
        made.hidden[name]["review"] = [([each.uuid], [uuid4()]) for each in rounds]
        cases = set(MandatoryExit.objects.all()) - set(MandatoryExit.objects.visible_to(user))
        made.hidden[name]["exit"] = [([each.uuid], [uuid4()]) for each in cases]
        made.hidden[name]["exit text"] = [([each.uuid, "facts"], [uuid4(), "facts"]) for each in cases]
        stated = {priority, other} - set(Priority.objects.visible_to(user))
        made.hidden[name]["priority"] = [([each.uuid], [uuid4()]) for each in stated]
        proposals = set(Proposal.objects.all()) - set(Proposal.objects.visible_to(user))
        made.hidden[name]["proposal"] = [([each.uuid], [uuid4()]) for each in proposals]
        made.hidden[name]["line"] = [
            ([each.uuid, each.lines.get().uuid], [uuid4(), uuid4()]) for each in proposals
        ]
        made.hidden[name]["proposal file"] = [
            ([each.uuid, each.files.get().uuid], [uuid4(), uuid4()]) for each in proposals
        ]
        made.hidden[name] |= _contacts_hidden(user, kept)
        classes = {own_class, other_class} - set(TrainingClass.objects.visible_to(user))
        for kind, nothing in (("training plan", 1), ("class", 1), ("class session", 2), ("class file", 2)):
            made.hidden[name][kind] = [
                (_class_keys(each)[kind], [uuid4() for _ in range(nothing)]) for each in classes
            ]
        if name != "secadmin":
            made.hidden[name]["grant"] = [(made.seen[name]["grant"], [uuid4()])]
    return made


def _classes(head):
    """An approved class of D04 and one of D03, each with a file."""
    plans = [make_plan(head, code, approver=head) for code in ("D04", "D03")]
    classes = [make_class(plan) for plan in plans]
    for each in classes:
        file = TrainingFile(training=each, name="讲义.pdf", size=4, added_by=head, stored_as=uuid4().hex)
        file.stored_key = VAULT.keep(file.stored_as, b"%PDF", bound_to=file.bound_to)
        file.save(force_insert=True)
    return classes


def _class_keys(training):
    return {
        "training plan": [training.plan.uuid],
        "class": [training.uuid],
        "class session": [training.uuid, training.sessions.first().uuid],
        "class file": [training.uuid, training.files.get().uuid],
    }


def _record(name, code):
    expert = make_expert(name, unit_code=code)
    make_award(expert, "MUNICIPAL_AWARD", text=f"{name}奖", state=AwardState.PENDING)
    make_sensitive(expert)
    expert.photo.save("photo.jpg", ContentFile(b"\xff\xd8\xff\xd9"), save=True)
    Expert.objects.filter(pk=expert.pk).update(post="院长")
    return expert


def _event(expert):
    """The change of post that the record's history tells."""
    return HistoryEvent.objects.get(expert=expert, changes__has_key="post").uuid


def _identity(officer, home, elsewhere, restricted):
    """Pairs and merges: the first of each is all of D04, the others touch one elsewhere or restricted."""
    twin = _record("林中七", "D04")
    pairs = [
        DuplicatePair.objects.create(expert=home, other=other, reasons=["name_birth"])
        if home.pk < other.pk
        else DuplicatePair.objects.create(expert=other, other=home, reasons=["name_birth"])
        for other in (twin, elsewhere, restricted)
    ]
    merges = [
        Merge.objects.create(
            expert=into,
            into_id=into.pk,
            gone_id=-into.pk,
            gone_uuid=uuid4(),
            gone_number="ZJ-GONE2345",
            gone_label=0,
            merged_by=officer,
            expires_at=timezone.now() - timedelta(days=1),
        )
        for into in (home, elsewhere, restricted)
    ]
    seen = {"pair": [pairs[0].uuid], "merge": [home.uuid, twin.uuid], "merged": [merges[0].uuid]}
    return pairs, merges, seen


def _identity_hidden(user, pairs, merges, home, invisible):
    """Pairs with a hidden record, merges into one, and a hidden record beside a visible one."""
    nothing = uuid4()
    seen_pairs, seen_merges = DuplicatePair.objects.visible_to(user), Merge.objects.visible_to(user)
    sees_home = home not in invisible
    return {
        "pair": [([each.uuid], [nothing]) for each in set(pairs) - set(seen_pairs)],
        "merged": [([each.uuid], [nothing]) for each in set(merges) - set(seen_merges)],
        "merge": [([home.uuid, each.uuid], [home.uuid, nothing]) for each in invisible if sees_home]
        + [([each.uuid, home.uuid], [nothing, home.uuid]) for each in invisible],
    }


def _reports(by, expert):
    """A transfer with a file, and an illness with one."""
    report, illness = make_report(by, expert), make_report(by, expert, "serious_illness")
    make_evidence(illness, name="附件.pdf")
    return report, illness, make_evidence(report)


def _link(user):
    """What a letter to this person carries."""
    now = timezone.now()
    letter = Letter.objects.create(
        kind="digest", key=f"digest:{user.pk}", recipient=user, rules=[RULE], created_at=now, next_at=now
    )
    return unsubscribe_token(letter)


def _contacts(by, expert, code):
    """One that took place, with a photo and a need; one that is planned; a draft."""
    done = make_contact(by, expert, unit_code=code)
    planned = make_contact(
        None, expert, timezone.localdate() + timedelta(days=3), code, state="planned", way="", planned_by=by,
        recorded_at=None,
    )  # fmt: skip
    draft = make_contact(by, expert, unit_code=code, state="draft", way="")
    return done, planned, draft, make_photo(done), make_follow_up(done)


def _args_of(kept):
    """By kind of object the arguments of the route."""
    done, planned, draft, photo, need = (each.uuid for each in kept)
    return {
        "contact": [done],
        "planned contact": [planned],
        "draft contact": [draft],
        "contact photo": [done, photo],
        "follow-up": [need],
    }


def _contacts_hidden(user, kept):
    """What the user does not see, beside what is not there."""
    pairs = {kind: [] for kind in _args_of(kept[0])}
    seen = set(Contact.objects.visible_to(user).values_list("uuid", flat=True))
    for each in kept:
        for kind, args in _args_of(each).items():
            about = each[2] if kind == "draft contact" else each[0]
            if about.uuid not in seen:
                pairs[kind].append((args, [uuid4() for _ in args]))
    return pairs


def _own(user):
    honour = Honour.objects.get(code="CAS")
    return {
        "saved filter": [SavedFilter.objects.create(user=user, name="常用", query="scope=key").uuid],
        "message": [Message.objects.create(recipient=user, text="请核实信息", url="/experts/").uuid],
        "export": [ready_export(user).uuid],
        "change": [
            CatalogueChange.objects.create(
                honour=honour, honour_version=honour.version, code="CAS", requested_by=user
            ).uuid
        ],
    }


def _admin_pages(personas):
    officer = personas["officer_haidian"]
    rows = {
        "accounts_user": officer,
        "accounts_unit": unit("D04"),
        "accounts_unitsetting": UnitSetting.objects.create(unit=unit("D04"), key=KEY, value=2),
        "accounts_roleassignment": officer.assignments.get(),
        "accounts_confirmation": Confirmation.objects.create(
            kind="password_reset", user=officer, requested_by=personas["sysadmin"]
        ),
        "core_holiday": Holiday.objects.order_by("pk").first(),
        "reports_documenttemplate": add_template(
            by=personas["sysadmin"], template=Checked(Document.CARD, "登记表.docx", b"PK")
        ),
    }
    return {model: [str(row.pk)] for model, row in rows.items()}


def _elsewhere(user, rosters):
    """Units out of reach and rosters that another unit has uploaded."""
    units = {"D03", "D04"} - set(Unit.objects.reached_by(user, "view").values_list("code", flat=True))
    nothing = uuid4()
    return {
        "roster": [([roster.uuid], [nothing]) for roster in rosters],
        "row": [([roster.uuid, 2], [nothing, 2]) for roster in rosters],
        "unit": [([code], ["D99"]) for code in units],
        "setting": [([code, KEY], ["D99", KEY]) for code in units],
        "rule": [([code, RULE], ["D99", RULE]) for code in units],
    }


def _hidden(experts, home, stranger):
    """By kind: (arguments that lead to something invisible, the same leading to nothing)."""
    nothing = uuid4()
    pairs = {kind: [(args, [nothing])] for kind, args in stranger.items()}
    awards = [expert.awards.get().uuid for expert in experts]
    pairs["change kind"] = [([e.uuid, "transfer"], [nothing, "transfer"]) for e in experts]
    pairs["expert"] = [([expert.uuid], [nothing]) for expert in experts]
    pairs["field"] = [([expert.uuid, FIELD], [nothing, FIELD]) for expert in experts]
    pairs["award"] = [([e.uuid, award], [nothing, uuid4()]) for e, award in zip(experts, awards, strict=True)]
    pairs["award"] += [([home.uuid, award], [home.uuid, nothing]) for award in awards]
    pairs["history"] = [([e.uuid, _event(e), "post"], [nothing, uuid4(), "post"]) for e in experts]
    pairs["history"] += [
        ([home.uuid, _event(e), "post"], [home.uuid, nothing, "post"]) for e in experts if e != home
    ]
    return pairs
