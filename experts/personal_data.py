"""What is kept about a person: why, who may see it, under which label, for how long (个人信息保护法 第六条).

tests/policy fails on a field of Expert, Award, ChangeReport, TakeOver, Evidence or SensitiveValue that is
not classified here. A record's own label (`Label`) decides who sees it at all; `right` is what is needed
within that; `label` says which label the field asks for beyond the record's.
"""

from dataclasses import dataclass

from accounts.roles import Right
from experts.enums import SensitiveField
from experts.models import ExitTextKind

IDENTITY = "识别本人，查重"
CONTACT = "日常联系（四（一））"
SCOPE = "认定联系范围和类别（三）"
SERVICE = "按专业、岗位安排联系和服务（四）"
HONOUR = "认定重点联系的依据（三（二））"
CURRENT = "及时更新工作调动、职务变化、伤病、成果、奖励（二（二））"
PROOF = "证明信息变动属实（二（二））"
LIFE = "退出联系名单，停止一切提醒（二（三））"
EXITING = "应及时退出的依据，听取本人陈述，供复核（二（三））"
CARE = "关心身心健康，特殊一线岗位医疗保健（四（三））"
TRACE = "说明资料由谁在何时维护、是否过期（二（二））"

# The record's own life: kept while the person is on the register, then as long as its archive is.
REGISTER = "在册期间；退出后随档案保存，修改历史也是"
UNTIL_REPLACED = "在册期间；更新即覆盖，不留旧值，修改历史只记何人何时更新"
WITH_HISTORY = "在册期间；改前的值留在修改历史，退出后随档案保存"
REPORT_KEPT = "随所证明的变动保存；核实前报送人可以删除"
ANSWERED = "随档案保存；被征询的单位答复以前看得到，没有接转的，答复后不再看得到"
RECORD = "随记录"
MASKED = "随记录，默认遮蔽，查看须填事由并留痕"


@dataclass(frozen=True)
class Personal:
    """One field's classification, in the words of the privacy notice."""

    purpose: str
    right: Right = "view"
    label: str = RECORD
    retention: str = REGISTER


