"""A restricted record shows in nothing that anybody but the persons on its list is sent: no text of it, and
no page that differs by a byte from what it would be if the record did not exist."""

import re
from copy import deepcopy
from datetime import date, timedelta
from urllib.parse import unquote, urlencode
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from activities.models import (
    Briefing,
    BriefingExpert,
    CalendarFeed,
    ContactPerson,
    Gathering,
    Receipt,
    TrainingClass,
)
from activities.models.feed import digest_of
from experts.changes import STATES
from experts.enums import AwardState, Category, SensitiveField
from experts.listing import ORDERS
from experts.models import Expert, ProposalKind, ProposalStep, RosterEntry, SavedFilter
from experts.views.takeovers import BOXES
from liaison.access import ROUTES
from reminders.models import Message, PlannedReminder
from tests.access.test_routes import TOKEN, body, signed_in
from tests.exchange import wizard
from tests.experts.honours import previewed as change_previewed
from tests.factories import (
    enter,
    invited,
    make_award,
    make_class,
    make_contact,
    make_evidence,
    make_exit,
    make_expert,
    make_follow_up,
    make_gathering,
    make_guest,
    make_nomination,
    make_photo,
    make_plan,
    make_priority,
    make_proposal_file,
    make_report,
    make_resolution,
    make_round,
    make_sensitive,
    make_series,
    make_takeover,
    pair,
    propose,
    restrict,
)
from tests.personas import PERSONAS
from tests.reports import making as exports

MARK, NUMBER = "金丝雀", "ZJ-CANARY22"
RECORD, AWARD, ROUND = UUID(int=0xCA), UUID(int=0xCB), UUID(int=0xCC)
PRIORITY = UUID(int=0xC3)  # the canary meets it
PROPOSAL, LINE, PROPOSED = UUID(int=0xC1), UUID(int=0xC2), "TA-20260101-CANARY"
PROPOSED_FILE = UUID(int=0xC4)
TAKEOVER = UUID(int=0xC7)
COURSE, NOMINATED = UUID(int=0xC8), UUID(int=0xC9)
MEETING, SYMPOSIUM, GUEST = UUID(int=0xE1), UUID(int=0xE2), UUID(int=0xE3)
BRIEFING, SENT = UUID(int=0xE4), UUID(int=0xE5)
FEED = "canary-walks-through-the-calendar-feed"  # the token of an officer who does not see it
ENTRY, PAIRING = UUID(int=0xC5), UUID(int=0xC6)
REPORT, ILLNESS, FILE, EXIT = UUID(int=0xCC), UUID(int=0xCD), UUID(int=0xCE), UUID(int=0xCF)
ID_NUMBER = "11010519491231002X"
CONTACT, PLANNED, DRAFT = UUID(int=0xD1), UUID(int=0xD2), UUID(int=0xD3)
PHOTO, NEED = UUID(int=0xD4), UUID(int=0xD5)
CONTACT_TEXTS = {"heard": f"{MARK}所说", "next_step": f"{MARK}承诺", "accompanying": f"{MARK}陪同"}
TEXTS = {
    "name": f"{MARK}一号",
    "nationality": f"{MARK}国",
    "employer": f"{MARK}研究所",
    "post": f"{MARK}总设计师",
    "title": f"{MARK}研究员",
    "education": f"{MARK}博士",
    "fields_of_work": f"{MARK}研究方向",
    "email": f"{MARK}@demo.example",
    "office_phone": f"{MARK}010-00009999",
    "address": f"{MARK}路1号",
}
AWARD_TEXTS = {"text": f"{MARK}奖", "issuer": f"{MARK}授奖机关", "document": f"{MARK}证字1号"}
SECRETS = {"id_number": ID_NUMBER, "phone": f"{MARK}13800138000", "health": f"{MARK}健康说明"}
CHANGE_TEXTS = {"employer": f"{MARK}新单位", "post": f"{MARK}新职务", "source": f"{MARK}来函"}
CHANGE_VALUES = [*CHANGE_TEXTS.values(), f"{MARK}伤病", f"{MARK}证明.pdf", f"{MARK}事实"]
VALUES = [
    f"{MARK}调动", f"{MARK}旧名", *TEXTS.values(),
    *AWARD_TEXTS.values(), *SECRETS.values(), *CHANGE_VALUES, NUMBER,
    PROPOSED, f"{MARK}提案", f"{MARK}理由", *CONTACT_TEXTS.values(), f"{MARK}随员",
    f"{MARK}诉求", f"{MARK}照片",
]  # fmt: skip
OTHERS = [name for name in PERSONAS if name != "cleared_city"]
SEARCHES = [MARK, f"{MARK}一号", "雀", "jsq", "jsqyh", "jin", "jinsique", NUMBER, f"{MARK}研究所", "研究所"]
FILTERS = [
    {"unit": "D04"},
    {"label": "0"},
    {"label": "1"},
    {"label": "2"},
    {"honour": "STATE_ALLOWANCE"},
    {"honour": "MUNICIPAL_AWARD"},
    {"pending": "yes"},
    {"scope": "key"},
    {"category": "science_engineering"},
    {"category": "none"},
    {"discipline": "590"},
    {"age": "66-"},
    {"freshness": "stale"},
    {"letter": "j"},
    {"count": "exact"},
    {"q": "jsq", "unit": "D04", "sort": "-age"},
    *({"sort": sort} for sort in ORDERS),
]
GRANTS = "/experts/need-to-know/"
GRANT_QUERIES = ["", f"?record={NUMBER}", "?person=cleared_city", "?soon=yes", "?sort=-record", "?sort=-end"]


