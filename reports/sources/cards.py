"""Forms of one expert: the registration form, and the approval of a mandatory exit (二（三）)."""

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from accounts.models import User
from experts.enums import AwardState, Label
from experts.models import Award, ExitState, Expert, MandatoryExit, ReviewState, RosterEntry
from experts.personal_data import PRINTED
from reports.columns import grounds
from reports.models import Document, Export, Format
from reports.sources.base import Source
from reports.sources.proposals import signed
from reports.words import chinese_day, iso_day

ELSEWHERE = "情形和事实见案卷，本表不载。"
UNTOLD = "未能告知，原因见案卷"
CHECKED = "已审核，报请审批。"
PLAIN = (
    "record_number", "employer", "post", "education", "fields_of_work", "office_phone", "email", "address",
    "nationality",
)  # fmt: skip
DECISIONS = {
    ExitState.APPROVED: "批准退出。",
    ExitState.REFUSED: "不批准退出。",
    ExitState.REVERSED: "批准退出，经复核撤销。",
}
REVIEWS = {ReviewState.UPHELD: "复核维持。", ReviewState.REVERSED: "复核撤销，恢复联系。"}


class CardSource(Source):
    """The expert that `about` names. Sensitive values and the photo are not on the form."""

    formats: ClassVar[tuple[Format, ...]] = (Format.WORD, Format.PDF)
    document: ClassVar[str] = Document.CARD

    @staticmethod
    def is_open_to(user: User) -> bool:
        return user.may("view")

    def is_there(self) -> bool:
        return self.chosen().exists()

    def words(self) -> str:
        return "1 位专家"

    def visible(self) -> QuerySet[Expert]:
        return Expert.objects.visible_to(self.user)

    def chosen(self) -> QuerySet[Expert]:
        return self.visible().filter(uuid=str(self.params["about"]))

    def complete(self, rows: QuerySet[Expert]) -> QuerySet[Expert]:
        awards = Award.objects.visible_to(self.user).select_related("honour").order_by("-year", "id")
        entries = RosterEntry.objects.visible_to(self.user).select_related("unit").order_by("since", "id")
        rows = rows.select_related("unit", "discipline").only(
            *PRINTED, "unit__short_name", "discipline__name"
        )
        return rows.prefetch_related(Prefetch("awards", awards), Prefetch("entries", entries))

    def restricted_numbers(self, export: Export) -> list[str]:
        restricted = self.exported(export).filter(label=Label.RESTRICTED)
        return list(restricted.values_list("record_number", flat=True))

    def printed(self, rows: list[Expert]) -> dict[str, Any]:
        (expert,) = rows
        return {name: getattr(expert, name) for name in PLAIN} | {
            "name": f"{expert.name}{'（已故）' if expert.died_on else ''}",
            "former_names": "、".join(expert.former_names),
            "gender": expert.get_gender_display(),
            "birth": chinese_day(expert.birth).partition("月")[0] + "月" if expert.birth else "",
            "political_affiliation": expert.get_political_affiliation_display(),
            "expert_title": expert.title,
            "discipline": expert.discipline.name if expert.discipline else "",
            "category": expert.get_category_display(),
            "scope": expert.get_scope_display(),
            "basis": grounds(expert.scope_basis),
            "unit": expert.unit.short_name,
            "confirmed": chinese_day(expert.confirmed_on),
            "filled_on": chinese_day(timezone.localdate()),
            "awards": [_award(each) for each in expert.awards.all() if each.state != AwardState.REJECTED],
            "entries": [_entry(each) for each in expert.entries.all()],
        }


def _award(award: Award) -> dict[str, str]:
    year = str(award.year) if award.year else ""
    return {"name": str(award), "year": year, "issuer": award.issuer, "state": award.get_state_display()}


def _entry(entry: RosterEntry) -> dict[str, str]:
    return {
        "unit": entry.unit.short_name,
        "scope": entry.get_scope_display(),
        "since": iso_day(entry.since),
        "until": iso_day(entry.until),
    }


class ExitSource(Source):
    """The case that `about` names. What was said in it is never printed, whoever asks."""

    formats = (Format.WORD, Format.PDF)
    document = Document.EXIT

    @staticmethod
    def is_open_to(user: User) -> bool:
        return user.may("sensitive")

    @cached_property
    def case(self) -> MandatoryExit | None:
        return self.chosen().first()

    def is_there(self) -> bool:
        return self.case is not None

    def words(self) -> str:
        return "1 件应退办理"

    def visible(self) -> QuerySet[MandatoryExit]:
        return MandatoryExit.objects.visible_to(self.user)

    def chosen(self) -> QuerySet[MandatoryExit]:
        return self.visible().filter(uuid=str(self.params["about"]))

    def complete(self, rows: QuerySet[MandatoryExit]) -> QuerySet[MandatoryExit]:
        return rows.for_page()  # type: ignore[attr-defined]

    def restricted_numbers(self, export: Export) -> list[str]:
        restricted = self.exported(export).filter(label=Label.RESTRICTED)
        return list(restricted.values_list("expert__record_number", flat=True))

    def printed(self, rows: list[MandatoryExit]) -> dict[str, Any]:
        (case,) = rows
        expert = case.expert
        return {
            "name": expert.name,
            "record_number": expert.record_number,
            "employer": expert.employer,
            "post": expert.post,
            "unit": expert.unit.short_name,
            "known_on": chinese_day(case.known_on),
            "due_on": chinese_day(case.due_on),
            "told": UNTOLD if case.could_not_be_told else chinese_day(case.told_on),
            "state": case.state_words,
            "facts": ELSEWHERE,
            "registered": signed(case.registered_by, case.registered_at),
            "checked": signed(case.checked_by, case.checked_at, CHECKED if case.checked_by else ""),
            "decided": signed(case.decided_by, case.decided_at, DECISIONS.get(ExitState(case.state), "")),
            "reviewed": signed(case.review_by, case.review_at, REVIEWS.get(ReviewState(case.review), "")),
        }
