"""What the gallery shows its components with. Invented; nothing here is read from the database."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.utils import timezone

from core.forms import DayInput, FileDrop, MonthInput, SearchSelect, SearchSelectMultiple, StyledForm

UNITS = [("", "请选择"), ("1", "示例区委组织部"), ("2", "示例大学党委"), ("3", "示例医院党委")]
TOPICS = [("a", "信息技术"), ("b", "医药卫生"), ("c", "农业农村"), ("d", "文化艺术")]


class SampleForm(StyledForm, forms.Form):
    """Every kind of control."""

    name = forms.CharField(label="姓名", max_length=20, help_text="与身份证件一致，不加空格。")
    birth = forms.DateField(label="出生年月", widget=MonthInput, required=False)
    confirmed = forms.DateField(label="核实日期", widget=DayInput, required=False)
    unit = forms.ChoiceField(label="管理单位", choices=UNITS, required=False)
    topic = forms.ChoiceField(
        label="学科", choices=[("", "请选择"), *TOPICS], widget=SearchSelect, required=False
    )
    topics = forms.MultipleChoiceField(
        label="研究领域", choices=TOPICS, widget=SearchSelectMultiple, required=False
    )
    gender = forms.ChoiceField(label="性别", choices=[("f", "女"), ("m", "男")], widget=forms.RadioSelect)
    kinds = forms.MultipleChoiceField(
        label="参加的活动", choices=TOPICS, widget=forms.CheckboxSelectMultiple, required=False
    )
    age = forms.IntegerField(label="年龄", min_value=18, required=False)
    frontline = forms.BooleanField(label="特殊一线岗位", required=False, help_text="按单位认定填写。")
    roster = forms.FileField(label="名册文件", widget=FileDrop, required=False)
    note = forms.CharField(label="备注", widget=forms.Textarea(attrs={"rows": 3}), required=False)

    def clean(self) -> dict[str, Any]:
        """A form-wide error, so that the gallery can show one."""
        raise forms.ValidationError("姓名与出生年月同另一位专家相同，请核对。")


def sample_messages() -> list[Message]:
    """One of each kind of message."""
    return [
        Message(constants.SUCCESS, "已保存 3 位专家的知悉范围。"),
        Message(constants.WARNING, "有 2 行没有导入，请在页面上改正。"),
        Message(constants.ERROR, "文件带有宏，没有接收。"),
        Message(constants.INFO, "正在后台导出，完成后会提醒您。"),
    ]


def sample_charts() -> dict[str, dict[str, Any]]:
    """Every kind of chart."""
    shares = {"labels": ["示例甲区", "示例乙区", "示例丙区"], "values": [100, 97.5, 84.9], "low": 90}
    details = ["100%，12 / 12 人", "97.5%，39 / 40 人", "84.9%，45 / 53 人"]
    months = {"labels": ["9月", "10月", "11月"], "values": [540, 300, 260], "unit": "人次"}
    return {
        "bars": {"kind": "bars", **shares, "details": details, "urls": ["?a", "?b", "?c"]},
        "line": {"kind": "line", **months},
        "stacks": {
            "kind": "stacks",
            "labels": ["11-24", "11-25", "11-26"],
            "parts": ["已发", "不再需要", "待发", "未发出"],
            "values": [[12, 9, 4], [1, 0, 0], [0, 0, 6], [0, 1, 0]],
            "details": ["已发 12，不再需要 1", "已发 9，未发出 1", "已发 4，待发 6"],
        },
    }


def sample_lists() -> dict[str, Any]:
    """Tabs, chips, letters, suggestions and the two sides of a conflict."""
    letters = [
        {"letter": letter, "url": "" if letter in "IUV" else f"?from={letter}", "active": letter == "L"}
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    ]
    return {
        "tab_items": [
            {"label": "称号奖励", "url": "#component-tabs", "active": True, "count": 4},
            {"label": "变动记录", "url": "#component-tabs", "active": False, "count": 0},
            {"label": "查阅记录", "url": "#component-tabs", "active": False},
        ],
        "chips": [{"label": "重点联系", "url": "?"}, {"label": "两周内到期", "url": "?"}],
        "letters": letters,
        "step_items": ["上传", "识别", "核对", "预览", "提交"],
        "found": [
            {"title": "示例·林一", "detail": "示例大学 计算机系", "url": "#", "mark": "重点"},
            {"title": "示例·林二", "detail": "示例医院 心内科", "url": "#", "mark": "普遍"},
        ],
        "versions": [
            {"label": "工作单位", "mine": "示例大学", "theirs": "示例研究院", "differs": True},
            {"label": "职务", "mine": "系主任", "theirs": "系主任", "differs": False},
            {"label": "核实日期", "mine": date(2026, 11, 2), "theirs": None, "differs": True},
        ],
    }


def sample_times() -> dict[str, Any]:
    """Days and moments around now."""
    now: datetime = timezone.now()
    today = timezone.localdate()
    return {
        "now": now,
        "minutes_ago": now - timedelta(minutes=5),
        "yesterday": now - timedelta(days=1),
        "last_year": now - timedelta(days=400),
        "today": today,
        "late": today - timedelta(days=21),
        "soon": today + timedelta(days=9),
        "far": today + timedelta(days=300),
    }


def samples() -> dict[str, Any]:
    """The context of the gallery page."""
    return {
        "form": SampleForm(initial={"topics": ["a", "b"], "gender": "f"}),
        "bad_form": SampleForm({"name": "", "age": "3"}, auto_id="bad_%s"),
        "sample_messages": sample_messages(),
        "charts": sample_charts(),
        **sample_lists(),
        **sample_times(),
    }