@pytest.fixture
def neighbours(personas):
    """Records beside the canary that others do see, so that pages are not empty; and what is one's own."""
    for name in ("金丝猴", "林大同"):
        expert = make_expert(name, birth=date(1950, 1, 1), employer="示范研究所", awards=["STATE_ALLOWANCE"])
        make_award(expert, "MUNICIPAL_AWARD", text="示范奖", state=AwardState.PENDING)
        enter(expert, "D04")
    pair(expert, personas["leader_city"], kind="leader")
    make_nomination(personas["officer_haidian"], the_class(personas), expert, state="confirmed")
    pair(expert, personas["officer_haidian"], kind="officer")
    _gather(personas, expert)
    make_round("D04", uuid=ROUND)
    make_priority("D04", uuid=PRIORITY, posts=["总设计师"], below=True)
    for user in personas.values():
        SavedFilter.objects.create(user=user, name="常用", query="q=jsq")
        Message.objects.create(recipient=user, text="请核实信息", url="/experts/?freshness=stale")
    return personas


def the_class(personas):
    """One class, whoever asks for it first."""
    found = TrainingClass.objects.filter(uuid=COURSE).first()
    return found or make_class(
        make_plan(personas["director_haidian"], approver=personas["staff_city"]), uuid=COURSE
    )


def _gather(personas, expert):
    """A meeting, a symposium and briefings of Haidian, as others see them; an officer's own calendar."""
    by = personas["officer_haidian"]
    meeting = make_gathering(by, uuid=MEETING)
    invited(meeting, personas["leader_city"])
    make_resolution(meeting, owner=personas["leader_city"])
    make_series(by)
    make_guest(_symposium(by), expert)
    facts = {"unit": meeting.unit, "title": "近期情况", "text": "进展", "created_by": by}
    draft = Briefing.objects.create(uuid=BRIEFING, units=[meeting.unit_id], **facts)
    sent = Briefing.objects.create(
        uuid=SENT, state="sent", sent_by=by, sent_at=timezone.now() - timedelta(days=2), **facts
    )
    Receipt.objects.create(briefing=sent, user=personas["director_haidian"])
    for briefing in (draft, sent):
        BriefingExpert(briefing=briefing, expert=expert).save(force_insert=True)
    CalendarFeed.objects.create(user=by, digest=digest_of(FEED))


def _symposium(by):
    return make_gathering(by, kind="symposium", uuid=SYMPOSIUM, on=timezone.localdate())


