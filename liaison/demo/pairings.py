"""Pairings of the demo: leaders who are full and one with room, one who has left, officers, and many experts
whom nobody keeps in touch with yet."""

from datetime import date, timedelta

from accounts.models import Unit, User
from activities.enums import PairingKind
from activities.models import Pairing
from experts.models import RosterEntry
from liaison.demo.accounts import FORMER

PAIRED_SINCE = 380  # days
# unit: (leader, how many experts), in the order of the roster's names
LED = {
    "D04": (("first_leader_haidian", 5), ("leader_haidian", 3), ("leader_haidian_two", 2), (FORMER, 3)),
    "BJ": (("first_leader_city", 4), ("leader_city", 3)),
}
KEPT = {"D04": ("officer_haidian", 40), "BJ": ("staff_city", 30)}


def add_pairings(units: dict[str, Unit], users: dict[str, User], today: date) -> None:
    """With experts of the rosters, since a while after those began."""
    rows: list[Pairing] = []
    for code, leaders in LED.items():
        since = today - timedelta(days=PAIRED_SINCE)
        entries = RosterEntry.objects.of(units[code]).open().filter(since__lte=since)
        entries = entries.select_related("expert").order_by("sort_key")
        listed = [entry.expert for entry in entries]
        officer, number = KEPT[code]
        wanted = [(officer, PairingKind.OFFICER, listed[:number])]
        start = 0
        for leader, count in leaders:
            wanted.append((leader, PairingKind.LEADER, listed[start : start + count]))
            start += count
        rows += [
            Pairing(
                expert=expert, unit=units[code], kind=kind, person=users[name],
                since=since, opened_by=users[officer],
            )
            for name, kind, experts in wanted
            for expert in experts
        ]  # fmt: skip
    Pairing.objects.bulk_create(rows)
