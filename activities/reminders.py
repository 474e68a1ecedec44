"""What keeping in touch reminds of (四（一）): contacts that are due, visits, promises, vacancies, days that
matter. Who is reminded of an expert is who keeps in touch with them, by the pairings in force.

The queries become functions of the database; reminders/functions.py says what they may read, and joins to
each whether its recipient may be told of the expert now.
"""

from datetime import date
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from activities import festivals, gathering_reminders, training_reminders
from activities.actions.follow_ups import keep_promise
from activities.models import Contact
from experts.reminders import nearest, readable
from reminders.enums import MailMode
from reminders.registry import REGISTRY, Number, Rule

if TYPE_CHECKING:
    from accounts.models import User

PAIRED = """
    SELECT pairing.expert_id, pairing.person_id, pairing.unit_id, pairing.place
    FROM activities_pairing pairing JOIN clock ON pairing.since <= clock.today
        AND (pairing.until IS NULL OR pairing.until > clock.today)"""
# When the next contact is due, by the rosters of the pairing's unit and of those above and below it.
DUE = """
    SELECT paired.expert_id, paired.person_id, tuning.before, tuning.repeat, min(coverage.due_on) AS due_on
    FROM ({paired}) paired JOIN tuning ON tuning.place = paired.place CROSS JOIN clock
    JOIN activities_coverage coverage ON coverage.expert_id = paired.expert_id AND coverage.scope = '{scope}'
        AND coverage.due_on <= clock.today + tuning.before
    JOIN accounts_unit rostered ON rostered.id = coverage.unit_id
        AND (paired.place BETWEEN rostered."order" AND rostered.order_end
             OR coverage.place BETWEEN tuning.place AND tuning.place_end)
    WHERE chosen IS NULL OR paired.expert_id = ANY (chosen)
    GROUP BY 1, 2, 3, 4"""
STAGES = """
    JOIN days ON days.day = {due} - {item}.before
        OR days.day >= {due} AND (days.day - {due}) % {item}.repeat = 0"""
CONTACT_DUE = """
    SELECT due.expert_id, due.person_id, days.due_at, due.expert_id, expert.uuid
    FROM ({due}) due {stages} JOIN experts_expert expert ON expert.id = due.expert_id"""
FOLLOWED = "几天后再提醒"


def contact_due(scope: str) -> str:
    due = DUE.format(paired=PAIRED, scope=scope)
    return CONTACT_DUE.format(due=due, stages=STAGES.format(due="due.due_on", item="due"))


KEY_DUE = Rule(
    key="contact_due",
    name="重点联系到期",
    about="您联系的重点专家，到期前、到期当天，逾期后隔几天，直到登记了联系",
    clause="四（一）",
    text="重点联系即将到期或已逾期，请安排联系",
    query=contact_due("key"),
    page="experts:detail",
    numbers=(
        Number("before", "到期前几天提醒", 14, 1, 90),
        Number("repeat", f"没有联系的，{FOLLOWED}", 7, 1, 60),
    ),
)
GENERAL_DUE = Rule(
    key="contact_due_general",
    name="普遍联系到期",
    about="您联系的普遍联系专家，到期前、到期当天，逾期后隔几天，直到登记了联系",
    clause="四（一）",
    text="普遍联系即将到期或已逾期，请安排联系",
    query=contact_due("general"),
    page="experts:detail",
    numbers=(
        Number("before", "到期前几天提醒", 14, 1, 90),
        Number("repeat", f"没有联系的，{FOLLOWED}", 7, 1, 90),
    ),
)
MONDAYS = "JOIN days ON extract(isodow FROM days.day) = 1"


def weekly(role: str, lacking: str) -> str:
    """SQL: who holds the role nearest to units that are `lacking` something, on Mondays.

    One line for a post and week, however many experts and units it answers for: the page behind it lists
    them. So `chosen` are units of posts, and whoever is nearest is found before they are looked at.
    """
    return nearest(
        f"""
    SELECT tuning.unit_id AS id, posts.unit_id AS post, NULL::uuid AS page, posts.user_id,
        posts.high - posts.low AS width, days.due_at, NULL::bigint AS expert_id
    FROM tuning {MONDAYS} CROSS JOIN clock
    JOIN posts ON posts.role = '{role}' AND tuning.place BETWEEN posts.low AND posts.high
    JOIN people person ON person.id = posts.user_id
    WHERE {lacking}""",
        subject="post",
    )