def release_canary(personas):
    """The record, on the list of one persona."""
    canary = make_expert(
        uuid=RECORD,
        record_number=NUMBER,
        former_names=[f"{MARK}旧名"],
        birth=date(1949, 12, 31),
        birth_day_known=True,
        discipline_id="590",
        category=Category.SCIENCE_ENGINEERING,
        confirmed_on=date(2020, 1, 1),
        awards=["STATE_ALLOWANCE"],
        **TEXTS,
    )
    make_award(canary, "MUNICIPAL_AWARD", uuid=AWARD, state=AwardState.PENDING, **AWARD_TEXTS)
    for name, text in SECRETS.items():
        make_sensitive(canary, SensitiveField(name), text)
    reporter = personas["officer_haidian"]
    proposal = propose(personas["cleared_city"], canary, uuid=PROPOSAL, number=PROPOSED, note=f"{MARK}提案")
    proposal.lines.update(uuid=LINE, note=f"{MARK}理由")
    make_proposal_file(proposal, f"%PDF-1.4 {MARK}".encode(), f"{MARK}推荐函.pdf", uuid=PROPOSED_FILE)
    RosterEntry.objects.create(
        uuid=ENTRY, expert=canary, unit=canary.unit, scope="key", since=date(2020, 1, 1), opened_by=proposal
    )
    pair(canary, personas["leader_city"], uuid=PAIRING)
    make_nomination(
        personas["officer_haidian"], the_class(personas), canary, uuid=NOMINATED, state="confirmed"
    )
    pair(canary, personas["officer_haidian"], kind="officer")
    symposium = Gathering.objects.filter(uuid=SYMPOSIUM).first()
    make_guest(symposium or _symposium(reporter), canary, uuid=GUEST)
    for briefing in Briefing.objects.filter(uuid__in=[BRIEFING, SENT]):
        BriefingExpert(briefing=briefing, expert=canary).save(force_insert=True)
    report = make_report(reporter, canary, uuid=REPORT, **CHANGE_TEXTS)
    make_takeover(reporter, canary, uuid=TAKEOVER, name=f"{MARK}调动")
    make_exit(reporter, canary, uuid=EXIT, facts=f"{MARK}事实")
    make_evidence(report, name=f"{MARK}证明.pdf", uuid=FILE)
    make_report(reporter, canary, "serious_illness", uuid=ILLNESS, text=f"{MARK}伤病")
    _keep_in_touch(personas, canary)
    _remind(canary, personas["cleared_city"])
    canary.photo.save("canary.jpg", ContentFile(f"{MARK}相片".encode()), save=True)
    return restrict(canary, personas["cleared_city"], approver=personas["director_haidian"])


def _keep_in_touch(personas, canary):
    """By the listed person, with somebody who is not; what that one has planned and drafted."""
    by, other, today = personas["cleared_city"], personas["officer_haidian"], timezone.localdate()
    done = make_contact(by, canary, unit_code="D04", uuid=CONTACT, next_on=today, **CONTACT_TEXTS)
    ContactPerson.objects.create(contact=done, user=other, capacity="officer")
    ContactPerson.objects.create(contact=done, name=f"{MARK}随员", capacity="other")
    make_follow_up(done, f"{MARK}诉求", owner=other, uuid=NEED)
    make_photo(done, f"{MARK}照片".encode(), uuid=PHOTO)
    make_contact(
        None, canary, today, state="planned", way="", planned_by=other, recorded_at=None, uuid=PLANNED
    )
    make_contact(other, canary, state="draft", way="", uuid=DRAFT)


def _remind(canary, person):
    """A reminder that was opened, and one that waits; the administrator's numbers leave both out."""
    now = timezone.now()
    facts = {"rule": "contact_due", "subject": canary.pk, "expert_id": canary.pk, "due_at": now}
    Message.objects.create(recipient=person, text="请安排联系", url="/experts/", read_at=now, **facts)
    PlannedReminder.objects.create(recipient=person, is_guarded=True, next_at=now, planned_at=now, **facts)


