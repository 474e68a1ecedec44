"""Closed lists of the register. Codes match data/reference/*.csv (a test compares them)."""

from django.db import models


class Gender(models.TextChoices):
    MALE = "male", "男"
    FEMALE = "female", "女"


class Label(models.IntegerChoices):
    """Who may see a record: by role, by role and clearance, or only by the need-to-know list (二（二）)."""

    INTERNAL = 0, "内部"
    SENSITIVE = 1, "敏感"
    RESTRICTED = 2, "限知悉"


class Scope(models.TextChoices):
    KEY = "key", "重点联系"
    GENERAL = "general", "普遍联系"


class Category(models.TextChoices):
    """The seven categories of 三（一）, in short; `clause_text` holds the policy's wording."""

    SCIENCE_ENGINEERING = "science_engineering", "自然科学与工程技术"
    HUMANITIES_ARTS = "humanities_arts", "哲学社会科学与文化艺术"
    HIGH_SKILL = "high_skill", "高技能人才"
    SOCIAL_WORK = "social_work", "社会工作专业人才"
    RURAL_PRACTICAL = "rural_practical", "农村实用人才"
    ENTREPRENEUR = "entrepreneur", "创业人才"
    OTHER = "other", "其他专家人才"


class PoliticalAffiliation(models.TextChoices):
    """政治面貌 as personnel forms have it; membership, never belief or attitude."""

    CPC = "cpc", "中共党员"
    CPC_PROBATIONARY = "cpc_probationary", "中共预备党员"
    YOUTH_LEAGUE = "youth_league", "共青团员"
    RCCK = "rcck", "民革党员"
    CDL = "cdl", "民盟盟员"
    CNDCA = "cndca", "民建会员"
    CAPD = "capd", "民进会员"
    CPWDP = "cpwdp", "农工党党员"
    ZHIGONG = "zhigong", "致公党党员"
    JIUSAN = "jiusan", "九三学社社员"
    TAIWAN_LEAGUE = "taiwan_league", "台盟盟员"
    NON_PARTY = "non_party", "无党派人士"
    MASSES = "masses", "群众"


class HonourLevel(models.TextChoices):
    NATIONAL = "national", "国家级"
    MUNICIPAL = "municipal", "市级"
    PER_AWARD = "per_award", "按奖项"


class HonourCondition(models.TextChoices):
    WORKS_IN_BEIJING = "works_in_beijing", "在京工作"


class AwardState(models.TextChoices):
    """Catalogue honours count from the moment they are recorded; an award from outside the catalogue
    counts only once someone has verified it (三（二）)."""

    RECORDED = "recorded", "已登记"
    VERIFIED = "verified", "已核实"
    PENDING = "pending", "待核实"
    REJECTED = "rejected", "未予认定"


class ChangeKind(models.TextChoices):
    """The five kinds of 二（二）."""

    TRANSFER = "transfer", "工作调动"
    POST_CHANGE = "post_change", "职务变化"
    SERIOUS_ILLNESS = "serious_illness", "严重伤病"
    MAJOR_ACHIEVEMENT = "major_achievement", "取得重大成果"
    AWARD = "award", "获得重要奖励"


class SensitiveField(models.TextChoices):
    ID_NUMBER = "id_number", "证件号码"
    PHONE = "phone", "手机号码"
    HEALTH = "health", "健康状况"


class Freshness(models.TextChoices):
    FRESH = "fresh", "信息有效"
    STALE = "stale", "信息过期"