def listed(scope: str, condition: str) -> str:
    """SQL: the roster of the very unit has an expert of that scope, visible to `person`, for whom this
    holds."""
    return f"""EXISTS (
        SELECT FROM activities_coverage coverage
        WHERE coverage.place = tuning.place AND coverage.scope = '{scope}' AND coverage.is_listed
          AND {condition} AND {readable("coverage", "coverage.expert_id")})"""


ESCALATED = Rule(
    key="contact_escalated",
    name="本单位联系逾期",
    about="每周一，您的单位或没有负责人的下级单位有专家逾期多天没有联系时，提醒组织部门负责人，合为一条",
    clause="三（二）",
    text="您负责的单位有专家逾期多天没有联系，请督促",
    query=weekly(
        "department_head",
        f"""({listed("key", "coverage.due_on <= days.day - tuning.escalate")}
        OR {listed("general", "coverage.due_on <= days.day - tuning.escalate_general")})""",
    ),
    page="coverage:own",
    fragment="?state=gap",
    numbers=(
        Number("escalate", "重点联系逾期几天起提醒负责人", 28, 1, 365),
        Number("escalate_general", "普遍联系逾期几天起提醒负责人", 28, 1, 365),
    ),
)
UNPAIRED = Rule(
    key="contact_unpaired",
    name="到期而无人联系",
    about="每周一，您的单位或没有联络员的下级单位有重点专家的联系快到期、却没有结对的联系人时，提醒联络员，合为一条",
    clause="四（一）",
    text="您负责的单位有重点专家的联系快到期，还没有结对的联系人",
    query=weekly(
        "liaison_officer",
        listed(
            "key",
            f"""coverage.due_on <= days.day + tuning.before
          AND NOT EXISTS (SELECT FROM ({PAIRED}) paired WHERE paired.expert_id = coverage.expert_id)""",
        ),
    ),
    page="pairings:unpaired",
    fragment="?kind=officer",
    numbers=(Number("before", "到期前几天起提醒", 14, 1, 90),),
)

FITTING = """(CASE held.kind WHEN 'leader' THEN ARRAY['leader', 'department_head']
        ELSE ARRAY['liaison_officer', 'department_head'] END)"""
# Who keeps in touch where as what, and holds no post for it any more; looked at once, not for each expert.
GONE = f"""
    SELECT held.person_id, held.kind, held.place, (
        SELECT max(assignment.until) + 1 FROM accounts_roleassignment assignment
        JOIN accounts_unit unit ON unit.id = assignment.unit_id
        WHERE assignment.user_id = held.person_id AND assignment.role = ANY ({FITTING})
          AND assignment.until < clock.today AND held.place BETWEEN unit."order" AND unit.order_end) AS day
    FROM (
        SELECT DISTINCT pairing.person_id, pairing.kind, pairing.place
        FROM activities_pairing pairing JOIN clock ON pairing.since <= clock.today
            AND (pairing.until IS NULL OR pairing.until > clock.today)
        WHERE chosen IS NULL OR pairing.id = ANY (chosen)) held
    CROSS JOIN clock
    WHERE NOT EXISTS (SELECT FROM posts WHERE posts.user_id = held.person_id AND posts.role = ANY ({FITTING})
        AND held.place BETWEEN posts.low AND posts.high)"""
VACANT = Rule(
    key="pairing_vacant",
    name="联系人离任或换岗",
    about="专家的联系领导或联络员离任、换岗后，提醒本单位能办理结对的人，直到接上",
    clause="四（一）",
    text="联系人已离任或换岗，请另行安排",
    query=nearest(
        f"""
    WITH gone AS MATERIALIZED ({GONE}),
    vacant AS MATERIALIZED (
        SELECT pairing.*, days.due_at FROM gone JOIN tuning ON tuning.place = gone.place CROSS JOIN clock
        JOIN activities_pairing pairing ON (pairing.person_id, pairing.kind, pairing.place)
            = (gone.person_id, gone.kind, gone.place) AND pairing.since <= clock.today
            AND (pairing.until IS NULL OR pairing.until > clock.today)
        JOIN days ON days.day >= coalesce(gone.day, pairing.since)
            AND (days.day - coalesce(gone.day, date '2024-01-01')) % tuning.repeat = 0
        WHERE chosen IS NULL OR pairing.id = ANY (chosen))
    SELECT vacant.id, expert.uuid AS page, posts.user_id, posts.high - posts.low AS width, vacant.due_at,
        vacant.expert_id
    FROM vacant CROSS JOIN clock
    JOIN posts ON 'change' = ANY (posts.rights) AND vacant.place BETWEEN posts.low AND posts.high
    JOIN people person ON person.id = posts.user_id AND posts.user_id <> vacant.person_id
    JOIN experts_expert expert ON expert.id = vacant.expert_id
    WHERE {readable("vacant", "vacant.expert_id")}"""
    ),
    page="pairings:expert",
    numbers=(Number("repeat", f"没有安排的，{FOLLOWED}", 7, 1, 60),),
)

