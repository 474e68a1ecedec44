"""Random writes of the kinds that move coverage, to raw rows."""

from datetime import date, timedelta

from accounts.actions import move_unit
from accounts.models import RoleAssignment, UnitSetting, User
from accounts.roles import Role
from activities.actions.coverage import settle
from activities.models import Contact, KeyPeriod, Pairing
from experts.models import Expert, Holder, RosterEntry
from tests.factories import assign, enter, hold, make_contact, make_user, pair, unit

FIRST = date(2025, 11, 28)  # month ends, a leap day's neighbours, a year's turn
CODES = ("BJ", "D04", "D04-01", "D03")


class History:
    """Acts on a few experts; draws come from `rng`, so that the same draws are the same history."""

    def __init__(self, rng, experts):
        self.rng, self.experts = rng, experts
        self.by = make_user()
        self.people = {kind: self._person(role) for kind, role in
                       (("leader", Role.LEADER), ("officer", Role.LIAISON_OFFICER))}  # fmt: skip

    def begin_paired(self):
        """On a roster for long, with a leader and an officer: what is random then goes through all causes."""
        for expert in self.experts[::2]:
            enter(expert, since=FIRST - timedelta(days=300))
            for kind, person in self.people.items():
                pair(expert, person, kind)

    def _person(self, role):
        user = make_user()
        assign(user, role, unit("BJ"))
        return user

    def write(self):
        acts = [name for name in dir(self) if name.startswith("do_")]
        often = ["do_enter", "do_meet", "do_meet", "do_pair", "do_hinder"]
        expert = self.rng.choice(self.experts)
        getattr(self, self.rng.choice(acts + often))(Expert.objects.filter(pk=expert.pk), expert, self.day())

    def day(self):
        return FIRST + timedelta(days=self.rng.randrange(400))

    def later(self, day, most):
        return day + timedelta(days=self.rng.randrange(1, most))

    def do_enter(self, rows, expert, day):
        code, scope = self.rng.choice(CODES), self.rng.choice(["key", "key", "general"])
        until = self.later(day, 200) if self.rng.random() < 0.5 else None
        if not overlapping(RosterEntry.objects.filter(expert=expert, unit=unit(code)), day, until):
            enter(expert, code, scope, day, until)

    def do_leave(self, rows, expert, day):
        for entry in RosterEntry.objects.filter(expert=expert, until=None)[:1]:
            until = self.later(entry.since, 300)
            RosterEntry.objects.filter(pk=entry.pk).update(until=until, closed_by=entry.opened_by_id)

    def do_meet(self, rows, expert, day):
        way = self.rng.choice(["leader", "officer", "remote", "symposium"])
        make_contact(self.by, expert, day, self.rng.choice(CODES), way=way)

    def do_plan(self, rows, expert, day):
        self._without_way(expert, day, state="planned", planned_by=self.by)

    def do_hinder(self, rows, expert, day):
        why = self.rng.choice(["abroad", "abroad", "declined", "ours"])
        self._without_way(expert, day, state=self.rng.choice(["missed", "cancelled"]), hindrance=why)

    def _without_way(self, expert, day, **facts):
        make_contact(
            self.by, expert, day, self.rng.choice(CODES), way="", recorded_by=None, recorded_at=None, **facts
        )

    def do_correct(self, rows, expert, day):
        found = Contact.objects.filter(expert=expert, state="done").first()
        cancelled = {"state": "cancelled", "way": "", "hindrance": "abroad"}
        if found:
            facts = self.rng.choice([{"on": day}, cancelled, {"way": "leader"}])
            Contact.objects.filter(pk=found.pk).update(**facts)

    def do_pair(self, rows, expert, day):
        code, kind = self.rng.choice(CODES), self.rng.choice(list(self.people))
        if not overlapping(Pairing.objects.filter(expert=expert, unit=unit(code), kind=kind), day, None):
            pair(expert, self.people[kind], kind, code, since=day)

    def do_unpair(self, rows, expert, day):
        for found in Pairing.objects.filter(expert=expert, until=None)[:1]:
            ended = {"until": self.later(found.since, 200), "closed_by": self.by, "end": "ended"}
            Pairing.objects.filter(pk=found.pk).update(**ended)

    def do_leave_post(self, rows, expert, day):
        person = self.people[self.rng.choice(list(self.people))]
        RoleAssignment.objects.filter(user=person).update(until=self.rng.choice([day, day, None]))

    def do_come_to_post(self, rows, expert, day):
        kind = self.rng.choice(list(self.people))
        self.people[kind] = self._person({"leader": Role.LEADER, "officer": Role.LIAISON_OFFICER}[kind])

    def do_close_account(self, rows, expert, day):
        person = self.people[self.rng.choice(list(self.people))]
        User.objects.filter(pk=person.pk).update(is_active=self.rng.random() < 0.5)

    def do_period(self, rows, expert, day):
        KeyPeriod.objects.filter(expert=expert).update(since=day, until=self.later(day, 250))

    def do_rule(self, rows, expert, day):
        rows.update(scope=self.rng.choice(["key", "general"]))

    def do_setting(self, rows, expert, day):
        key, value = self.rng.choice(
            [
                ("key_contact_months", self.rng.randrange(1, 7)),
                ("remote_contact_counts", 1),
                ("officer_contact_counts", 0),
            ]
        )
        at = unit(self.rng.choice(CODES))
        UnitSetting.objects.update_or_create(unit=at, key=key, defaults={"value": value})

    def do_move_unit(self, rows, expert, day):
        parent = self.rng.choice(["D04", "D03"])
        if unit("D04-01").parent.code != parent:
            move_unit(unit("D04-01"), unit(parent))

    def do_transfer(self, rows, expert, day):
        at = unit(self.rng.choice(CODES))
        rows.update(unit=at, unit_order=at.order)

    def do_share(self, rows, expert, day):
        code = self.rng.choice(CODES)
        if (
            Expert.objects.get(pk=expert.pk).unit.code != code
            and not Holder.objects.filter(expert=expert).exists()
        ):
            hold(expert, code)
        else:
            Holder.objects.filter(expert=expert).delete()

    def do_die(self, rows, expert, day):
        rows.update(died_on=self.rng.choice([day, None]))

    def do_label(self, rows, expert, day):
        rows.update(label=self.rng.choice([0, 1, 2]))

    def do_settle(self, rows, expert, day):
        settle()


def overlapping(rows, since, until):
    return any(
        (until is None or row.since < until) and (row.until is None or row.until > since) for row in rows
    )