def object_requests():
    """Every route that names an expert, with the canary's keys."""
    args = {
        "expert": [RECORD],
        "field": [RECORD, "phone"],
        "award": [RECORD, AWARD],
        "proposal": [PROPOSAL],
        "line": [PROPOSAL, LINE],
        "proposal file": [PROPOSAL, PROPOSED_FILE],
        "change kind": [RECORD, "transfer"],
        "report": [REPORT],
        "illness": [ILLNESS],
        "evidence": [RECORD, FILE],
        "takeover": [TAKEOVER],
        "exit": [EXIT],
        "exit text": [EXIT, "facts"],
        "contact": [CONTACT],
        "planned contact": [PLANNED],
        "draft contact": [DRAFT],
        "contact photo": [CONTACT, PHOTO],
        "follow-up": [NEED],
    }
    for key, row in ROUTES.items():
        if row.about in args:
            path = reverse(key, args=args[row.about])
            yield "get", path, {}
            yield "post", path, {}
    detail = reverse("experts:detail", args=[RECORD])
    for tab in ("contacts", "awards", "roster", "changes", "facts", "log"):
        yield "get", f"{detail}?tab={tab}", {}
    yield "get", f"{detail}?tab=history", {}
    for name in SECRETS:
        yield "post", reverse("experts:reveal", args=[RECORD, name]), {"reason": "核对"}
    yield "post", reverse("experts:change_reveal", args=[ILLNESS]), {"reason": "核对"}
    yield "post", reverse("experts:exit_reveal", args=[EXIT, "facts"]), {"reason": "核对"}
    for state in ("all", "overdue"):
        yield "get", f"{reverse('experts:exits')}?state={state}", {}
    for decision in ("accept", "decline"):
        yield "post", reverse("experts:takeover_answer", args=[TAKEOVER]), {"decision": decision, "note": "x"}
    for decision in ("effective", "withdrawn"):
        yield "post", reverse("experts:change_decide", args=[REPORT]), {"decision": decision, "version": 1}
    for step in ProposalStep.values:
        yield "post", reverse("proposals:act", args=[PROPOSAL]), {"step": step, "note": "办理"}
    yield "post", reverse("proposals:lines", args=[PROPOSAL]), {"line": [str(LINE)]}
    yield "post", reverse("proposals:all_lines", args=[PROPOSAL]), {"conditions_met": "on"}
    yield "post", reverse("experts:award_verify", args=[RECORD, AWARD]), {"accept": "yes"}
    yield "post", reverse("experts:edit", args=[RECORD]), {"name": "换名", "version": 1, "unit": "D04"}


