"""What the register reminds of (二（二）, 二（三）), and who may be told of an expert.

The queries become functions of the database; reminders/functions.py says what they may read. Who is reminded
of something that anybody with the right could do is whoever is nearest: the people of the unit itself, else
those of the first unit above it that has somebody.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from accounts.enums import Duty
from experts.enums import Label
from experts.models import Expert
from reminders.functions import latest
from reminders.registry import REGISTRY, Named, Number, Rule, Sight

if TYPE_CHECKING:
    from accounts.models import User


def readable(row: str, expert: str) -> str:
    """SQL: whether `person` sees the expert with these copies of label, unit_order and held; the same as
    `experts.visibility.visible` (tests/experts/test_reminders.py compares them)."""
    return f"""(
        {row}.label < 2 AND {row}.label <= person.clearance
            AND ({row}.unit_order <@ person.reach OR {row}.held && person.reach)
        OR {row}.label = 2 AND NOT isempty(person.reach) AND EXISTS (
            SELECT FROM experts_needtoknow listed WHERE listed.content_object_id = {expert}
            AND listed.user_id = person.id AND listed.expires_on >= clock.today))"""


SIGHT = Sight(
    join="LEFT JOIN experts_expert expert ON expert.id = found.expert_id",
    condition=f"found.expert_id IS NULL OR expert.died_on IS NULL AND {readable('expert', 'expert.id')}",
    restricted="expert.label = 2",
)
REPEAT = Number("repeat", "没有办理的，几天后再提醒", 3, 1, 60)
WEEKLY = Number("repeat", "没有办理的，几天后再提醒", 7, 1, 60)
BEFORE = Number("before", "提前几天提醒", 14, 1, 90)


def nearest(candidates: str, subject: str = "id") -> str:
    """SQL: of (id, page, user_id, width, due_at, expert_id) those for whom no narrower post would do. Another
    column as `subject` makes one reminder of all that have it in common."""
    return f"""
    SELECT {subject}, user_id, due_at, expert_id, page FROM (
        SELECT *, min(width) OVER (PARTITION BY id, due_at) AS narrowest FROM ({candidates}) candidate) ranked
    WHERE width = narrowest"""


def holding(right: str, place: str) -> str:
    """SQL: joins the people whose posts hold the right over the place."""
    return f"""
        JOIN posts ON '{right}' = ANY (posts.rights) AND ({place})
        JOIN people person ON person.id = posts.user_id"""


def around(row: str) -> str:
    """SQL: the post covers the managing unit of the row's expert; of a restricted one the list decides."""
    return f"{row}.unit_order BETWEEN posts.low AND posts.high OR {row}.label = 2"


TO_DECIDE = nearest(
    f"""
    SELECT proposal.id, proposal.uuid AS page, posts.user_id, posts.high - posts.low AS width,
        {latest("last.at", "tuning.repeat")} AS due_at, NULL::bigint AS expert_id
    FROM experts_proposal proposal JOIN tuning ON tuning.place = proposal.place
    CROSS JOIN clock
    CROSS JOIN LATERAL (
        SELECT max(at) AS at FROM experts_proposalact act WHERE proposal_id = proposal.id) last
    {holding("view", "proposal.place BETWEEN posts.low AND posts.high")}
    WHERE proposal.state IN ('submitted', 'reviewed') AND (chosen IS NULL OR proposal.id = ANY (chosen))
      AND CASE proposal.state WHEN 'submitted' THEN 'change' ELSE 'approve' END = ANY (posts.rights)
      AND posts.user_id IS DISTINCT FROM proposal.submitted_by_id
      AND (proposal.state = 'reviewed' OR posts.user_id IS DISTINCT FROM proposal.reviewed_by_id)
      AND EXISTS (SELECT FROM experts_proposalline line WHERE line.proposal_id = proposal.id
          AND {readable("line", "line.expert_id")})"""
)
TO_MEND = f"""
    SELECT proposal.id, writer.id, {latest("last.at", "tuning.repeat")}, NULL::bigint, proposal.uuid
    FROM experts_proposal proposal JOIN tuning ON tuning.place = proposal.place
    CROSS JOIN clock
    CROSS JOIN LATERAL (
        SELECT max(at) AS at FROM experts_proposalact act WHERE proposal_id = proposal.id) last
    CROSS JOIN LATERAL (VALUES (proposal.drafted_by_id), (proposal.submitted_by_id)) writer (id)
    JOIN people person ON person.id = writer.id AND proposal.place <@ person.reach
    WHERE proposal.state = 'returned' AND (chosen IS NULL OR proposal.id = ANY (chosen))
      AND (writer.id = proposal.drafted_by_id OR EXISTS (SELECT FROM experts_proposalline line
          WHERE line.proposal_id = proposal.id AND {readable("line", "line.expert_id")}))"""
