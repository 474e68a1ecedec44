"""走访一页纸: the page of activities/briefing.py on a sheet of paper. Nothing of health is on it."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from activities.briefing import brief_of
from activities.models import Contact, FollowUp
from experts.models import Expert
from reports.columns import grounds
from reports.models import Format
from reports.sources.cards import CardSource
from reports.words import chinese_day, iso_day

# What a sheet of paper holds: rows of each table, and characters of a text in it.
CONTACTS, OPEN, ADVICE, DAYS = 4, 6, 3, 4
TEXT, LONG = 30, 66


class BriefSource(CardSource):
    """The expert that `about` names."""

    formats = (Format.PDF,)
    document = "brief"

    @staticmethod
    def is_open_to(user: User) -> bool:
        return user.may("view")

    def complete(self, rows: QuerySet[Expert]) -> QuerySet[Expert]:
        return rows.select_related("unit", "discipline")

    def printed(self, rows: list[Expert]) -> dict[str, Any]:
        (expert,) = rows
        brief = brief_of(self.user, expert)
        return {
            "name": f"{expert.name}{'（已故）' if expert.died_on else ''}",
            "record_number": expert.record_number,
            "day": chinese_day(brief["today"]),
            "employer": short(expert.employer),
            "post": short(expert.post_and_title),
            "discipline": expert.discipline.name if expert.discipline else "",
            "fields_of_work": short(expert.fields_of_work, LONG),
            "unit": expert.unit.short_name,
            "scope": expert.get_scope_display(),
            "basis": short(grounds(expert.scope_basis), LONG),
            "standing": brief["standing_text"],
            "pairings": short(
                "；".join(f"{each.get_kind_display()} {each.person}" for each in brief["pairings"]), LONG
            ),
            "contacts": [_contact(each) for each in brief["contacts"][:CONTACTS]],
            "open": sorted(
                [_promise(each) for each in brief["promises"]]
                + [_follow_up(each) for each in brief["follow_ups"]],
                key=lambda line: line["day"],
            )[:OPEN],
            "advice": [_advice(each) for each in brief["advice"][:ADVICE]],
            "ahead": [{"day": iso_day(each.day), "what": short(each.text)} for each in brief["ahead"][:DAYS]],
        }


def short(text: str, most: int = TEXT) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}……"


def _contact(contact: Contact) -> dict[str, str]:
    return {
        "day": iso_day(contact.on),
        "kind": contact.get_kind_display(),
        "people": short(contact.people_text),
        "heard": short(contact.heard, LONG),
    }


def _promise(contact: Contact) -> dict[str, str]:
    return {"day": iso_day(contact.next_on), "what": short(f"承诺：{contact.next_step}"), "who": ""}


def _follow_up(row: FollowUp) -> dict[str, str]:
    who = str(row.owner) if row.owner else ""
    return {"day": iso_day(row.due_on), "what": short(f"{row.get_kind_display()}：{row.text}"), "who": who}


def _advice(row: FollowUp) -> dict[str, str]:
    return {"day": iso_day(row.contact.on), "what": short(row.text), "outcome": short(row.outcome)}
