"""What the keys of an event read as on the auditor's pages; every app above adds the kinds it records."""

from audit.models import Event
from core.moments import local

KINDS = {
    "expert": "专家",
    "honour": "称号目录",
    "proposal": "名单提案",
    "priority": "联系重点",
    "exit": "应退办理",
    "contact_draft": "联系记录草稿",
    "gathering": "例会座谈",
    "briefing": "情况通报",
    "training": "研修",
    "calendar_feed": "日历订阅",
    "resolution": "议定事项",
    "takeover": "接转征询",
    "roster_list": "联系专家名单",
    "coverage": "联系覆盖",
    "roster": "名册",
    "user": "用户",
    "role": "角色",
    "unit": "单位",
    "unit_setting": "单位参数",
    "holiday": "节假日",
    "password_reset": "重置密码",
    "unit_move": "单位调整隶属",
    "route": "页面",
    "trail": "审计记录",
    "export": "导出",
    "document_template": "文书模板",
    "letter": "邮件",
    "reminder": "提醒",
    "bench": "性能测试数据",
    "field_keys": "加密密钥",
    "demo": "演示数据",
}
RESULTS = {
    "ok": "成功",
    "failed": "失败",
    "locked": "账号已锁定",
    "unknown": "账号不存在",
    "refused": "驳回",
    "denied": "没有权限",
    "uploaded": "已上传",
    "requested": "已申请",
    "withdrawn": "已收回",
    "closed": "已结束",
    "held": "已召开",
    "cancelled": "已取消",
    "missed": "未召开",
    "restored": "已恢复",
}
CHANNELS = {"web": "网页", "feed": "日历订阅", "job": "后台作业", "command": "命令行", "system": "系统"}


def moment_words(event: Event) -> str:
    """To the second: 2026-11-23 14:02:07."""
    return f"{local(event.at):%Y-%m-%d %H:%M:%S}"


def kind_words(event: Event) -> str:
    return KINDS.get(event.kind, event.kind)


def result_words(event: Event) -> str:
    return RESULTS.get(event.result, event.result)


def channel_words(event: Event) -> str:
    return CHANNELS.get(event.channel, event.channel)


def count_words(event: Event) -> str:
    """rows 3，digest 9f2c…: numbers and digests as they were recorded."""
    return "，".join(f"{name} {value}" for name, value in event.counts.items())