PROPOSAL_WAITING = Rule(
    key="proposal_waiting",
    name="名单提案等我办理",
    about="提案提交、审核或退回后等您办理时；没有办理的，隔几天再提醒",
    clause="二（二）",
    text="有一份名单提案等您办理",
    query=f"{TO_DECIDE} UNION ALL {TO_MEND}",
    page="proposals:detail",
    numbers=(REPEAT,),
    is_daily=False,
)

# Of a mandatory exit, whose reason and facts are nobody's but the deciders'.
EXIT_DUE = Rule(
    key="exit_due",
    name="应退事项到期",
    about="由您审批的应退事项到期前、到期当天，逾期后隔几天",
    clause="二（三）",
    text="有一项应退事项等您办理",
    query=nearest(
        f"""
    SELECT item.id, item.uuid AS page, posts.user_id, posts.high - posts.low AS width, days.due_at,
        item.expert_id
    FROM experts_mandatoryexit item JOIN tuning ON tuning.place = item.unit_order
    JOIN days ON days.day = item.due_on - tuning.before OR days.day >= item.due_on
        AND (days.day - item.due_on) % tuning.repeat = 0
    CROSS JOIN clock
    {holding("approve", around("item"))}
    WHERE item.state = 'pending' AND posts.user_id <> item.registered_by_id
      AND posts.user_id IS DISTINCT FROM item.checked_by_id
      AND (chosen IS NULL OR item.id = ANY (chosen)) AND {readable("item", "item.expert_id")}"""
    ),
    page="experts:exit",
    numbers=(
        Number("before", "提前几天提醒", 3, 1, 30),
        Number("repeat", "逾期后几天提醒一次", 2, 1, 30),
    ),
)
EXIT_REVIEW = Rule(
    key="exit_review",
    name="应退复核等我决定",
    about="有人申请复核、由您决定时；没有决定的，隔几天再提醒",
    clause="二（三）",
    text="有一项应退复核等您决定",
    query=nearest(
        f"""
    SELECT item.id, item.uuid AS page, posts.user_id, posts.high - posts.low AS width,
        {latest("item.review_asked_at", "tuning.repeat")} AS due_at, item.expert_id
    FROM experts_mandatoryexit item JOIN tuning ON tuning.place = item.unit_order
    CROSS JOIN clock
    {holding("approve", around("item"))}
    WHERE item.review = 'asked' AND posts.user_id <> item.review_asked_by_id
      AND posts.user_id IS DISTINCT FROM item.decided_by_id
      AND (chosen IS NULL OR item.id = ANY (chosen)) AND {readable("item", "item.expert_id")}"""
    ),
    page="experts:exit",
    numbers=(REPEAT,),
    is_daily=False,
)
CHANGE_WAITING = Rule(
    key="change_waiting",
    name="信息变动等我核实",
    about="别人报送的变动等您核实时；没有核实的，隔几天再提醒",
    clause="二（二）",
    text="有一项信息变动等您核实",
    query=nearest(
        f"""
    SELECT report.id, report.uuid AS page, posts.user_id, posts.high - posts.low AS width,
        {latest("report.reported_at", "tuning.repeat")} AS due_at, report.expert_id
    FROM experts_changereport report JOIN tuning ON tuning.place = report.unit_order
    CROSS JOIN clock
    {holding("change", around("report"))}
    WHERE report.state = 'reported' AND posts.user_id <> report.reported_by_id
      AND (chosen IS NULL OR report.id = ANY (chosen)) AND {readable("report", "report.expert_id")}"""
    ),
    page="experts:change",
    numbers=(REPEAT,),
    is_daily=False,
)
RESTRICTION_WAITING = Rule(
    key="restriction_waiting",
    name="限知悉申请等我决定",
    about="有人申请设为或解除限知悉、由您决定时；没有决定的，隔几天再提醒",
    clause="二（二）",
    text="有一项申请等您决定",
    query=nearest(
        f"""
    SELECT request.id, request.uuid AS page, posts.user_id, posts.high - posts.low AS width,
        {latest("request.requested_at", "tuning.repeat")} AS due_at, request.expert_id
    FROM experts_restrictionrequest request JOIN tuning ON tuning.place = request.unit_order
    CROSS JOIN clock
    {holding("change", around("request"))}
    WHERE request.state = 'pending' AND posts.user_id <> request.requested_by_id
      AND (request.kind = 'unrestrict' OR 'approve' = ANY (posts.rights))
      AND (chosen IS NULL OR request.id = ANY (chosen)) AND {readable("request", "request.expert_id")}"""
    ),
    page="experts:restriction",
    numbers=(REPEAT,),
    is_daily=False,
    is_guarded=True,
)
REVIEW_ROUND = Rule(
    key="review_round",
    name="年度复核",
    about="一轮复核开始时、到期前、到期当天，逾期后隔几天；您的单位已核实完的不再提醒",
    clause="二（二）",
    text="年度复核：本单位还有专家的关键信息等您核实",
    query=f"""
    SELECT round.id, posts.user_id, days.due_at, NULL::bigint, round.uuid
    FROM experts_reviewround round JOIN tuning ON tuning.unit_id = round.unit_id
    JOIN days ON days.day IN (round.starts_on, round.due_on - tuning.before) OR days.day >= round.due_on
        AND (days.day - round.due_on) % tuning.repeat = 0
    CROSS JOIN clock
    JOIN posts ON posts.role = 'liaison_officer' AND posts.low BETWEEN tuning.place AND tuning.place_end
    JOIN people person ON person.id = posts.user_id
    WHERE round.closed_at IS NULL AND round.starts_on <= days.day AND EXISTS (
        SELECT FROM experts_expert expert
        WHERE expert.unit_order BETWEEN posts.low AND posts.high AND expert.died_on IS NULL
          AND expert.created_at < ((round.starts_on + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')
          AND (expert.confirmed_on IS NULL OR expert.confirmed_on < round.starts_on)
          AND {readable("expert", "expert.id")})""",
    page="experts:review",
    numbers=(BEFORE, WEEKLY),
)
STALE = Rule(
    key="stale_information",
    name="关键信息过期",
    about="每隔几个月的第一天，本单位有专家的关键信息超过规定年数没有核实时",
    clause="二（二）",
    text="本单位有专家的关键信息已过期，请核实",
    query=f"""
    SELECT posts.unit_id, posts.user_id, days.due_at, NULL::bigint, NULL::uuid
    FROM posts JOIN tuning ON tuning.unit_id = posts.unit_id
    JOIN days ON extract(day FROM days.day) = 1
        AND (extract(month FROM days.day)::int - 1) % tuning.months = 0
    CROSS JOIN clock
    JOIN people person ON person.id = posts.user_id
    CROSS JOIN LATERAL (SELECT (days.day - make_interval(
        years => reminders_setting(tuning.place, 'confirmation_years', 2)))::date AS day) oldest
    WHERE posts.role = 'liaison_officer' AND EXISTS (
        SELECT FROM experts_expert expert
        WHERE expert.unit_order BETWEEN posts.low AND posts.high AND expert.died_on IS NULL
          AND (expert.confirmed_on IS NULL OR expert.confirmed_on < oldest.day)
          AND {readable("expert", "expert.id")})""",
    page="experts:list",
    fragment="?freshness=stale",
    numbers=(Number("months", "几个月提醒一次", 3, 1, 12, "个月"),),
)
GRANTS = """
    FROM experts_needtoknow held JOIN days ON held.expires_on IN (days.day + 14, days.day + 1)
    JOIN clock ON held.expires_on >= clock.today"""