def plain_requests():
    """Every route without an object (the gallery shows samples only), the list and its suggestions in every
    way, and acts on many records."""
    for key, row in ROUTES.items():
        if row.about == "" and key != "core:gallery" and not key.startswith("admin/"):
            yield "get", reverse(key), {}
    listing, suggest = reverse("experts:list"), reverse("experts:suggest")
    for query in ({"q": text} for text in SEARCHES):
        yield "get", f"{listing}?{urlencode(query)}", {}
        yield "get", f"{suggest}?{urlencode(query)}", {}
    for query in FILTERS:
        yield "get", f"{listing}?{urlencode(query)}", {}
    for act in ({"act": "confirm"}, {"act": "category", "category": "other"}, {"act": "unit", "unit": "D04"},
                {"act": "label", "label": "0"}, {"act": "label", "label": "2"}):  # fmt: skip
        yield "post", reverse("experts:bulk"), act | {"expert": [str(RECORD)]}
    for act in ("", *ProposalKind.values):
        yield "post", reverse("experts:bulk"), {"act": "propose", "propose": act, "expert": [str(RECORD)]}
        yield "get", f"{reverse('proposals:create')}?kind={act}&expert={RECORD}", {}
    proposed = {"kind": "admit", "unit": "D04", "effective_on": "2026-01-01", "expert": [str(RECORD)]}
    yield "post", reverse("proposals:create"), proposed
    for query in ("number=" + PROPOSED, "box=mine", "box=waiting", "kind=admit", "state=draft", "sort=day"):
        yield "get", f"{reverse('proposals:list')}?{query}", {}
    for text in SEARCHES:
        yield "get", f"{reverse('proposals:experts')}?{urlencode({'q': text})}", {}
    for name in ("to_admit", "to_raise", "to_leave"):
        for query in ("own=yes", "unit=D04", "unit=D04&own=yes", "ground=priority", "ground=rule"):
            yield "get", f"{reverse(f'proposals:{name}')}?{query}", {}
    yield "get", reverse("experts:priority", args=[PRIORITY]), {}
    stated = {"unit": "D04", "name": "设计", "reason": "文件", "posts": "总设计师", "since": "2026-01-01"}
    yield "post", reverse("experts:priority_new"), stated
    yield from pairing_requests()
    yield from training_requests()
    yield from gathering_requests()
    review = reverse("experts:review", args=[ROUND])
    for query in ("", "?q=jsq", "?unit=D04", "?count=exact&scope=key"):
        yield "get", f"{review}{query}", {}
    yield "post", f"{review}confirm/", {"expert": [str(RECORD)]}
    for query in ("box=mine", "state=planned", "state=draft", "period=late", "period=coming", "sort=day"):
        yield "get", f"{reverse('contacts:list')}?{query}", {}
    yield "get", f"{reverse('contacts:list')}?expert={RECORD}", {}
    for contact in ("late", "soon", "later"):
        for query in ("", "&sort=-age", "&count=exact", "&scope=key&unit=D04", "&q=jsq"):
            yield "get", f"{listing}?contact={contact}{query}", {}
    for name in ("due", "met", "left", "late"):
        yield "get", f"{reverse('pairings:mine')}?quarter={name}", {}
    for query in (f"experts={RECORD}&went=cleared_city&for=contact", f"expert={RECORD}"):
        for day in (timezone.localdate(), timezone.localdate() + timedelta(days=1)):
            yield "get", f"{reverse('calendar:conflicts')}?on={day}&{query}", {}
    for query in ("box=all", "box=all&what=promised", "what=promised&state=late", "state=done&box=all"):
        yield "get", f"{reverse('contacts:follow_ups')}?{query}", {}
    for name in ("record", "plan", "about"):
        yield "get", f"{reverse(f'contacts:{name}')}?expert={RECORD}&experts={RECORD}", {}
    for text in ("", *SEARCHES):
        yield "get", f"{reverse('contacts:experts')}?{urlencode({'q': text})}", {}
    yield "get", f"{reverse('contacts:line')}?kind=need&expert={RECORD}", {}
    sent = {"uuid": str(UUID(int=0xD9)), "expert": str(RECORD), "experts": [str(RECORD)], "day": "today",
            "on": timezone.localdate().isoformat(), "kind": "visit", "occasion": "routine"}  # fmt: skip
    yield "post", reverse("contacts:record"), sent | {"went": ["officer_haidian"]}
    yield "post", reverse("contacts:plan"), sent
    yield "post", reverse("experts:save_filter"), {"name": "金", "query": "q=jsq"}
    for state in STATES:
        yield "get", f"{reverse('experts:changes')}?{urlencode({'state': state})}", {}
    yield "get", f"{reverse('experts:changes')}?kind=serious_illness&unit=D04", {}
    for box in BOXES:
        yield "get", f"{reverse('experts:takeovers')}?box={box}", {}
    for query in GRANT_QUERIES:
        for page in ("", "history/", "end-all/", "new/"):
            yield "get", f"{GRANTS}{page}{query}", {}
    yield "get", f"{GRANTS}people/?q={MARK}", {}
    for text in (NUMBER, MARK):
        yield "get", f"/audit/?{urlencode({'reference': text})}", {}
    for app in ("accounts/user", "accounts/unit", "accounts/confirmation"):
        for query in ("", f"?q={NUMBER}", f"?q={MARK}"):
            yield "get", f"/admin/{app}/{query}", {}


