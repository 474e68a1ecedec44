"""Closed lists of the activities app."""

from django.db import models


class PairingKind(models.TextChoices):
    """Who keeps in touch with an expert, each by own right: a leader and a liaison officer (四（一）)."""

    LEADER = "leader", "联系领导"
    OFFICER = "officer", "联络员"


class PairingEnd(models.TextChoices):
    """Why a pairing ended."""

    HANDED_OVER = "handed_over", "移交"
    LEFT_ROSTER = "left_roster", "退出名单"
    ENDED = "ended", "解除"


class ContactKind(models.TextChoices):
    """How an expert is kept in touch with (四（一）)."""

    VISIT = "visit", "走访慰问"
    PHONE = "phone", "电话"
    MESSAGE = "message", "信息"
    SYMPOSIUM = "symposium", "座谈联谊"


class Occasion(models.TextChoices):
    """What a contact is for. The word for care tells of no illness: whoever sees the expert reads it."""

    ROUTINE = "routine", "日常联系"
    FESTIVAL = "festival", "节日慰问"
    CARE = "care", "看望慰问"
    OTHER = "other", "其他"


class ContactState(models.TextChoices):
    """A draft is its writer's alone; a planned contact becomes done, cancelled or missed."""

    DRAFT = "draft", "草稿"
    PLANNED = "planned", "已安排"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"
    MISSED = "missed", "未成行"


class Hindrance(models.TextChoices):
    """Why a planned contact did not take place."""

    ABROAD = "abroad", "专家出国（境）"
    DECLINED = "declined", "专家婉拒"
    UNWELL = "unwell", "专家身体原因"
    OURS = "ours", "我方原因"
    OTHER = "other", "其他"


class Way(models.TextChoices):
    """What a contact that took place counts as; which ways reset an expert's clock is a unit's setting."""

    LEADER = "leader", "领导当面"
    OFFICER = "officer", "联络员当面"
    REMOTE = "remote", "电话、信息"
    SYMPOSIUM = "symposium", "座谈联谊"


class Capacity(models.TextChoices):
    """As what somebody took part."""

    LEADER = "leader", "领导"
    OFFICER = "officer", "联络员"
    OTHER = "other", "陪同"


class FollowUpKind(models.TextChoices):
    """What an expert said that somebody must see to (四（二）, 四（三）)."""

    NEED = "need", "诉求"
    SUGGESTION = "suggestion", "建言"


class CoverageState(models.TextChoices):
    """How it stands with the contact of an expert on a day."""

    FRESH = "fresh", "新列入"
    COVERED = "covered", "已联系"
    GAP = "gap", "未联系"


class CoverageList(models.TextChoices):
    """What a number of coverage counts: experts in one of the states; those in touch or not, the newly listed
    apart; key experts on a roster whose leader nobody is, in whichever state."""

    GAP = CoverageState.GAP.value, CoverageState.GAP.label
    COVERED = CoverageState.COVERED.value, CoverageState.COVERED.label
    FRESH = CoverageState.FRESH.value, CoverageState.FRESH.label
    EXPECTED = "expected", "应联系"
    UNLED = "unled", "未指定联系领导"

    @property
    def is_mixed(self) -> bool:
        """Whether experts in different states are in it."""
        return self in (CoverageList.EXPECTED, CoverageList.UNLED)


class GapCause(models.TextChoices):
    """Why an expert was not kept in touch with; the first that holds is told."""

    NOT_ON_ROSTER = "not_on_roster", "符合条件未列入名单"
    ABROAD = "abroad", "出国（境）"
    DECLINED = "declined", "本人婉拒"
    NO_LEADER = "no_leader", "没有联系领导"
    LEADER_LEFT = "leader_left", "联系领导已离任"
    OFFICER_LEFT = "officer_left", "联络员已离任"
    NEWLY_LISTED = "newly_listed", "新列入"
    NOT_DONE = "not_done", "没有开展"


class GatheringKind(models.TextChoices):
    """A regular meeting (二（一）), or a symposium with invited experts (四（一）)."""

    MEETING = "meeting", "例会"
    SYMPOSIUM = "symposium", "座谈联谊"


class GatheringState(models.TextChoices):
    """A planned gathering is held, cancelled, or missed."""

    PLANNED = "planned", "已安排"
    DONE = "done", "已召开"
    CANCELLED = "cancelled", "已取消"
    MISSED = "missed", "未召开"


class Every(models.IntegerChoices):
    """How many months lie between two meetings of a series."""

    MONTH = 1, "每月"
    TWO_MONTHS = 2, "每两个月"
    QUARTER = 3, "每季度"
    HALF_YEAR = 6, "每半年"
    YEAR = 12, "每年"


class WeekOfMonth(models.IntegerChoices):
    FIRST = 1, "第一个"
    SECOND = 2, "第二个"
    THIRD = 3, "第三个"
    FOURTH = 4, "第四个"
    LAST = 5, "最后一个"


class Weekday(models.IntegerChoices):
    """As date.isoweekday counts."""

    MONDAY = 1, "星期一"
    TUESDAY = 2, "星期二"
    WEDNESDAY = 3, "星期三"
    THURSDAY = 4, "星期四"
    FRIDAY = 5, "星期五"
    SATURDAY = 6, "星期六"
    SUNDAY = 7, "星期日"


class Reply(models.TextChoices):
    """What somebody answers to an invitation; empty while they have not."""

    YES = "yes", "参加"
    NO = "no", "不能参加"
    DELEGATE = "delegate", "委托他人"


class Attendance(models.TextChoices):
    """Who was there; empty while nobody has noted it."""

    CAME = "came", "到会"
    EXCUSED = "excused", "请假"
    ABSENT = "absent", "缺席"


class BriefingState(models.TextChoices):
    """A draft is written and filled; what was sent stays as it is."""

    DRAFT = "draft", "起草"
    SENT = "sent", "已发送"


class TrainingKind(models.TextChoices):
    """What a class of the yearly plan is (研修计划, 四（一）)."""

    NATIONAL = "national", "国情研修班"
    LECTURE = "lecture", "专题讲座"
    OTHER = "other", "其他班次"


class PlanState(models.TextChoices):
    """A plan is drafted by an officer and approved by a department head."""

    DRAFT = "draft", "起草"
    APPROVED = "approved", "已批准"


class ClassState(models.TextChoices):
    """How far a class has come."""

    PLANNED = "planned", "未结束"
    DONE = "done", "已结束"
    CANCELLED = "cancelled", "已取消"


class NominationState(models.TextChoices):
    """A unit nominates; the organiser confirms, puts on the waiting list or declines."""

    NOMINATED = "nominated", "待确认"
    CONFIRMED = "confirmed", "已确认"
    WAITING = "waiting", "候补"
    DECLINED = "declined", "未安排"
    WITHDRAWN = "withdrawn", "已撤回"


class DayPart(models.TextChoices):
    """When on its day a session is."""

    WHOLE = "whole", "全天"
    MORNING = "morning", "上午"
    AFTERNOON = "afternoon", "下午"
    EVENING = "evening", "晚上"