GRANT_EXPIRING = Rule(
    key="grant_expiring",
    name="我的知悉授权到期",
    about="您在知悉范围内的授权到期前 14 天和 1 天",
    clause="二（二）",
    text="您的一项授权即将到期，仍有需要的请申请续期",
    query=f"""SELECT held.id, held.user_id, days.due_at, held.content_object_id, expert.uuid
    {GRANTS} JOIN experts_expert expert ON expert.id = held.content_object_id""",
    page="experts:detail",
    is_guarded=True,
    is_tunable=False,
)
GRANT_ENDING = Rule(
    key="grant_ending",
    name="知悉授权到期",
    about="知悉范围内的授权到期前 14 天和 1 天",
    clause="二（二）",
    text="有一项知悉授权即将到期，请核对是否续期",
    query=f"""SELECT held.id, posts.user_id, days.due_at, NULL::bigint, NULL::uuid
    {GRANTS} JOIN posts ON posts.role = 'security_admin'""",
    page="experts:need_to_know",
    fragment="?soon=yes",
    duties=frozenset({Duty.SECURITY}),
    is_guarded=True,
    is_tunable=False,
)
RULES = (
    PROPOSAL_WAITING,
    CHANGE_WAITING,
    EXIT_DUE,
    EXIT_REVIEW,
    RESTRICTION_WAITING,
    REVIEW_ROUND,
    STALE,
    GRANT_EXPIRING,
    GRANT_ENDING,
)


def names_of(user: "User", experts: Collection[int]) -> dict[int, Named]:
    """Names for the lines of an inbox: of those that its reader sees now."""
    rows = Expert.objects.visible_to(user).filter(pk__in=experts).values_list("pk", "name", "label")
    return {number: Named(name, label == Label.RESTRICTED) for number, name, label in rows}


def register() -> None:
    REGISTRY.sight = SIGHT
    REGISTRY.naming = names_of
    REGISTRY.declare(*RULES)