def training_requests():
    """A class in which the canary has a place, and acts on it."""
    detail = reverse("training:detail", args=[COURSE])
    for query in ("", "?tab=attendance", "?tab=files", "?tab=facts", "?state=confirmed"):
        yield "get", f"{detail}{query}", {}
    yield "get", reverse("training:print", args=[COURSE]), {}
    nominate = reverse("training:nominate", args=[COURSE])
    for text in SEARCHES:
        yield "get", f"{nominate}?{urlencode({'q': text})}", {}
    yield "post", nominate, {"unit": "D04", "expert": [str(RECORD)]}
    for act in ("confirm", "decline", "register", "withdraw"):
        yield "post", reverse("training:act", args=[COURSE]), {"act": act, "nomination": [str(NOMINATED)]}


def gathering_requests():
    """Meetings, a symposium and briefings that the canary is part of; the calendar in every view, a feed."""
    today = timezone.localdate().isoformat()
    for key in (MEETING, SYMPOSIUM):
        for name in ("detail", "edit", "record"):
            yield "get", reverse(f"gatherings:{name}", args=[key]), {}
    record = reverse("gatherings:record", args=[SYMPOSIUM])
    yield "post", record, {"minutes": "记录", "version": 1, f"{GUEST}-attendance": "came"}
    yield "post", reverse("gatherings:guests_add", args=[SYMPOSIUM]), {"expert": [str(RECORD)]}
    yield "post", reverse("gatherings:guest_remove", args=[SYMPOSIUM, GUEST]), {}
    missed = {"state": "missed", "reason": "雨", "version": 1}
    yield "post", reverse("gatherings:drop", args=[SYMPOSIUM]), missed
    for query in ("kind=symposium", "box=mine", "when=coming", "state=planned", "unit=D04", f"since={today}"):
        yield "get", f"{reverse('gatherings:list')}?{query}", {}
    for query in ("state=all", "state=overdue", "box=mine", "unit=D04"):
        yield "get", f"{reverse('gatherings:resolutions')}?{query}", {}
    for query in ("", "?show=unread"):
        yield "get", f"{reverse('briefings:list')}{query}", {}
    for name in ("detail", "edit"):
        for key in (BRIEFING, SENT):
            yield "get", reverse(f"briefings:{name}", args=[key]), {}
    draft = {"unit": "D04", "title": "近期情况", "text": "进展", "expert": [str(RECORD)]}
    yield "post", reverse("briefings:edit", args=[BRIEFING]), draft
    yield "get", f"{reverse('briefings:create')}?expert={RECORD}", {}
    yield "post", reverse("briefings:create"), draft
    for name, key in (("send", BRIEFING), ("drop", BRIEFING), ("remind", SENT), ("acknowledge", SENT)):
        yield "post", reverse(f"briefings:{name}", args=[key]), {}
    for query in ("scope=unit", "scope=unit&unit=D04", "view=week&scope=unit", "view=list", "kind=symposium"):
        yield "get", f"{reverse('calendar:calendar')}?{query}", {}
    for asked in ({"people": "officer_haidian"}, {"experts": str(RECORD)}, {"room": f"{MARK}研究所"}):
        yield "get", f"{reverse('calendar:conflicts')}?{urlencode({'on': today} | asked)}", {}
    yield "get", reverse("calendar:feed", args=[FEED]), {}
    for query in ("", "?unit=D04", "?q=jsq", f"?since={today}"):
        yield "get", f"{reverse('training:people')}{query}", {}


