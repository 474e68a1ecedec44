"""What is kept of contacts with a person: why, who may see it, for how long (experts/personal_data.py)."""

from experts.personal_data import CONTACT, TRACE, Personal

CARRYING_ON = "跟踪办理本人的诉求和建言，兑现承诺（四（一））"
KEPT = "随档案保存"

PAIRING = {
    name: Personal(CONTACT, retention=KEPT)
    for name in ("unit", "kind", "person", "since", "until", "opened_by", "closed_by", "end")
}
CONTACTED = {
    name: Personal(CONTACT, retention=KEPT)
    for name in (
        "unit", "kind", "occasion", "state", "way", "on", "starts", "ends", "venue", "accompanying", "heard",
        "condolence_item", "condolence_cost", "hindrance", "note",
    )
} | {
    name: Personal(CARRYING_ON, retention=KEPT)
    for name in ("next_step", "next_on", "next_done_at", "next_done_by")
} | {
    name: Personal(TRACE, retention=KEPT)
    for name in ("planned_by", "recorded_by", "recorded_at", "created_at")
}  # fmt: skip
PERSON = {name: Personal(CONTACT, retention=KEPT) for name in ("capacity", "user", "name")}
FOLLOW_UP = {
    name: Personal(CARRYING_ON, retention=KEPT)
    for name in ("kind", "text", "owner", "due_on", "done_at", "done_by", "outcome")
}
PHOTO = {
    "stored_as": Personal(CONTACT, retention="随档案保存；限期内上传人可以删除"),
    "size": Personal(CONTACT, retention=KEPT),
    "added_by": Personal(TRACE, retention=KEPT),
    "added_at": Personal(TRACE, retention=KEPT),
}
GUEST = {name: Personal(CONTACT, retention=KEPT) for name in ("attendance", "added_by")}
NOMINATION = {name: Personal(CONTACT, retention=KEPT) for name in ("unit", "state", "note", "attendance")} | {
    name: Personal(TRACE, retention=KEPT)
    for name in ("nominated_by", "nominated_at", "registered_at", "registered_by")
}
COVERAGE = {
    name: Personal(CONTACT, retention=KEPT)
    for name in (
        "unit",
        "scope",
        "is_listed",
        "fresh",
        "covered",
        "gap",
        "unled",
        "unled_since",
        "last_on",
        "due_on",
    )
}
PERIOD = {name: Personal(CONTACT, retention=KEPT) for name in ("unit", "since", "until")}
# Of the model, not of the person: keys, the locks, and copies of them.
LOCK = frozenset({"id", "expert", "label", "unit_order", "held"})
PAIRING_MACHINERY = LOCK | {"uuid", "place", "sort_key"}
CONTACT_MACHINERY = LOCK | {"uuid", "place", "version"}
PERSON_MACHINERY = LOCK | {"contact"}
FOLLOW_UP_MACHINERY = LOCK | {"uuid", "contact"}
PHOTO_MACHINERY = LOCK | {"uuid", "contact", "stored_key"}
COVERAGE_MACHINERY = LOCK | {"place", "place_end", "is_alone", "is_away", "sort_key"}
NOMINATION_MACHINERY = LOCK | {"uuid", "training", "place", "sort_key"}
GUEST_MACHINERY = LOCK | {"uuid", "gathering", "contact"}
BRIEFING_EXPERT_MACHINERY = LOCK | {"briefing"}
