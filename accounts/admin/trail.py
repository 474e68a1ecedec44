"""The audit trail, for the auditor to read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.enums import ConfirmationKind
from accounts.roles import Role
from audit.models import Event
from core.admin import RoleAdmin

KINDS = {
    "expert": "专家",
    "honour": "称号目录",
    "roster": "名册",
    "user": "用户",
    "role": "角色",
    "unit": "单位",
    "unit_setting": "单位参数",
    "holiday": "节假日",
    "demo": "演示数据",
    **dict(ConfirmationKind.choices),
}
RESULTS = {
    "ok": "成功",
    "failed": "失败",
    "locked": "账号已锁定",
    "unknown": "账号不存在",
    "refused": "驳回",
    "uploaded": "已上传",
}
CHANNELS = {"web": "网页", "job": "后台作业", "command": "命令行", "system": "系统"}


class WordsFilter(admin.SimpleListFilter):
    """A filter whose choices read in Chinese."""

    words: dict[str, str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.words.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        chosen = self.value()
        return queryset.filter(**{str(self.parameter_name): chosen}) if chosen else queryset


class KindFilter(WordsFilter):
    title, parameter_name, words = "对象", "kind", KINDS


class ResultFilter(WordsFilter):
    title, parameter_name, words = "结果", "result", RESULTS


class ChannelFilter(WordsFilter):
    title, parameter_name, words = "途径", "channel", CHANNELS


@admin.register(Event)
class EventAdmin(RoleAdmin[Event]):
    read_by = (Role.SECURITY_AUDITOR,)
    list_display = (
        "moment",
        "username",
        "verb",
        "kind_word",
        "reference",
        "field_names",
        "result_word",
        "address",
        "channel_word",
    )
    list_filter = ("at", "verb", ResultFilter, ChannelFilter, KindFilter)
    search_fields = ("username", "reference", "address")
    search_help_text = "按用户名、编号或来源地址查找"
    list_per_page = 50
    fields = (
        "moment",
        "username",
        "verb",
        "kind_word",
        "reference",
        "field_names",
        "reason",
        "result_word",
        "counts",
        "address",
        "channel_word",
    )
    readonly_fields = ("moment", "kind_word", "field_names", "result_word", "channel_word")

    @admin.display(description="时间", ordering="id")
    def moment(self, event: Event) -> str:
        return f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="对象")
    def kind_word(self, event: Event) -> str:
        return KINDS.get(event.kind, event.kind)

    @admin.display(description="结果")
    def result_word(self, event: Event) -> str:
        return RESULTS.get(event.result, event.result)

    @admin.display(description="途径")
    def channel_word(self, event: Event) -> str:
        return CHANNELS.get(event.channel, event.channel)

    @admin.display(description="字段")
    def field_names(self, event: Event) -> str:
        return "、".join(event.fields)
