"""No sequence of acts over HTTP reaches an illegal state, skips an approver or leaves overlapping entries."""

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from experts.enums import Scope
from experts.models import Expert, Proposal, ProposalKind, ProposalStep, RosterEntry
from tests.factories import make_expert, unit
from tests.personas import make_persona

ACTORS = ("officer_haidian", "director_haidian", "staff_city", "officer_chaoyang")
LEGAL = {
    "draft": {"submitted", "withdrawn"},
    "submitted": {"reviewed", "returned", "withdrawn"},
    "reviewed": {"approved", "returned", "withdrawn"},
    "returned": {"submitted", "withdrawn"},
    "approved": set(),
    "withdrawn": set(),
}
ANSWERS = {200, 302, 403, 404, 409, 422}
people = strategies.sampled_from(ACTORS)
which = strategies.integers(0, 3)


class Machine(RuleBasedStateMachine):
    """Four people, four experts and at most four proposals; `model` is what the roster should hold."""

    approved = 0  # in all runs together

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        users = {name: make_persona(name) for name in ACTORS}
        self.clients = {}
        for name, user in users.items():
            self.clients[name] = Client()
            self.clients[name].force_login(user, backend="accounts.backends.LockingBackend")
        self.experts = [make_expert(f"专家{letter}") for letter in "甲乙丙丁"]
        self.proposals, self.states = [], {}
        self.today = timezone.localdate() - timedelta(days=300)
        self.model = {}

    def teardown(self):
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def send(self, who, name, number, data):
        args = [self.proposals[number % len(self.proposals)].uuid]
        answer = self.clients[who].post(reverse(f"proposals:{name}", args=args), data)
        assert answer.status_code in ANSWERS, answer.status_code
        return answer

    @precondition(lambda self: len(self.proposals) < 4)
    @rule(
        who=people,
        kind=strategies.sampled_from(ProposalKind.values),
        chosen=strategies.sets(which, min_size=1),
    )
    def draft(self, who, kind, chosen):
        self.today += timedelta(days=7)
        before = set(Proposal.objects.values_list("pk", flat=True))
        data = {
            "kind": kind,
            "unit": "D04",
            "effective_on": self.today.isoformat(),
            "expert": [str(self.experts[number].uuid) for number in chosen],
        }
        self.clients[who].post(reverse("proposals:create"), data)
        for proposal in Proposal.objects.exclude(pk__in=before):
            self.proposals.append(proposal)
            self.states[proposal.pk] = "draft"

    @precondition(lambda self: self.proposals)
    @rule(who=people, number=which, scope=strategies.sampled_from(["key", "general", "rule", "leave"]))
    def fill(self, who, number, scope):
        data = {"scope": scope, "conditions_met": "on", "reason": "own_request"}
        self.send(who, "all_lines", number, data)

    @precondition(lambda self: self.proposals)
    @rule(who=people, number=which, expert=which)
    def add(self, who, number, expert):
        self.send(who, "add", number, {"expert": [str(self.experts[expert].uuid)]})

    @precondition(lambda self: self.proposals)
    @rule(who=people, number=which)
    def remove(self, who, number):
        proposal = self.proposals[number % len(self.proposals)]
        if line := proposal.lines.first():
            url = reverse("proposals:remove", args=[proposal.uuid, line.uuid])
            assert self.clients[who].post(url).status_code in ANSWERS

    @precondition(lambda self: self.proposals)
    @rule(
        who=people,
        number=which,
        step=strategies.sampled_from(ProposalStep.values),
        note=strategies.sampled_from(["", "意见"]),
    )
    def act(self, who, number, step, note):
        self.send(who, "act", number, {"step": step, "note": note})

    @precondition(lambda self: self.proposals)
    @rule(number=which)
    def whole_way(self, number):
        """What random acts alone would rarely reach: filled in, submitted, reviewed and approved."""
        self.fill("officer_haidian", number, "key")
        for who, step in (
            ("officer_haidian", "submit"),
            ("director_haidian", "review"),
            ("director_haidian", "approve"),
        ):
            self.act(who, number, step, "")
            self.states_are_legal()

    @invariant()
    def states_are_legal(self):
        for proposal in Proposal.objects.all():
            before, now = self.states[proposal.pk], proposal.state
            assert now == before or now in LEGAL[before], (before, now)
            self.states[proposal.pk] = now
            if now == "approved" and before != "approved":
                self.apply(proposal)

    def apply(self, proposal):
        """What the approved proposal says of each expert, in the model's own words."""
        leaves = proposal.kind == "exit"
        Machine.approved += 1
        for line in proposal.lines.all():
            is_on = line.expert_id in self.model
            assert is_on == (proposal.kind in {"exit", "rescope"})
            assert line.conditions_met or proposal.kind in {"exit", "rescope"}
            assert line.reason or not leaves
            if line.scope:
                self.model[line.expert_id] = line.scope
            else:
                assert leaves
                del self.model[line.expert_id]

    @invariant()
    def the_approved_went_all_the_way_by_two_people(self):
        for proposal in Proposal.objects.filter(state="approved"):
            steps = list(proposal.acts.order_by("pk"))
            last = max(place for place, act in enumerate(steps) if act.step == "submit")
            round_ = steps[last:]
            assert [act.step for act in round_] == ["submit", "review", "approve"]
            assert round_[0].by_id == proposal.submitted_by_id
            assert round_[2].by_id == proposal.approved_by_id != proposal.submitted_by_id
            assert round_[2].by.username == "director_haidian"

    @invariant()
    def entries_never_overlap(self):
        periods = defaultdict(list)
        for entry in RosterEntry.objects.order_by("since"):
            periods[entry.expert_id, entry.unit_id].append(entry)
        for entries in periods.values():
            for one, two in pairwise(entries):
                assert one.until is not None
                assert one.until <= two.since

    @invariant()
    def the_roster_is_what_approved_proposals_say(self):
        entries = RosterEntry.objects.of(unit("D04")).open()
        assert dict(entries.values_list("expert_id", "scope")) == self.model
        assert Expert.objects.count() == len(self.experts)
        assert set(self.model.values()) <= set(Scope.values)


@pytest.mark.django_db
def test_no_sequence_of_acts_breaks_the_roster():
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=5,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Machine.approved >= 3  # else the machine proved nothing