# Everybody who is to go, and who planned it.
GOING = """
    CROSS JOIN LATERAL (
        SELECT person.user_id AS id FROM activities_contactperson person
        WHERE person.contact_id = contact.id AND person.user_id IS NOT NULL
        UNION SELECT contact.planned_by_id WHERE contact.planned_by_id IS NOT NULL) going"""
PLANNED = f"""
    FROM activities_contact contact JOIN tuning ON tuning.place = contact.place
    JOIN experts_expert expert ON expert.id = contact.expert_id {GOING} CROSS JOIN clock"""
STARTS = """((contact."on" + contact.starts) AT TIME ZONE 'Asia/Shanghai')"""
VISIT_TOMORROW = Rule(
    key="visit_tomorrow",
    name="明天的联系",
    about="您参加或安排的走访、座谈等，前一天早上",
    clause="四（一）",
    text="明天有一项已安排的联系",
    query=f"""
    SELECT contact.id, going.id, days.due_at, contact.expert_id, contact.uuid {PLANNED}
    JOIN days ON contact."on" = days.day + 1
    WHERE contact.state = 'planned' AND contact."on" > clock.today
      AND (chosen IS NULL OR contact.id = ANY (chosen))""",
    page="contacts:contact",
)
VISIT_SOON = Rule(
    key="visit_soon",
    name="马上开始的联系",
    about="您参加或安排的走访、座谈等，写明开始时间的，开始前几小时",
    clause="四（一）",
    text="有一项联系即将开始",
    query=f"""
    SELECT contact.id, going.id, {STARTS} - make_interval(hours => tuning.hours), contact.expert_id,
        contact.uuid {PLANNED}
    WHERE contact.state = 'planned' AND contact.starts IS NOT NULL AND clock.moment < {STARTS}
      AND contact."on" BETWEEN clock.today AND clock.today + 3
      AND (chosen IS NULL OR contact.id = ANY (chosen))""",
    page="contacts:contact",
    numbers=(Number("hours", "提前几小时提醒", 2, 1, 48, "小时"),),
    is_daily=False,
    mail=MailMode.NOW,
)
UNRECORDED = """
    FROM activities_contact contact JOIN tuning ON tuning.place = contact.place
    JOIN experts_expert expert ON expert.id = contact.expert_id CROSS JOIN clock
    JOIN days ON days.day > contact."on" AND (days.day - contact."on" - 1) % tuning.repeat = 0"""
UNRECORDED_LONG = nearest(
    f"""
    SELECT contact.id, contact.uuid AS page, posts.user_id, posts.high - posts.low AS width, days.due_at,
        contact.expert_id {UNRECORDED}
    JOIN posts ON posts.role = 'department_head' AND contact.place BETWEEN posts.low AND posts.high
    JOIN people person ON person.id = posts.user_id
    WHERE contact.state = 'planned' AND days.day >= contact."on" + tuning.escalate
      AND (chosen IS NULL OR contact.id = ANY (chosen)) AND {readable("contact", "contact.expert_id")}"""
)
VISIT_UNRECORDED = Rule(
    key="visit_unrecorded",
    name="联系过后没有记录",
    about="已安排的联系过了日子还没有登记结果，提醒参加和安排的人；多天没有登记的，也提醒组织部门负责人",
    clause="四（一）",
    text="有一项联系过了日子，还没有登记结果",
    query=f"""
    SELECT contact.id, going.id, days.due_at, contact.expert_id, contact.uuid {UNRECORDED} {GOING}
    WHERE contact.state = 'planned' AND (chosen IS NULL OR contact.id = ANY (chosen))
    UNION ALL ({UNRECORDED_LONG})""",
    page="contacts:contact",
    numbers=(
        Number("repeat", f"没有登记的，{FOLLOWED}", 3, 1, 60),
        Number("escalate", "几天没有登记的，提醒负责人", 7, 1, 90),
    ),
)
# Off every roster; whoever was on none yet has not left.
HAS_LEFT = """(
    EXISTS (SELECT FROM experts_rosterentry entry WHERE entry.expert_id = expert.id)
    AND NOT EXISTS (SELECT FROM experts_rosterentry entry CROSS JOIN clock WHERE entry.expert_id = expert.id
        AND (entry.until IS NULL OR entry.until > clock.today)))"""
