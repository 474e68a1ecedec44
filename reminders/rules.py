"""Rules about accounts and the calendar, which lie below the reminders."""

from accounts.enums import Duty
from reminders.enums import MailMode
from reminders.registry import Number, Rule

LASTS = """
    NOT EXISTS (SELECT FROM accounts_roleassignment other WHERE other.user_id = held.user_id
        AND other.role = held.role AND other.unit_id = held.unit_id AND other.since <= held.until + 1
        AND (other.until IS NULL OR other.until > held.until))"""
ENDING = f"""
    FROM accounts_roleassignment held
    JOIN tuning ON tuning.unit_id = held.unit_id
    JOIN days ON held.until IN (days.day + tuning.before, days.day + 1)
    JOIN clock ON held.until >= clock.today AND {LASTS}"""
BEFORE = Number("before", "提前几天提醒", 14, 1, 90)

ROLE_EXPIRING = Rule(
    key="role_expiring",
    name="我的角色到期",
    about="您的角色到期前，以及到期前一天",
    clause="五（一）",
    text="您的角色即将到期，需要继续担任的请联系安全管理员",
    query=f"SELECT held.id, held.user_id, days.due_at, NULL::bigint, NULL::uuid {ENDING}",
    page="",
    numbers=(BEFORE,),
    duties=frozenset(Duty),
)
ROLE_ENDING = Rule(
    key="role_ending",
    name="有人的角色到期",
    about="由您管理的角色到期前，以及到期前一天",
    clause="五（一）",
    text="有一个角色即将到期，请核对是否续任",
    query=f"""SELECT held.id, posts.user_id, days.due_at, NULL::bigint, NULL::uuid {ENDING}
    JOIN posts ON posts.role = 'security_admin' AND tuning.place BETWEEN posts.low AND posts.high
        AND posts.user_id <> held.user_id""",
    page="admin:accounts_roleassignment_changelist",
    numbers=(BEFORE,),
    duties=frozenset({Duty.SECURITY}),
)
HOLIDAYS_MISSING = Rule(
    key="holidays_missing",
    name="节假日未录入",
    about="从 11 月 1 日起每周一次，直到录入下一年的放假安排；过了元旦还没有录入的，继续提醒",
    clause="五（一）",
    text="有一年的放假安排还没有录入，工作日将按周一至周五计算",
    query="""
    SELECT missing.year, posts.user_id, days.due_at, NULL::bigint, NULL::uuid
    FROM days JOIN posts ON posts.role = 'system_admin'
    CROSS JOIN LATERAL (
        SELECT year, make_date(year - 1, 11, 1) AS since
        FROM generate_series(extract(year FROM days.day)::int, extract(year FROM days.day)::int + 1) year
        ) missing
    WHERE days.day >= missing.since AND (days.day - missing.since) % 7 = 0
      AND NOT EXISTS (SELECT FROM core_holiday WHERE extract(year FROM core_holiday.day) = missing.year)""",
    page="admin:core_holiday_changelist",
    duties=frozenset({Duty.SYSTEM}),
    mail=MailMode.NOW,
    is_tunable=False,
)
OWN_RULES = (ROLE_EXPIRING, ROLE_ENDING, HOLIDAYS_MISSING)
