"""Writing a contact down, and planning one. What they check is form; the rules are with the acts."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from activities.actions.contacts import Heard, unit_for
from activities.actions.follow_ups import Line
from activities.actions.photos import MOST
from activities.conflicts import Clash, mark_of
from activities.enums import ContactKind, FollowUpKind, Occasion
from activities.models import Contact
from activities.people import Offered, offered, offered_owners
from activities.ways import UNKNOWN, Went
from core.chinese import clean_name
from core.forms import DayInput, SearchSelect, SearchSelectMultiple, StyledForm
from core.workdays import add_workdays
from experts.models import Expert
from experts.photos import NotAPicture, check_picture

DAY_WORDS = {"invalid": "请填日期，如 2026-11-20。", "required": "请选择日期。"}
TIME_WORDS = {"invalid": "请填时间，如 14:30。"}
LINES = 20  # of one record
DUE_WORKDAYS = 7
PHOTO_BYTES = 15 * 1024 * 1024
EXPERTS_AT_ONCE = 50
TODAY, YESTERDAY, OTHER = "today", "yesterday", "other"
NO_EXPERT = "请从名单中选择一位专家。"


class Names(forms.MultipleChoiceField):
    """User names, as chips and pickers send them; whether they are known is the act's to say, but what no
    name can be is refused here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, error_messages={"invalid_choice": UNKNOWN}, **options)

    def valid_value(self, value: str) -> bool:
        return "\0" not in value


class Pictures(forms.FileField):
    """Several photos, each checked by what it is."""

    widget = forms.FileInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        uploads = [upload for upload in data or [] if upload]
        if len(uploads) > MOST:
            raise ValidationError(f"一次最多 {MOST} 张照片。")
        for upload in uploads:
            if upload.size > PHOTO_BYTES:
                raise ValidationError("每张照片不超过 15 MB。")
            try:
                check_picture(upload)
            except NotAPicture as problem:
                raise ValidationError(str(problem)) from None
        return uploads