EXPERT = {
    "record_number": Personal(IDENTITY),
    "name": Personal(IDENTITY),
    "former_names": Personal(IDENTITY),
    "gender": Personal(IDENTITY),
    "birth": Personal(IDENTITY),
    "birth_day_known": Personal(IDENTITY),
    "nationality": Personal(IDENTITY),
    "photo": Personal(IDENTITY, retention=UNTIL_REPLACED),
    "id_type": Personal(IDENTITY),
    "political_affiliation": Personal(SERVICE),
    "employer": Personal(SERVICE),
    "post": Personal(SERVICE),
    "title": Personal(SERVICE),
    "discipline": Personal(SERVICE),
    "education": Personal(SERVICE),
    "fields_of_work": Personal(SERVICE),
    "is_frontline": Personal(CARE),
    "email": Personal(CONTACT, retention=WITH_HISTORY),
    "office_phone": Personal(CONTACT, retention=WITH_HISTORY),
    "address": Personal(CONTACT, retention=WITH_HISTORY),
    "works_in_beijing": Personal(SCOPE),
    "works_in_beijing_confirmed_on": Personal(SCOPE),
    "category": Personal(SCOPE),
    "scope": Personal(SCOPE),
    "scope_basis": Personal(SCOPE),
    "scope_rule": Personal(SCOPE),
    "scope_decided_at": Personal(SCOPE),
    "died_on": Personal(LIFE),
    "confirmed_on": Personal(TRACE),
    "confirmed_by": Personal(TRACE),
    "confirmations": Personal(TRACE),
    "created_at": Personal(TRACE),
    "created_by": Personal(TRACE),
    "updated_at": Personal(TRACE),
    "updated_by": Personal(TRACE),
}
AWARD = {
    "honour": Personal(HONOUR),
    "text": Personal(HONOUR),
    "issuer": Personal(HONOUR),
    "level": Personal(HONOUR),
    "year": Personal(HONOUR),
    "document": Personal(HONOUR),
    "state": Personal(HONOUR),
    "verified_by": Personal(TRACE),
    "verified_at": Personal(TRACE),
}
CHANGE_REPORT = {
    "kind": Personal(CURRENT),
    "happened_on": Personal(CURRENT),
    "source": Personal(TRACE),
    "employer": Personal(CURRENT),
    "post": Personal(CURRENT),
    "title": Personal(CURRENT),
    "new_unit": Personal(CURRENT),
    "across": Personal(CURRENT),
    "text": Personal(CURRENT),
    "honour": Personal(HONOUR),
    "year": Personal(HONOUR),
    "document": Personal(HONOUR),
    "ciphertext": Personal(CARE, "sensitive", MASKED),
    "reported_by": Personal(TRACE),
    "reported_at": Personal(TRACE),
    "state": Personal(TRACE),
    "decided_by": Personal(TRACE),
    "decided_at": Personal(TRACE),
    "note": Personal(TRACE),
}
# What a file about an illness says is sensitive as the report is, so `is_sensitive` asks for the same right.
EVIDENCE = {
    "purpose": Personal(PROOF),
    "is_sensitive": Personal(PROOF),
    "name": Personal(PROOF),
    "size": Personal(PROOF),
    "stored_as": Personal(PROOF, retention=REPORT_KEPT),
    "added_by": Personal(TRACE),
    "added_at": Personal(TRACE),
}
# What a unit that is asked to take an expert over is shown of another unit's record until it answers.
TAKE_OVER = {
    "report": Personal(CURRENT),
    "unit": Personal(CURRENT),
    "from_unit": Personal(CURRENT),
    "name": Personal(IDENTITY, retention=ANSWERED),
    "employer": Personal(CURRENT, retention=ANSWERED),
    "post": Personal(CURRENT, retention=ANSWERED),
    "title": Personal(CURRENT, retention=ANSWERED),
    "asked_by": Personal(TRACE),
    "asked_at": Personal(TRACE),
    "state": Personal(TRACE),
    "decided_by": Personal(TRACE),
    "decided_at": Personal(TRACE),
    "note": Personal(TRACE),
}
# Values of `SensitiveValue.field`: each is a field of its own.
SENSITIVE = {
    SensitiveField.ID_NUMBER: Personal(IDENTITY, "sensitive", MASKED),
    SensitiveField.PHONE: Personal(CONTACT, "sensitive", MASKED, UNTIL_REPLACED),
    SensitiveField.HEALTH: Personal(CARE, "sensitive", MASKED, UNTIL_REPLACED),
}
# Kinds of `ExitText`: what is said in a case of mandatory exit.
EXIT = {kind: Personal(EXITING, "sensitive", MASKED) for kind in ExitTextKind}
MANDATORY_EXIT = {
    name: Personal(EXITING, "sensitive")
    for name in (
        "known_on", "due_on", "told_on", "could_not_be_told", "registered_by", "registered_at", "state",
        "checked_by", "checked_at", "decided_by", "decided_at", "proposals", "review", "review_asked_by",
        "review_asked_at", "review_by", "review_at",
    )
}  # fmt: skip
DEATH = {
    name: Personal(LIFE)
    for name in (
        "died_on", "source", "registered_by", "registered_at", "proposals", "corrected_by", "corrected_at",
        "correction",
    )
}  # fmt: skip
# What an exported list of experts may hold; contact and sensitive values never leave in one.
EXPORTED = frozenset(
    {
        "record_number", "name", "gender", "birth", "employer", "post", "title", "discipline", "category",
        "scope", "scope_basis", "unit", "works_in_beijing", "label", "confirmed_on",
    }
)  # fmt: skip
# What the registration form of one expert prints beside: office contact, but nothing sensitive, and no photo.
PRINTED = EXPORTED | {
    "former_names", "nationality", "political_affiliation", "education", "fields_of_work", "office_phone",
    "email", "address", "died_on",
}  # fmt: skip
# Of the model, not of the person: keys, the locks, and what is derived from fields above.
EXPERT_MACHINERY = frozenset({"id", "uuid", "unit", "unit_order", "held", "label", "sort_key", "version"})
CHANGE_REPORT_MACHINERY = frozenset({"id", "uuid", "expert", "unit_order", "held", "label", "key_id"})
EVIDENCE_MACHINERY = frozenset({"id", "uuid", "expert", "about", "unit_order", "held", "label", "stored_key"})
TAKE_OVER_MACHINERY = frozenset({"id", "uuid", "expert", "place", "unit_order", "held", "label"})
AWARD_MACHINERY = frozenset({"id", "uuid", "expert", "unit_order", "held", "label"})
# `ciphertext` holds the values that SENSITIVE classifies, `blind_index` a keyed digest of an ID number.
SENSITIVE_MACHINERY = frozenset(
    {"id", "expert", "field", "ciphertext", "key_id", "blind_index", "label", "unit_order", "held"}
)
CASE_MACHINERY = frozenset({"id", "uuid", "expert", "label", "unit_order", "held"})
EXIT_TEXT_MACHINERY = frozenset(
    {"id", "expert", "case", "kind", "ciphertext", "key_id", "label", "unit_order", "held"}
)
