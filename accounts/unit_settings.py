"""Settings that a unit may change for itself and its subtree. The policy gives no numbers: defaults."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.models.unit import Unit, UnitSetting, settings_along

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class SettingKind:
    """One setting: whole number `minimum`..`maximum` in `unit_of_measure`, and the clause it serves. Those of
    a `section` have a page of their own. A flag is 0 or 1 and is written in its two `words`."""

    key: str
    label: str
    default: int
    minimum: int
    maximum: int
    unit_of_measure: str
    clause: str
    section: str = ""
    words: tuple[str, str] | None = None  # of 0 and of 1

    @property
    def choices(self) -> list[tuple[int, str]]:
        """Of a flag, yes first; none of a number."""
        return [(1, self.words[1]), (0, self.words[0])] if self.words else []

    def in_words(self, value: int) -> str:
        """计入 or 3 个月."""
        return self.words[bool(value)] if self.words else f"{value} {self.unit_of_measure}".strip()


def flag(
    key: str, label: str, *, default: bool, words: tuple[str, str], clause: str, section: str = ""
) -> SettingKind:
    """A setting that is one of two things; `words` name 0 and 1."""
    return SettingKind(key, label, int(default), 0, 1, "", clause, section, words)


COUNTING = ("不计入", "计入")
DIGITS = 10  # no setting has as many

SETTINGS: dict[str, SettingKind] = {
    kind.key: kind
    for kind in [
        SettingKind("proposal_reviews", "名单提案须经几次审核", 1, 1, 3, "次", "二（二）"),
        SettingKind("mandatory_exit_days", "应退事项几个工作日内办结", 10, 1, 60, "个工作日", "二（三）"),
        SettingKind("exit_facts_years", "应退情形和事实保存几年", 10, 1, 50, "年", "二（三）"),
        SettingKind("confirmation_years", "关键信息几年未核实即为过期", 2, 1, 10, "年", "二（二）"),
        SettingKind("review_month", "年度复核从几月开始", 1, 1, 12, "月", "二（二）"),
        SettingKind("key_contact_months", "重点联系专家几个月至少联系一次", 3, 1, 24, "个月", "四（一）"),
        SettingKind(
            "general_contact_months", "普遍联系专家几个月至少联系一次", 12, 1, 60, "个月", "四（一）"
        ),
        flag(
            "officer_contact_counts", "联络员当面走访是否计入联系",
            default=True, words=COUNTING, clause="四（一）",
        ),
        flag(
            "remote_contact_counts", "电话、信息是否计入联系",
            default=False, words=COUNTING, clause="四（一）",
        ),
        flag(
            "symposium_counts", "参加座谈联谊是否计入联系",
            default=True, words=COUNTING, clause="四（一）",
        ),
        SettingKind("leader_capacity", "每位领导最多联系几名专家", 3, 1, 30, "名", "五（一）"),
        SettingKind("first_leader_capacity", "主要领导最多联系几名专家", 5, 1, 50, "名", "五（一）"),
        SettingKind("contact_record_days", "走访后几天内补全记录", 7, 1, 60, "天", "四（一）"),
        SettingKind("review_weeks", "年度复核几周内完成", 8, 1, 40, "周", "二（二）"),
    ]
}  # fmt: skip


def declare_settings(kinds: "Iterable[SettingKind]") -> None:
    """Settings of the apps above, declared in `AppConfig.ready`."""
    SETTINGS.update({kind.key: kind for kind in kinds})


@dataclass(frozen=True)
class SettingValue:
    """What applies to `unit` and where it comes from (`source` None: the product's default)."""

    kind: SettingKind
    value: int
    source: Unit | None
    unit: Unit

    @property
    def words(self) -> str:
        return self.kind.in_words(self.value)

    @property
    def origin(self) -> str:
        """Where the value comes from, in the words of the page."""
        if self.source is None:
            return "系统缺省"
        return "本单位设置" if self.source == self.unit else f"继承自 {self.source}"


def effective(unit: Unit, key: str) -> SettingValue:
    """The value in force for the unit: its own, else the nearest ancestor's, else the default."""
    return next(value for value in effective_all(unit, SETTINGS[key].section) if value.kind.key == key)


def effective_all(unit: Unit, section: str = "") -> "Iterator[SettingValue]":
    """Those of one section, in the order of their declaration."""
    along = settings_along(unit)
    for key, kind in SETTINGS.items():
        if kind.section == section:
            value, source = along.get(key, (kind.default, None))
            yield SettingValue(kind, value, source, unit)


def inherited(unit: Unit, key: str) -> SettingValue:
    """The value that would be in force if the unit had none of its own."""
    if unit.parent:
        return effective(unit.parent, key)
    return SettingValue(SETTINGS[key], SETTINGS[key].default, None, unit)


def set_below(key: str) -> list[tuple[int, int, int]]:
    """Where the setting differs from the default: subtree bounds and value, inner subtrees first."""
    rows = UnitSetting.objects.filter(key=key).values_list("unit__order", "unit__order_end", "value")
    return sorted(rows, key=lambda row: row[1] - row[0])


def validate(key: str, value: Any) -> int:
    """The value as stored; ValueError with what to do when it does not fit the setting."""
    kind = SETTINGS[key]
    if not isinstance(value, int) or isinstance(value, bool) or not kind.minimum <= value <= kind.maximum:
        either = "或".join(words for _, words in kind.choices)
        wanted = either or f" {kind.minimum} 到 {kind.maximum} 之间的整数"
        raise ValueError(f"“{kind.label}”请填{wanted}。")
    return value


def read(key: str, text: str) -> int:
    """The value that somebody typed: a number, or a word of a flag; ValueError as from `validate`."""
    by_words = {words: value for value, words in SETTINGS[key].choices}
    typed = text.strip()
    return validate(
        key, by_words.get(typed, int(typed) if typed.isdecimal() and len(typed) < DIGITS else None)
    )
