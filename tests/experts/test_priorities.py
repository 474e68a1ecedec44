"""Units' own priorities: who meets one, which rosters go by it, and what they never change (二（二）)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Event
from experts.actions import priorities as acts
from experts.actions import proposals
from experts.enums import AwardState, Scope
from experts.models import Expert, Priority, PriorityState, ProposalKind, RosterEntry
from experts.priorities import applying, counting, fits, met_by_each, reasons
from tests.factories import make_award, make_expert, make_priority, restrict, unit

pytestmark = pytest.mark.django_db
today = timezone.localdate
DAY = timedelta(days=1)


@pytest.fixture
def people():
    """By name: each differs from the first in one thing."""
    facts = {
        "discipline_id": "520", "fields_of_work": "人工智能与AI芯片", "post": "院长", "title": "研究员",
        "category": "entrepreneur",
    }  # fmt: skip
    made = {
        name: make_expert(name, **(facts | changes))
        for name, changes in {
            "全": {},
            "别科": {"discipline_id": "590"},
            "别向": {"fields_of_work": "桥梁"},
            "别职": {"post": "主任"},
            "别称": {"title": "教授"},
            "别类": {"category": "other"},
        }.items()
    }
    for name in ("全", "别科", "别向"):
        make_award(made[name], "STATE_ALLOWANCE")
    make_award(made["别职"], "STATE_ALLOWANCE", state=AwardState.REJECTED)
    make_award(made["别称"], "STATE_ALLOWANCE", state=AwardState.PENDING)
    return made


STATED = [
    ({"honours": ["STATE_ALLOWANCE"]}, {"全", "别科", "别向"}),
    ({"disciplines": ["520"]}, {"全", "别向", "别职", "别称", "别类"}),
    ({"words": ["ai芯片"]}, {"全", "别科", "别职", "别称", "别类"}),
    ({"disciplines": ["590"], "words": ["桥梁"]}, {"别科", "别向"}),
    ({"posts": ["院长"]}, {"全", "别科", "别向", "别称", "别类"}),
    ({"posts": ["教授", "主任"]}, {"别职", "别称"}),
    ({"categories": ["other"]}, {"别类"}),
    ({"categories": ["entrepreneur"], "words": ["人工智能"]}, {"全", "别科", "别职", "别称"}),
    ({"honours": ["STATE_ALLOWANCE"], "posts": ["院长"], "disciplines": ["590"]}, {"别科"}),
    ({"words": ["%", "_人"]}, set()),
]


@pytest.mark.parametrize(("stated", "expected"), STATED)
def test_who_meets_a_priority_is_told_alike_by_all_three(people, stated, expected):
    priority = make_priority(**stated)
    by_set = {each.name for each in Expert.objects.filter(fits(priority))}
    one_by_one = {
        each.name for each in people.values() if reasons(priority, each, counting(each.awards.all()))
    }
    assert by_set == one_by_one == expected
    lacking = {gap.expert.name for gap in gaps() if priority.pk in gap.priorities}
    assert lacking == expected


def gaps():
    from experts.models import RosterGap

    return RosterGap.objects.select_related("expert")


def test_the_dead_meet_nothing(people):
    priority = make_priority(posts=["院长"])
    Expert.objects.filter(name="全").update(died_on=today())
    people["全"].refresh_from_db()
    assert "全" not in {each.name for each in Expert.objects.filter(fits(priority))}
    assert reasons(priority, people["全"], set()) == []


def test_why_somebody_meets_it_is_said_for_each_kind(people):
    stated = {
        "honours": ["STATE_ALLOWANCE"],
        "words": ["智能"],
        "posts": ["研究"],
        "categories": ["entrepreneur"],
    }
    priority = make_priority(disciplines=["590"], **stated)
    met = met_by_each([priority], [people["全"], people["别向"]])
    assert {pk: [each.reasons for each in found] for pk, found in met.items()} == {
        people["全"].pk: [["享受政府特殊津贴专家", "研究方向含“智能”", "职务或职称含“研究”", "创业人才"]],
        people["别向"].pk: [],
    }


def test_a_roster_goes_by_its_own_priorities_and_by_those_above_for_it():
    own, above, below = make_priority("D04"), make_priority("BJ", below=True), make_priority("D04-01")
    make_priority("BJ")
    make_priority("D03", below=True)
    make_priority("D04", until=date(2020, 5, 1))
    make_priority("D04", since=today() + DAY)
    assert applying(unit("D04"), today()) == [own, above]
    assert applying(unit("D04-01"), today()) == [above, below]
    assert len(applying(unit("D04"), date(2020, 3, 1))) == 3


def test_a_priority_that_says_nobody_is_refused_twice(director_haidian):
    facts = {"unit": unit("D04"), "name": "空", "reason": "无", "since": today()}
    with pytest.raises(ValidationError, match="至少填写一类条件"):
        acts.state_priority(by=director_haidian, **facts, words=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        Priority.objects.create(stated_by=director_haidian, **facts)


@pytest.mark.parametrize("changes", [{"name": "密级：机密"}, {"reason": "绝密★"}, {"words": ["机密★"]}])
def test_marked_texts_are_refused(director_haidian, changes):
    facts = {"name": "领域", "reason": "文件", "words": ["桥梁"]} | changes
    with pytest.raises(ValidationError, match="密级标志"):
        acts.state_priority(by=director_haidian, unit=unit("D04"), since=today(), **facts)


def test_the_department_head_states_and_ends_on_the_record(director_haidian, officer_haidian):
    facts = {"unit": unit("D04"), "name": "领域", "reason": "文件", "since": today(), "words": ["桥梁"]}
    with pytest.raises(PermissionDenied):
        acts.state_priority(by=officer_haidian, **facts)
    with pytest.raises(PermissionDenied):
        acts.state_priority(by=director_haidian, **facts | {"unit": unit("D03")})
    stated = acts.state_priority(by=director_haidian, **facts)
    with pytest.raises(PermissionDenied):
        acts.end_priority(by=officer_haidian, priority=stated, until=today())
    with pytest.raises(ValidationError, match="昨天或以后"):
        acts.end_priority(by=director_haidian, priority=stated, until=today() - 2 * DAY)
    acts.end_priority(by=director_haidian, priority=stated, until=today() - DAY)
    stated.refresh_from_db()
    assert (stated.state, stated.ended_by) == (PriorityState.ENDED, director_haidian)
    with pytest.raises(ValidationError, match="已经结束"):
        acts.end_priority(by=director_haidian, priority=stated, until=today())
    events = Event.objects.filter(kind="priority", reference=stated.number).order_by("pk")
    assert list(events.values_list("verb", "fields")) == [("create", ["words"]), ("change", ["until"])]


def test_the_state_follows_from_the_days():
    days = {
        (today(), None): PriorityState.IN_FORCE,
        (today() - DAY, today()): PriorityState.IN_FORCE,
        (today() + DAY, None): PriorityState.COMING,
        (today() - DAY, today() - DAY): PriorityState.ENDED,
        (today() + DAY, today()): PriorityState.ENDED,
    }
    for (since, until), state in days.items():
        priority = make_priority(since=since, until=until)
        assert priority.state == state
        assert Priority.objects.filter(pk=priority.pk).not_ended(today()).exists() == (
            state != PriorityState.ENDED
        )
        assert Priority.objects.filter(pk=priority.pk).in_force(today()).exists() == (
            state == PriorityState.IN_FORCE
        )


def admit(officer, director, *experts, code="D04", **facts):
    proposal = proposals.draft_proposal(
        by=officer, unit=unit(code), kind=ProposalKind.ADMIT, experts=experts, effective_on=today(), **facts
    )
    proposal.lines.update(conditions_met=True)
    proposals.submit(by=officer, proposal=proposal)
    proposals.review(by=director, proposal=proposal)
    proposals.approve(by=director, proposal=proposal)
    return proposal


def test_a_proposal_suggests_key_and_the_entry_names_the_priority(officer_haidian, director_haidian):
    priority = make_priority()
    met = make_expert("甲", fields_of_work="人工智能")
    both = make_expert("乙", fields_of_work="人工智能", awards=["CAS"])
    make_expert("丙")
    admit(officer_haidian, director_haidian, met, both, Expert.objects.get(name="丙"))
    met.refresh_from_db()
    assert (met.scope, met.scope_basis) == (Scope.GENERAL, [])
    entries = {each.expert.name: each for each in RosterEntry.objects.select_related("expert")}
    assert {name: entry.scope for name, entry in entries.items()} == {
        "甲": "key", "乙": "key", "丙": "general",
    }  # fmt: skip
    ground = {
        "honour": None, "priority": priority.number, "unit": "D04", "name": "海淀区委联系重点：人工智能",
        "year": None, "clause": "二（二）",
    }  # fmt: skip
    assert (entries["甲"].basis, entries["丙"].basis) == ([ground], [])
    assert entries["乙"].basis == [*both.scope_basis, ground]


def test_an_entry_that_was_made_general_rests_on_no_priority(officer_haidian, director_haidian):
    make_priority()
    expert = make_expert("甲", fields_of_work="人工智能")
    proposal = proposals.draft_proposal(
        by=officer_haidian, unit=unit("D04"), kind=ProposalKind.ADMIT, experts=[expert], effective_on=today()
    )
    proposal.lines.update(conditions_met=True, scope=Scope.GENERAL)
    proposals.submit(by=officer_haidian, proposal=proposal)
    proposals.review(by=director_haidian, proposal=proposal)
    proposals.approve(by=director_haidian, proposal=proposal)
    assert list(RosterEntry.objects.values_list("scope", "basis")) == [("general", [])]
    assert [gap.kind for gap in gaps()] == ["risen"]


def test_only_what_is_in_force_on_the_day_counts(officer_haidian):
    make_priority(since=today() + 10 * DAY)
    expert = make_expert("甲", fields_of_work="人工智能")
    scopes = {
        days: proposals.draft_proposal(
            by=officer_haidian,
            unit=unit("D04"),
            kind=ProposalKind.ADMIT,
            experts=[expert],
            effective_on=today() + days * DAY,
        )
        .lines.get()
        .scope
        for days in (0, 10)
    }
    assert scopes == {0: "general", 10: "key"}


def test_all_lines_may_go_back_to_what_rule_and_priorities_say(officer_haidian):
    make_priority()
    one, two = make_expert("甲", fields_of_work="人工智能"), make_expert("乙")
    proposal = proposals.draft_proposal(
        by=officer_haidian, unit=unit("D04"), kind=ProposalKind.ADMIT, experts=[one, two]
    )
    proposal.lines.update(scope="")
    proposals.change_lines(by=officer_haidian, proposal=proposal, lines=proposal.lines.all(), by_rule=True)
    assert set(proposal.lines.values_list("expert__name", "scope")) == {("甲", "key"), ("乙", "general")}


def test_priorities_are_seen_in_reach_and_from_above_for_it(
    staff_city, officer_haidian, officer_chaoyang, sysadmin, no_role
):
    own, city, wide = make_priority("D04"), make_priority("BJ"), make_priority("BJ", below=True)
    seen = {
        user.username: set(Priority.objects.visible_to(user))
        for user in (staff_city, officer_haidian, officer_chaoyang, sysadmin, no_role)
    }
    assert list(seen.values()) == [{own, city, wide}, {own, wide}, {wide}, set(), set()]


def test_a_restricted_person_is_in_no_count_of_others(officer_haidian, cleared_city):
    from experts.priorities import whom

    priority = make_priority()
    make_expert("甲", fields_of_work="人工智能")
    restrict(make_expert("金丝雀", fields_of_work="人工智能"), cleared_city)
    counts = [whom(user, priority).count_up_to(10) for user in (officer_haidian, cleared_city)]
    assert counts == [1, 2]