def pairing_requests():
    """Lists, pickers and acts of pairings, with what belongs to the canary and what does not."""
    listing, unpaired = reverse("pairings:list"), reverse("pairings:unpaired")
    for query in ({"q": text} for text in SEARCHES):
        yield "get", f"{listing}?{urlencode(query)}", {}
        yield "get", f"{unpaired}?{urlencode(query)}", {}
    for query in ("kind=leader", "vacant=yes", "vacant=no", "person=leader_city", "unit=D04", "sort=-since"):
        yield "get", f"{listing}?{query}", {}
    for query in ("kind=officer", "scope=all", "unit=D04&own=yes"):
        yield "get", f"{unpaired}?{query}", {}
    yield "get", "/units/D04/", {}
    yield "get", f"{reverse('pairings:people')}?unit=D04", {}
    for query in ("kind=leader", "kind=officer&unit=D04", "paired=yes"):
        yield "get", f"{reverse('pairings:options')}?{query}", {}
    given = {"person": "director_haidian", "since": "2026-01-01"}
    for name, chosen in (
        ("create", {"entry": str(ENTRY), "kind": "officer"}),
        ("hand_over", {"pairing": str(PAIRING)}),
        ("hand_over", {"of": "leader_city"}),
    ):
        yield "get", f"{reverse(f'pairings:{name}')}?{urlencode(chosen)}", {}
        yield "post", reverse(f"pairings:{name}"), given | chosen
    for act in ("end", "hand_over"):
        yield "post", reverse("pairings:bulk"), {"act": act, "pairing": [str(PAIRING)]}


REQUESTS = [*plain_requests(), *object_requests()]


def ask(client, method, path, data):
    """Status, page and address of an answer, redirects followed; nothing that it does stays."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method)(path, data, follow=True)
        text = TOKEN.sub("", body(response).decode())
        answer = response.status_code, response.redirect_chain, text
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def walk(user):
    client = signed_in(user)
    return {(method, path, str(data)): ask(client, method, path, data) for method, path, data in REQUESTS}


def stable(text):
    """Without what grows or is drawn anew with every request: moments, other keys."""
    text = re.sub(r"TA-\d{8}-[2-9A-Z]{6}", "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}", "", text)
    return re.sub(r"\d+:\d\d(:\d\d(\.\d+)?)?|\d+ (秒|分钟)前|刚刚", "", text)


def steady(status, chain, text):
    return status, stable(str(chain)), stable(text)


def changed(before, after):
    """The requests that are answered otherwise than before."""
    return [
        request
        for request, (status, chain, text) in after.items()
        if steady(status, chain, text) != steady(*before[request])
    ]


def told(text, request):
    """The canary's values in an answer, but for what the request itself has said."""
    asked = unquote(str(request))
    return [value for value in VALUES if value in text and value not in asked]


def test_the_marker_appears_to_the_person_on_the_list_who_counts_one_more(neighbours):
    before = walk(neighbours["cleared_city"])
    release_canary(neighbours)
    after = walk(neighbours["cleared_city"])
    paths = {path.partition("?")[0] for _, path, _ in changed(before, after)}
    assert {"/", "/experts/", "/experts/suggest/"} <= paths
    found = {request: told(text, ()) for request, (_, _, text) in after.items()}
    listing, suggest, detail = "/experts/", "/experts/suggest/", f"/experts/{RECORD}/"
    seen = {path.partition("?")[0] for (_, path, _), values in found.items() if values}
    assert {listing, suggest, detail, f"{detail}edit/", f"{detail}awards/{AWARD}/edit/", "/messages/"} <= seen
    for text in SEARCHES:
        if text in {"jsq", "jinsique"}:  # a beginning of the whole name's initials and pinyin
            continue
        asked = urlencode({"q": text})
        assert f"{MARK}一号" in found["get", f"{listing}?{asked}", "{}"], text
        assert f"{MARK}一号" in found["get", f"{suggest}?{asked}", "{}"], text
    shown = set().union(*found.values())
    assert shown == set(VALUES)


@pytest.mark.parametrize("name", OTHERS)
def test_to_everybody_else_every_answer_is_as_if_the_record_did_not_exist(neighbours, name):
    user = neighbours[name]
    before = walk(user)
    release_canary(neighbours)
    after = walk(user)
    leaks = {request: told(answer[2], request) for request, answer in after.items()}
    listed = {request for request in after if name == "secadmin" and request[1].startswith(GRANTS)}
    assert {request: values for request, values in leaks.items() if values and request not in listed} == {}
    assert set(changed(before, after)) <= listed
    # The list is kept by record number: that is all of the record that it tells.
    assert set().union(*(leaks[request] for request in listed)) == ({NUMBER} if listed else set())


