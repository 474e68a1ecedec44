"""What meetings, symposia and briefings remind of (二（一）, 四（一）). The queries are built as those of
activities/reminders.py; what they name is a gathering, a resolution, a briefing, never an expert."""

from reminders.enums import MailMode
from reminders.registry import Number, Rule

# Who answers for an invitation or a resolution: the person, or the officers of the very unit, else its heads.
WHOSE = """
    CROSS JOIN LATERAL (
        SELECT {row}.{person} AS id WHERE {row}.{person} IS NOT NULL
        UNION SELECT posts.user_id FROM posts WHERE {row}.{person} IS NULL AND posts.unit_id = {row}.unit_id
            AND 'change' = ANY (posts.rights) AND (posts.role = 'liaison_officer' OR NOT EXISTS (
                SELECT FROM posts officer
                WHERE officer.unit_id = {row}.unit_id AND officer.role = 'liaison_officer'))) asked"""
INVITED = f"""
    FROM activities_invitation invited
    JOIN activities_gathering gathering ON gathering.id = invited.gathering_id
    JOIN tuning ON tuning.place = gathering.place CROSS JOIN clock
    {WHOSE.format(row="invited", person="user_id")}"""
COMING = """gathering.state = 'planned' AND gathering."on" > clock.today
    AND (chosen IS NULL OR gathering.id = ANY (chosen))"""
# Once somebody is invited; to one of a series, which is called for a year, when it comes near.
MEETING_INVITED = Rule(
    key="meeting_invited",
    name="会议邀请",
    about="有人邀请您或您的单位参加例会、座谈时；早就排好的，会前几天",
    clause="二（一）",
    text="邀请您或您的单位参加例会或座谈，请回复是否参加",
    query=f"""
    SELECT gathering.id, asked.id, greatest(invited.invited_at,
            (gathering."on" - tuning.ahead + time '08:00') AT TIME ZONE 'Asia/Shanghai'),
        NULL::bigint, gathering.uuid {INVITED}
    WHERE invited.reply = '' AND asked.id <> gathering.created_by_id AND gathering.state = 'planned'
      AND gathering."on" >= clock.today AND (chosen IS NULL OR gathering.id = ANY (chosen))""",
    page="gatherings:detail",
    numbers=(Number("ahead", "最早会前几天提醒", 30, 6, 90),),
    is_daily=False,
    mail=MailMode.NOW,
)
TWICE = """JOIN days ON days.day IN (gathering."on" - tuning.before, gathering."on" - 1)"""
REPLY_MISSING = Rule(
    key="reply_missing",
    name="邀请等我回复",
    about="邀请了您或您的单位、还没有回复的例会和座谈，会前几天和前一天",
    clause="二（一）",
    text="有一项会议邀请等您回复",
    query=f"""
    SELECT gathering.id, asked.id, days.due_at, NULL::bigint, gathering.uuid {INVITED} {TWICE}
    WHERE invited.reply = '' AND {COMING}""",
    page="gatherings:detail",
    numbers=(Number("before", "会前几天提醒", 5, 2, 30),),
)
MEETING_SOON = Rule(
    key="meeting_soon",
    name="会议临近",
    about="您要参加的例会和座谈，会前几天和前一天",
    clause="二（一）",
    text="您要参加的会议临近",
    query=f"""
    SELECT gathering.id, coalesce(invited.delegate_id, asked.id), days.due_at, NULL::bigint, gathering.uuid
    {INVITED} {TWICE}
    WHERE invited.reply IN ('yes', 'delegate') AND {COMING}
    UNION
    SELECT gathering.id, gathering.created_by_id, days.due_at, NULL::bigint, gathering.uuid
    FROM activities_gathering gathering JOIN tuning ON tuning.place = gathering.place CROSS JOIN clock {TWICE}
    WHERE {COMING}""",
    page="gatherings:detail",
    numbers=(Number("before", "会前几天提醒", 3, 2, 30),),
)
MINUTES_MISSING = Rule(
    key="minutes_missing",
    name="会后没有纪要",
    about="由您安排的例会和座谈，过了日子还没有登记结果或纪要的，隔几天",
    clause="二（一）",
    text="有一次会议过后还没有纪要",
    query="""
    SELECT gathering.id, gathering.created_by_id, days.due_at, NULL::bigint, gathering.uuid
    FROM activities_gathering gathering JOIN tuning ON tuning.place = gathering.place
    JOIN days ON days.day > gathering."on" AND (days.day - gathering."on" - 1) % tuning.repeat = 0
    WHERE gathering.state IN ('planned', 'done') AND gathering.minutes = ''
      AND (chosen IS NULL OR gathering.id = ANY (chosen))""",
    page="gatherings:detail",
    numbers=(Number("repeat", "没有登记的，几天后再提醒", 3, 1, 60),),
)
RESOLUTION_DUE = Rule(
    key="resolution_due",
    name="议定事项到期",
    about="由您或您的单位负责的议定事项，到期前、当天，过后隔几天，直到办结",
    clause="二（一）",
    text="由您负责的一项议定事项快到或已过期限",
    query=f"""
    SELECT resolved.id, asked.id, days.due_at, NULL::bigint, resolved.uuid
    FROM activities_resolution resolved
    JOIN activities_gathering gathering ON gathering.id = resolved.gathering_id
    JOIN tuning ON tuning.place = gathering.place {WHOSE.format(row="resolved", person="owner_id")}
    JOIN days ON days.day = resolved.due_on - tuning.before OR days.day >= resolved.due_on
        AND (days.day - resolved.due_on) % tuning.repeat = 0
    WHERE resolved.done_at IS NULL AND (chosen IS NULL OR resolved.id = ANY (chosen))""",
    page="gatherings:resolution",
    numbers=(
        Number("before", "提前几天提醒", 3, 1, 60),
        Number("repeat", "没有办结的，几天后再提醒", 7, 1, 60),
    ),
)
BRIEFING_UNREAD = Rule(
    key="briefing_unread",
    name="情况通报未阅知",
    about="发给您、还没有标为阅知的情况通报，隔几天",
    clause="二（一）",
    text="有一份情况通报等您阅知",
    query="""
    SELECT briefing.id, receipt.user_id, days.due_at, NULL::bigint, briefing.uuid
    FROM activities_receipt receipt JOIN activities_briefing briefing ON briefing.id = receipt.briefing_id
    JOIN tuning ON tuning.place = briefing.place
    CROSS JOIN LATERAL (SELECT (briefing.sent_at AT TIME ZONE 'Asia/Shanghai')::date AS day) sent
    JOIN days ON days.day > sent.day AND (days.day - sent.day) % tuning.repeat = 0
    WHERE briefing.state = 'sent' AND receipt.read_at IS NULL
      AND (chosen IS NULL OR briefing.id = ANY (chosen))""",
    page="briefings:detail",
    numbers=(Number("repeat", "没有阅知的，几天后再提醒", 3, 1, 60),),
)
RULES = (MEETING_INVITED, REPLY_MISSING, MEETING_SOON, MINUTES_MISSING, RESOLUTION_DUE, BRIEFING_UNREAD)