class PictureInput(forms.FileInput):
    """The camera or the album of a phone."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__({"multiple": True, "accept": "image/jpeg,image/png", "data-photos": ""})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if isinstance(files, MultiValueDict) else []


class LineForm(StyledForm, forms.Form):
    """One thing that was heard; a line without any words is left out."""

    kind = forms.ChoiceField(choices=FollowUpKind.choices, widget=forms.HiddenInput)
    text = forms.CharField(label="内容", required=False, max_length=500, widget=forms.Textarea({"rows": 2}))
    owner = forms.CharField(label="承办人", required=False, max_length=150, widget=forms.Select)
    due_on = forms.DateField(label="办结日期", required=False, widget=DayInput, error_messages=DAY_WORDS)

    def __init__(self, *args: Any, user: User, expert: Expert | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].widget.choices = lambda: _owners(user, expert)
        self.user = user

    @property
    def words(self) -> str:
        return str(FollowUpKind(self["kind"].value()).label) if self["kind"].value() in FollowUpKind else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("text") and not data.get("due_on") and "due_on" not in self.errors:
            self.add_error("due_on", "请填办结日期。")
        return data

    def line(self) -> Line:
        data = self.cleaned_data
        return Line(data["kind"], data["text"], data["owner"] or self.user.username, data["due_on"])


def _owners(user: User, expert: Expert | None) -> list[tuple[str, str]]:
    if expert is None:
        return [(user.username, f"{user}（本人）")]
    return offered_owners(user, expert, unit_for(user, expert).order)


def new_line(user: User, expert: Expert | None, kind: str) -> LineForm:
    """An empty line, as the button of the form adds it."""
    initial = {
        "kind": kind,
        "owner": user.username,
        "due_on": add_workdays(timezone.localdate(), DUE_WORKDAYS),
    }
    return LineForm(prefix=str(uuid4()), user=user, expert=expert, initial=initial)


def lines_sent(data: Any, user: User, expert: Expert | None) -> list[LineForm]:
    """The lines of a form that was sent, each under the key that `line` names."""
    keys = data.getlist("line")[:LINES]
    return [LineForm(data, prefix=key[:36], user=user, expert=expert) for key in keys]


class GoingForm(StyledForm, forms.Form):
    """Who goes or went: chips, a search for further colleagues, and others by name."""

    uuid = forms.UUIDField(widget=forms.HiddenInput)
    went = Names(label="谁去的")
    went_more = Names(label="其他同事", widget=SearchSelectMultiple)
    names = forms.CharField(
        label="其他参加人", required=False, max_length=200, help_text="没有账号的人，多个用顿号分开。"
    )
    kind = forms.ChoiceField(label="方式", choices=ContactKind.choices, initial=ContactKind.VISIT)
    occasion = forms.ChoiceField(label="事由", choices=Occasion.choices, initial=Occasion.ROUTINE)
    venue = forms.CharField(label="地点", required=False, max_length=120)
    accompanying = forms.CharField(label="陪同单位", required=False, max_length=120)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"uuid": uuid4()} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["went_more"].widget.attrs["data-options-url"] = reverse("experts:people") + "?right=view"

    def chosen(self) -> list[str] | None:
        """User names that were chosen, None before anybody could."""
        if self.is_bound:
            sent = [*self.data.getlist("went"), *self.data.getlist("went_more")]  # type: ignore[attr-defined]
            return [name for name in sent if "\0" not in name]
        return self.initial.get("went")

    def went_by(self) -> Went:
        data = self.cleaned_data
        names = (
            clean_name(part)[:60] for part in data["names"].replace("，", "、").replace(",", "、").split("、")
        )
        usernames = dict.fromkeys([*data["went"], *data["went_more"]])
        return Went(tuple(usernames), tuple(name for name in names if name))


class RecordForm(GoingForm):
    """What came of a contact. Three fields are enough: the expert, the day, who went."""

    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    expert = forms.CharField(
        label="专家", max_length=40, widget=SearchSelect, error_messages={"required": NO_EXPERT}
    )
    day = forms.ChoiceField(
        label="时间",
        choices=[(TODAY, "今天"), (YESTERDAY, "昨天"), (OTHER, "选日期")],
        initial=TODAY,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择哪一天去的。", "invalid_choice": "请选择哪一天去的。"},
    )
    on = forms.DateField(label="日期", required=False, widget=DayInput, error_messages=DAY_WORDS)
    heard = forms.CharField(
        label="听到什么",
        required=False,
        max_length=2000,
        widget=forms.Textarea(
            {
                "rows": 5,
                "placeholder": "可以用键盘的语音输入。意见建议、困难诉求写在这里，需要办的在下面各加一条。",
            }
        ),
    )
    condolence_item = forms.CharField(label="慰问品", required=False, max_length=120)
    condolence_cost = forms.DecimalField(
        label="慰问金额（元）",
        required=False,
        min_value=0,
        max_digits=9,
        decimal_places=2,
        error_messages={"invalid": "请填数字，如 300 或 300.50。", "min_value": "金额不能小于 0。"},
    )
    next_step = forms.CharField(
        label="下一步",
        required=False,
        max_length=200,
        widget=forms.TextInput({"placeholder": "答应了什么"}),
    )
    next_on = forms.DateField(
        label="什么时候兑现",
        required=False,
        widget=DayInput,
        error_messages=DAY_WORDS,
        help_text="不填的，30 天后提醒。",
    )
    photos = Pictures(label="拍照", required=False, widget=PictureInput)

    FACTS = (
        "kind", "occasion", "on", "venue", "accompanying", "heard", "condolence_item", "condolence_cost",
        "next_step", "next_on",
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        user: User,
        contact: Contact | None = None,
        expert: Expert | None = None,
        **kwargs: Any,
    ) -> None:
        self.contact, self.found = contact, contact.expert if contact else expert
        if contact:
            kwargs["initial"] = _initial(contact) | (kwargs.get("initial") or {})
        super().__init__(*args, user=user, **kwargs)
        self.is_draft = self.data.get("act") == "draft"
        if contact:
            del self.fields["expert"]
        else:
            self._narrow_experts()
        self.lines = self._lines()

    def _narrow_experts(self) -> None:
        typed = self.data.get("expert", "").replace("\0", "")
        if typed:
            self.found = _expert(self.user, typed)
        attrs = {
            "data-options-url": reverse("contacts:experts"),
            "hx-get": reverse("contacts:about"),
            "hx-target": "#went",
            "hx-swap": "outerHTML",
        }
        self.fields["expert"].widget.attrs |= attrs
        chosen = [(str(self.found.uuid), self.found.name)] if self.found else []
        self.fields["expert"].widget.choices = [("", ""), *chosen]
        self.initial["expert"] = str(self.found.uuid) if self.found else ""

    def _lines(self) -> list[LineForm]:
        if self.is_bound:
            return lines_sent(self.data, self.user, self.found)
        if self.contact and self.contact.is_draft:
            rows = self.contact.follow_ups.select_related("owner").order_by("id")
            return [
                LineForm(prefix=f"d{number}", initial=_of_line(row), user=self.user, expert=self.found)
                for number, row in enumerate(rows)
            ]
        return []

    @property
    def offered(self) -> list[Offered]:
        return offered(self.user, [self.found] if self.found else [], self.chosen())

    @property
    def is_other_day(self) -> bool:
        return self["day"].value() == OTHER

    def is_valid(self) -> bool:
        return all([super().is_valid(), *(line.is_valid() for line in self.lines)])

    def clean_expert(self) -> Expert:
        if self.found is None:
            raise ValidationError(NO_EXPERT)
        return self.found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("day") == OTHER and not data.get("on") and "on" not in self.errors:
            self.add_error("on", DAY_WORDS["required"])
        return data

    def day_meant(self) -> date:
        today = timezone.localdate()
        named = {TODAY: today, YESTERDAY: today - timedelta(days=1)}
        return named.get(self.cleaned_data["day"]) or self.cleaned_data["on"]

    def facts(self) -> dict[str, Any]:
        """Columns of Contact."""
        return {name: self.cleaned_data[name] for name in self.FACTS} | {"on": self.day_meant()}

    def brought(self) -> Heard:
        lines = [each.line() for each in self.lines if each.cleaned_data["text"]]
        return Heard(self.went_by(), lines, self.cleaned_data["photos"])


class PlanForm(GoingForm):
    """A contact that is to take place, with one expert or several, one for each."""

    experts = Names(label="专家", widget=SearchSelectMultiple, help_text="可以选几位，每位各安排一次。")
    on = forms.DateField(label="日期", widget=DayInput, error_messages=DAY_WORDS)
    starts = forms.TimeField(
        label="开始", required=False, widget=forms.TimeInput({"type": "time"}), error_messages=TIME_WORDS
    )
    ends = forms.TimeField(
        label="结束", required=False, widget=forms.TimeInput({"type": "time"}), error_messages=TIME_WORDS
    )
    note = forms.CharField(label="说明", required=False, max_length=200)
    confirmed = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    FACTS = ("kind", "occasion", "on", "starts", "ends", "venue", "accompanying", "note")

    def __init__(self, *args: Any, user: User, experts: Sequence[Expert] = (), **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["went"].label = "谁去"
        self.found = list(experts)
        self.clashes: list[Clash] = []
        self.near: list[Clash] = []
        attrs = {
            "data-options-url": reverse("contacts:experts"),
            "hx-get": reverse("contacts:about"),
            "hx-target": "#went",
            "hx-swap": "outerHTML",
        }
        field = self.fields["experts"]
        field.required = True
        field.error_messages["required"] = "请选择专家。"
        field.widget.attrs |= attrs
        field.widget.choices = [(str(each.uuid), each.name) for each in self.found]
        self.initial["experts"] = [str(each.uuid) for each in self.found]

    @property
    def offered(self) -> list[Offered]:
        return offered(self.user, self.found, self.chosen())

    @property
    def seen(self) -> str:
        """Which clashes the page has shown."""
        return mark_of(self.clashes + self.near)

    @property
    def must_be_seen(self) -> bool:
        """Whether something stands in the way that the page has not shown before this was sent."""
        return bool(self.clashes or self.near) and self.cleaned_data["confirmed"] != self.seen

    def clean_experts(self) -> list[Expert]:
        typed = self.cleaned_data["experts"]
        if len(typed) > EXPERTS_AT_ONCE:
            raise ValidationError(f"一次最多安排 {EXPERTS_AT_ONCE} 位。")
        if len(self.found) < len(set(typed)):
            raise ValidationError("有专家已不在您能查看的范围内，请重新选择。")
        return self.found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        check_times(self, data)
        return data

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.FACTS}


def check_times(form: forms.BaseForm, data: dict[str, Any]) -> None:
    """A contact that ends has begun before."""
    starts, ends = data.get("starts"), data.get("ends")
    if ends and not starts and "starts" not in form.errors:
        form.add_error("starts", "填了结束时间的，请填开始时间。")
    elif starts and ends and ends <= starts:
        form.add_error("ends", "结束时间须晚于开始时间。")


def experts_named(user: User, keys: Sequence[str]) -> list[Expert]:
    """Visible experts with these uuids, in the order of names."""
    known = set()
    for key in keys[: EXPERTS_AT_ONCE + 1]:
        try:
            known.add(UUID(key))
        except ValueError:
            continue
    if not known:
        return []
    return list(
        Expert.objects.visible_to(user).filter(uuid__in=known).select_related("unit").order_by("sort_key")
    )


def _expert(user: User, key: str) -> Expert | None:
    return next(iter(experts_named(user, [key])), None)


def _initial(contact: Contact) -> dict[str, Any]:
    today = timezone.localdate()
    named = {today: TODAY, today - timedelta(days=1): YESTERDAY}
    facts = {name: getattr(contact, name) for name in RecordForm.FACTS}
    people = list(contact.people.all())
    future = contact.on > today
    return facts | {
        "uuid": contact.uuid,
        "version": contact.version,
        "day": TODAY if future else named.get(contact.on, OTHER),
        "on": None if future else contact.on,
        "went": [each.user.username for each in people if each.user] or None,
        "names": "、".join(each.name for each in people if each.name),
    }


def _of_line(row: Any) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "text": row.text,
        "owner": row.owner.username if row.owner else "",
        "due_on": row.due_on,
    }
