"""What was heard and promised, and whether it was seen to: the list behind both."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import FollowUpKind
from activities.models import Contact, FollowUp
from core.paging import Order, page_by_key, url_with
from experts.filters import chosen_unit

PAGE_SIZE = 25
HEARD, PROMISED = "heard", "promised"
WHAT = {HEARD: "诉求和建言", PROMISED: "承诺"}
BOXES = {"mine": "我的", "all": "全部"}
STATES = {"open": "未办结", "late": "已超期", "done": "已办结"}
BY_DUE, BY_PROMISE = Order(("due_on", "id")), Order(("next_on", "id"))


@dataclass(frozen=True)
class FollowUpFilter:
    """What the URL asks: what was heard or promised, whose it is, how it stands, of which kind and unit."""

    what: str
    box: str
    state: str
    kind: str
    unit: Unit | None

    @classmethod
    def read(cls, params: QueryDict, user: User) -> "FollowUpFilter":
        def one_of(name: str, known: Any, default: str) -> str:
            value = params.get(name, "")
            return value if value in known else default

        return cls(
            one_of("what", WHAT, HEARD),
            one_of("box", BOXES, "mine"),
            one_of("state", STATES, "open"),
            one_of("kind", FollowUpKind.values, ""),
            chosen_unit(user, params.get("unit", "")),
        )

    def follow_ups(self, user: User) -> Any:
        found = FollowUp.objects.visible_to(user)
        found = found.filter(done_at__isnull=False) if self.state == "done" else found.open()
        if self.state == "late":
            found = found.filter(due_on__lt=timezone.localdate())
        if self.box == "mine":
            found = found.filter(owner=user)
        if self.kind:
            found = found.filter(kind=self.kind)
        return found.within(self.unit).for_list() if self.unit else found.for_list()

    def promises(self, user: User) -> Any:
        seen = Contact.objects.visible_to(user)
        found = seen.done().filter(next_done_at__isnull=False) if self.state == "done" else seen.promising()
        if self.state == "late":
            found = found.filter(next_on__lt=timezone.localdate())
        if self.box == "mine":
            found = found & Contact.objects.of(user)
        found = found.within(self.unit) if self.unit else found
        return found.select_related("expert__unit")

    def chips(self, params: QueryDict) -> list[dict[str, str]]:
        shown = {
            "box": BOXES[self.box] if self.box != "mine" else "",
            "state": STATES[self.state] if self.state != "open" else "",
            "kind": FollowUpKind(self.kind).label if self.kind else "",
            "unit": self.unit.short_name if self.unit else "",
        }
        return [
            {"label": label, "url": url_with(params, **{name: None})}
            for name, label in shown.items()
            if label
        ]


def list_context(user: User, params: QueryDict) -> dict[str, Any]:
    """A page, those due first."""
    chosen = FollowUpFilter.read(params, user)
    promised = chosen.what == PROMISED
    found = chosen.promises(user) if promised else chosen.follow_ups(user)
    page = page_by_key(found, BY_PROMISE if promised else BY_DUE, params, PAGE_SIZE)
    return {
        "page": page,
        "filter": chosen,
        "promised": promised,
        "tabs": [
            {"label": label, "url": f"?what={key}&box={chosen.box}", "active": key == chosen.what}
            for key, label in WHAT.items()
        ],
        "boxes": BOXES.items(),
        "states": STATES.items(),
        "kinds": [] if promised else FollowUpKind.choices,
        "chips": chosen.chips(params),
        "today": timezone.localdate(),
        "summary": f"先到期的在前 · 每页 {PAGE_SIZE} 项",
        **page.urls(params),
    }