NEXT_STEP = Rule(
    key="next_step",
    name="答应专家的事",
    about="您登记的联系里答应了下一步的，兑现日期前、当天，过后隔几天，直到标为已兑现",
    clause="四（一）",
    text="答应专家的事快到或已过兑现日期",
    query=f"""
    SELECT contact.id, contact.recorded_by_id, days.due_at, contact.expert_id, contact.uuid
    FROM activities_contact contact JOIN tuning ON tuning.place = contact.place
    JOIN experts_expert expert ON expert.id = contact.expert_id
    {STAGES.format(due="contact.next_on", item="tuning")}
    WHERE contact.state = 'done' AND contact.next_step <> '' AND contact.next_on IS NOT NULL
      AND contact.next_done_at IS NULL AND NOT {HAS_LEFT}
      AND (chosen IS NULL OR contact.id = ANY (chosen))""",
    page="contacts:contact",
    numbers=(
        Number("before", "提前几天提醒", 3, 1, 60),
        Number("repeat", f"没有兑现的，{FOLLOWED}", 7, 1, 60),
    ),
)
FOLLOW_UP = Rule(
    key="follow_up_due",
    name="我承办的诉求和建言",
    about="由您承办、写明办结日期的，到期前、当天，过后隔几天，直到办结",
    clause="四（三）",
    text="由您承办的一项诉求或建言快到或已过办结日期",
    query=f"""
    SELECT line.id, line.owner_id, days.due_at, line.expert_id, contact.uuid
    FROM activities_followup line JOIN activities_contact contact ON contact.id = line.contact_id
    JOIN tuning ON tuning.place = contact.place
    JOIN experts_expert expert ON expert.id = line.expert_id
    {STAGES.format(due="line.due_on", item="tuning")}
    WHERE line.done_at IS NULL AND line.due_on IS NOT NULL AND line.owner_id IS NOT NULL
      AND contact.state = 'done' AND NOT {HAS_LEFT} AND (chosen IS NULL OR line.id = ANY (chosen))""",
    page="contacts:contact",
    numbers=(
        Number("before", "提前几天提醒", 3, 1, 60),
        Number("repeat", f"没有办结的，{FOLLOWED}", 7, 1, 60),
    ),
)


def birthday_on(day: str) -> str:
    """SQL: whether the expert's birthday is that day; who was born on 29 February has it on the 28th in years
    that have none."""
    own = "to_char(expert.birth, 'MMDD')"
    has_none = f"to_char(make_date(extract(year FROM {day})::int, 3, 1) - 1, 'DD') = '28'"
    return f"to_char({day}, 'MMDD') = CASE WHEN {own} = '0229' AND {has_none} THEN '0228' ELSE {own} END"


BIRTHDAY = Rule(
    key="birthday",
    name="专家生日",
    about="您联系的专家的生日之前和当天；只记到月份的不提醒",
    clause="四（一）",
    text="生日将至",
    query=f"""
    SELECT paired.expert_id, paired.person_id, days.due_at, paired.expert_id, expert.uuid
    FROM ({PAIRED}) paired JOIN tuning ON tuning.place = paired.place
    JOIN experts_expert expert ON expert.id = paired.expert_id AND expert.birth_day_known
    JOIN days ON {birthday_on("days.day")} OR {birthday_on("(days.day + tuning.before)")}
    WHERE chosen IS NULL OR paired.expert_id = ANY (chosen)""",
    page="experts:detail",
    numbers=(Number("before", "提前几天提醒", 3, 1, 30),),
    is_private=True,
)


# Whoever keeps in touch with somebody alive whom they may see.
GREETING = f"""
    SELECT paired.person_id, paired.place, expert.employer
    FROM ({PAIRED}) paired
    JOIN experts_expert expert ON expert.id = paired.expert_id AND expert.died_on IS NULL
    JOIN people person ON person.id = paired.person_id CROSS JOIN clock
    WHERE {readable("expert", "expert.id")}"""


