"""Meetings for the table of routes: one of D04, one of D03, each with what hangs on it."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from activities.models import (
    AgendaItem,
    Briefing,
    BriefingExpert,
    BriefingFile,
    CalendarFeed,
    Gathering,
    Guest,
    Invitation,
    Receipt,
    Resolution,
    ResolutionNote,
    Series,
    TrainingClass,
    TrainingFile,
    TrainingPlan,
    TrainingSession,
)
from activities.models.briefing import VAULT
from activities.models.feed import digest_of, new_token
from tests.factories import (
    invited,
    make_class,
    make_expert,
    make_gathering,
    make_guest,
    make_plan,
    make_resolution,
    make_series,
    restrict,
    unit,
)

GATHERED = [AgendaItem, Gathering, Guest, Invitation, Resolution, ResolutionNote, Series]
TOLD = [Briefing, BriefingExpert, BriefingFile, CalendarFeed, Receipt]
TAUGHT = [TrainingClass, TrainingFile, TrainingPlan, TrainingSession]


def gathering_population(personas):
    """What the rule distinguishes: whose, for whom, and by what way somebody else comes in."""
    hidden = restrict(make_expert("金丝雀甲"), personas["cleared_city"], personas["officer_chaoyang"])
    guests = [make_expert("王甲"), make_expert("王乙", "D03", label=1), hidden]
    for name, code in (("staff_city", "BJ"), ("officer_haidian", "D04"), ("officer_chaoyang", "D03")):
        by = personas[name]
        make_series(by, code)
        for closed in (False, True):
            ways = [{}] + [{"user": each} for each in personas.values()]
            ways += [{"unit": unit(each)} for each in ("BJ", "D03", "D04", "D04-01")]
            ways += [{"unit": unit("U03"), "delegate": personas[each]} for each in ("leader_city", "no_role")]
            for way in ways:
                gathering = make_gathering(by, code, invited_only=closed)
                gathering.agenda.create(position=1, title="议题")
                for guest in guests:
                    make_guest(gathering, guest)
                if way:
                    Invitation.objects.create(gathering=gathering, **way)
            for owner in ({"owner": personas["leader_city"]}, {"unit": unit("D04-01")}):
                resolution = make_resolution(make_gathering(by, code, invited_only=closed), **owner)
                resolution.notes.create(text="已拟方案", by=by)
        _briefings(by, code, guests, personas)
        _classes(by, code)
    for each in personas.values():
        feed_of(each)


def _briefings(by, code, experts, personas):
    """Drafts, and sent ones: to nobody, and to each of the cast."""
    for told in (None, [], *([each] for each in personas.values())):
        briefing = Briefing.objects.create(unit=unit(code), title="通报", text="进展", created_by=by)
        BriefingFile.objects.create(
            briefing=briefing, name="附件.pdf", size=5, added_by=by, stored_as=uuid4().hex, stored_key="k"
        )
        for expert in experts:
            BriefingExpert(briefing=briefing, expert=expert).save(force_insert=True)
        Receipt.objects.bulk_create(Receipt(briefing=briefing, user=each) for each in told or [])
        if told is not None:
            sent = {"state": "sent", "sent_by": by, "sent_at": timezone.now()}
            Briefing.objects.filter(pk=briefing.pk).update(**sent)


def _classes(by, code):
    """Of a draft and of an approved plan."""
    for year, approver in ((2025, None), (2026, by)):
        training = make_class(make_plan(by, code, year, approver=approver))
        TrainingFile.objects.create(
            training=training, name="讲义.pdf", size=4, added_by=by, stored_as=uuid4().hex, stored_key="k"
        )


def meetings(by, code):
    """By kind of object, the arguments of its routes."""
    gathering = make_gathering(by, code, on=timezone.localdate() + timedelta(days=7))
    resolution = make_resolution(gathering, unit=unit(code))
    symposium = make_gathering(by, code, kind="symposium", on=gathering.on)
    guest = make_guest(symposium, make_expert("林中客", code))
    briefing = Briefing.objects.create(
        unit=unit(code), title="通报", text="进展", created_by=by, units=[unit(code).pk]
    )
    file = BriefingFile(briefing=briefing, name="附件.pdf", size=5, added_by=by, stored_as=uuid4().hex)
    file.stored_key = VAULT.keep(file.stored_as, b"%PDF-", bound_to=file.bound_to)
    file.save()
    return {
        "briefing": [briefing.uuid],
        "briefing file": [briefing.uuid, file.uuid],
        "gathering kind": ["meeting"],
        "feed": [feed_of(by)],
        "gathering": [gathering.uuid],
        "invitation": [gathering.uuid, invited(gathering, unit(code)).uuid],
        "guest": [symposium.uuid, guest.uuid],
        "series": [make_series(by, code).uuid],
        "resolution": [resolution.uuid],
    }


def feed_of(user):
    """The token of a subscription."""
    token = new_token()
    CalendarFeed.objects.get_or_create(user=user, defaults={"digest": digest_of(token)})
    return token


def hidden_meetings(user, called):
    """Of every meeting that the user does not see, what leads to it and what leads to nothing."""
    nothing = uuid4()
    seen = set(Gathering.objects.visible_to(user).values_list("uuid", flat=True))
    pairs = {"gathering": [], "invitation": [], "guest": [], "series": [], "resolution": []}
    for each in called:
        if each["gathering"][0] in seen:
            continue
        for kind in pairs:
            pairs[kind].append((each[kind], [nothing] * len(each[kind])))
    return pairs