def test_the_trail_tells_the_auditor_which_record_was_looked_at_but_nothing_of_it(neighbours, client_of):
    release_canary(neighbours)
    client = client_of(neighbours["cleared_city"])
    client.get(reverse("experts:detail", args=[RECORD]))
    client.post(reverse("experts:reveal", args=[RECORD, "phone"]), {"reason": "核对"})
    page = client_of(neighbours["auditor"]).get("/audit/").content.decode()
    assert page.count(NUMBER) >= 2
    assert MARK not in page


@pytest.mark.parametrize("row", [
    f"{MARK}一号,男,1949-12,{ID_NUMBER},{MARK}研究所,院长,,",
    f"另一人,男,1949-12,{ID_NUMBER},示范大学,院长,,",
    f"{MARK}一号,男,1949-12,,{MARK}研究所,院长,,",
], ids=["all the same", "the ID number", "name, birth and employer"])  # fmt: skip
@pytest.mark.parametrize("name", ["officer_haidian", "staff_city"])
def test_an_import_that_meets_the_record_goes_on_as_if_it_did_not_exist(
    neighbours, client_of, monkeypatch, name, row
):
    client = client_of(neighbours[name])
    outcomes = [imported(client, monkeypatch, row)]
    release_canary(neighbours)
    outcomes.append(imported(client, monkeypatch, row))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0]["create"] == 1
    assert outcomes[0][2] == 1


def test_an_import_by_the_person_on_the_list_meets_the_record(neighbours, client_of, monkeypatch):
    release_canary(neighbours)
    client = client_of(neighbours["cleared_city"])
    counts, _, created = imported(
        client, monkeypatch, f"{MARK}一号,男,1949-12,{ID_NUMBER},{MARK}研究所,院长,,"
    )
    assert (counts["create"], counts["update"], created) == (0, 1, 0)


class Undone(Exception):
    """Takes an import back."""


def imported(client, monkeypatch, row):
    """Counts, preview page and new records of an import that is then taken back."""
    outcome = None
    try:
        with transaction.atomic():
            roster = wizard.previewed(client, monkeypatch, row)
            page = client.get(wizard.url("detail", roster)).content.decode()
            page = TOKEN.sub("", page).replace(str(roster.uuid), "")
            before = Expert.objects.count()
            client.post(wizard.url("commit", roster))
            roster = wizard.work(roster, monkeypatch)
            assert roster.stage == "committed", roster.job_error
            outcome = roster.counts, stable(page), Expert.objects.count() - before
            raise Undone
    except Undone:
        return outcome


def exported(user, client_of, monkeypatch):
    """The rows of an export of everything, as its owner fetches them."""
    client = client_of(user)
    export = exports.made(client, monkeypatch)
    return exports.table(exports.content(client.get(exports.url("fetch", export))))


@pytest.mark.parametrize("name", ["officer_haidian", "director_haidian", "staff_city", "leader_city"])
def test_an_export_is_as_if_the_record_did_not_exist(neighbours, client_of, monkeypatch, name):
    before = exported(neighbours[name], client_of, monkeypatch)
    release_canary(neighbours)
    assert exported(neighbours[name], client_of, monkeypatch) == before
    listed = exported(neighbours["cleared_city"], client_of, monkeypatch)
    assert [row["姓名"] for row in listed if MARK in str(row)] == [f"{MARK}一号"]


@pytest.mark.parametrize("name", ["staff_city"])
def test_a_catalogue_change_moves_nobody_hidden(neighbours, name):
    before = change_previewed(neighbours[name], valid_until=date(2020, 1, 1))
    release_canary(neighbours)
    after = change_previewed(neighbours[name], valid_until=date(2020, 1, 1))
    listed = change_previewed(neighbours["cleared_city"], valid_until=date(2020, 1, 1))
    assert (before.to_general, before.shown) == (after.to_general, after.shown)
    assert listed.to_general == after.to_general + 1