def festival(key: str, name: str, holiday: str, known: tuple[str, ...], text: str) -> Rule:
    """Before the first day off of a festival as the holiday table has it, else before the day itself."""
    days = ", ".join(f"(date '{day}')" for day in known)
    return Rule(
        key=key,
        name=name,
        about=f"{holiday}放假之前，提醒有结对专家的人；没有录入放假安排的年份，按农历的日子",
        clause="四（一）",
        text=text,
        query=f"""
    SELECT extract(year FROM first.day)::bigint, greeting.person_id, days.due_at, NULL::bigint, NULL::uuid
    FROM (SELECT coalesce(entered.day, known.day) AS day
          FROM (SELECT min(day) AS day FROM core_holiday WHERE name = '{holiday}' AND NOT is_workday
                GROUP BY extract(year FROM day)) entered
          FULL JOIN (VALUES {days}) known (day)
            ON extract(year FROM known.day) = extract(year FROM entered.day)) first
    CROSS JOIN ({GREETING}) greeting JOIN tuning ON tuning.place = greeting.place
    JOIN days ON first.day = days.day + tuning.before
    JOIN clock ON first.day > clock.today""",
        page="experts:list",
        numbers=(Number("before", "提前几天提醒", 14, 1, 60),),
    )


def yearly(key: str, name: str, day: date, text: str, among: str = "true") -> Rule:
    """Before a day of every year, for who keeps in touch with somebody `among` experts."""
    return Rule(
        key=key,
        name=name,
        about=f"{day.month} 月 {day.day} 日之前，提醒有结对专家的人",
        clause="四（一）",
        text=text,
        query=f"""
    WITH near AS MATERIALIZED (
        SELECT tuning.place, days.day, days.due_at FROM tuning
        JOIN days ON to_char(days.day + tuning.before, 'MMDD') = '{day:%m%d}'
        JOIN clock ON days.day + tuning.before > clock.today)
    SELECT extract(year FROM near.day)::bigint, greeting.person_id, near.due_at, NULL::bigint, NULL::uuid
    FROM ({GREETING}) greeting JOIN near ON near.place = greeting.place AND {among}
    WHERE EXISTS (SELECT FROM near)""",  # on most days nobody is looked at
        page="experts:list",
        numbers=(Number("before", "提前几天提醒", 7, 1, 60),),
    )


SPRING = festival(
    "spring_festival", "春节走访", "春节", festivals.SPRING_FESTIVAL, "春节将至，请安排走访慰问"
)
MID_AUTUMN = festival("mid_autumn", "中秋走访", "中秋节", festivals.MID_AUTUMN, "中秋节将至，请安排走访慰问")
SCIENCE_DAY = yearly(
    "science_day", "科技工作者日", date(2000, 5, 30), "5 月 30 日是全国科技工作者日，请问候您联系的专家"
)
TEACHERS_DAY = yearly(
    "teachers_day",
    "教师节",
    date(2000, 9, 10),
    "9 月 10 日是教师节，请问候您联系的专家中的教师",
    "greeting.employer ~ '大学|学院|学校|中学|小学|幼儿园|党校'",
)
RULES = (
    KEY_DUE,
    GENERAL_DUE,
    ESCALATED,
    UNPAIRED,
    VACANT,
    VISIT_TOMORROW,
    VISIT_SOON,
    VISIT_UNRECORDED,
    NEXT_STEP,
    FOLLOW_UP,
    BIRTHDAY,
    SPRING,
    MID_AUTUMN,
    SCIENCE_DAY,
    TEACHERS_DAY,
)


@REGISTRY.act_for("next_step", "已兑现")
def _keep_promise(by: "User", contact: int) -> None:
    """Done from the message: the promise of this contact is kept."""
    keep_promise(by=by, contact=_contact(by, contact))


def _contact(by: "User", number: int) -> Contact:
    """The contact of a message, if its reader still sees it; PermissionDenied otherwise."""
    found = Contact.objects.visible_to(by).filter(pk=number).first()
    if found is None:
        raise PermissionDenied
    return found


def register() -> None:
    REGISTRY.declare(*RULES, *gathering_reminders.RULES, *training_reminders.RULES)
