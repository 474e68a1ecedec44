"""Every rule as one function of the database, `reminders_rule_<key>(window_start, window_end, chosen)`.

It answers (subject, recipient, due_at, expert_id, guarded, page) of what is due in the window, end included,
of the chosen subjects or of all, as it stands now and to the rights that recipients have on the day of the
window's end. The functions run as owner, answer numbers and moments only, and are open to liaison_worker
alone; they are made anew after every migration (manage.py migrate), so a rule changes without a migration of
its own.

A rule's query may read any table, `chosen` (null: all subjects), and these:

* clock(moment, today): the end of the window, and its date in Asia/Shanghai;
* days(day, due_at): the days of the window whose 8:00 lies in it;
* tuning(unit_id, place, place_end, …): active units where the rule is on, with the rule's numbers by name;
* posts(user_id, role, rights, unit_id, low, high): roles that active people hold on that date;
* people(id, clearance, reach): active people, and where they may view.
"""

from django.db import connection

from reminders.registry import REGISTRY, Rule, Sight

NOBODY = Sight(join="", condition="found.expert_id IS NULL", restricted="false")
PREFIX = "reminders_rule_"
STATEMENT = """
CREATE FUNCTION %(name)s(window_start timestamptz, window_end timestamptz, chosen bigint[])
RETURNS TABLE (subject bigint, recipient bigint, due_at timestamptz, expert_id bigint, guarded boolean,
    page uuid)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan
AS $rule$
WITH clock AS MATERIALIZED (
    SELECT window_end AS moment, (window_end AT TIME ZONE 'Asia/Shanghai')::date AS today),
days AS MATERIALIZED (
    SELECT day::date AS day, (day + time '08:00') AT TIME ZONE 'Asia/Shanghai' AS due_at
    FROM generate_series((window_start AT TIME ZONE 'Asia/Shanghai')::date::timestamp,
        (window_end AT TIME ZONE 'Asia/Shanghai')::date::timestamp, interval '1 day') day
    WHERE (day + time '08:00') AT TIME ZONE 'Asia/Shanghai' > window_start
      AND (day + time '08:00') AT TIME ZONE 'Asia/Shanghai' <= window_end),
tuning AS MATERIALIZED (%(tuning)s),
posts AS MATERIALIZED (
    SELECT held.user_id, held.role, accounts_role_rights(held.role) AS rights, unit.id AS unit_id,
        unit."order" AS low, unit.order_end AS high
    FROM accounts_roleassignment held
    JOIN accounts_unit unit ON unit.id = held.unit_id
    JOIN accounts_user person ON person.id = held.user_id AND person.is_active
    JOIN clock ON held.since <= clock.today AND (held.until IS NULL OR held.until >= clock.today)),
people AS MATERIALIZED (
    SELECT person.id, least(person.clearance, 1) AS clearance,
        coalesce(range_agg(int8range(posts.low, posts.high, '[]')) FILTER (WHERE 'view' = ANY (posts.rights)),
            '{}'::int8multirange) AS reach
    FROM accounts_user person LEFT JOIN posts ON posts.user_id = person.id
    WHERE person.is_active GROUP BY person.id, person.clearance),
found (subject, recipient, due_at, expert_id, page) AS (%(query)s),
-- Few rows are expected of a rule and many may come: by a full join people are never walked once for each.
told AS MATERIALIZED (
    SELECT found.*, person.id AS person_id, person.clearance, person.reach
    FROM (SELECT * FROM found WHERE due_at > window_start AND due_at <= window_end
          AND (chosen IS NULL OR subject = ANY (chosen))) found
    FULL JOIN people person ON person.id = found.recipient)
SELECT DISTINCT ON (found.subject, found.recipient)
    found.subject, found.recipient, found.due_at, found.expert_id, %(guarded)s, found.page
FROM told found
CROSS JOIN LATERAL (SELECT found.person_id AS id, found.clearance, found.reach) person
CROSS JOIN clock
%(join)s
WHERE found.recipient = person.id AND (%(condition)s)
ORDER BY found.subject, found.recipient, found.due_at DESC
$rule$;
REVOKE ALL ON FUNCTION %(name)s(timestamptz, timestamptz, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION %(name)s(timestamptz, timestamptz, bigint[]) TO liaison_worker;
"""
OURS = """
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND starts_with(proname, %s)
"""


def name_of(rule: Rule) -> str:
    return f"{PREFIX}{rule.key}"


def latest(began: str, every: str) -> str:
    """SQL for the last moment of `began`, and every so many days after it, that is not after now."""
    passed = f"floor(extract(epoch FROM clock.moment - {began}) / 86400 / {every})"
    return f"{began} + make_interval(days => (greatest({passed}, 0) * {every})::int)"


def statement_of(rule: Rule, sight: Sight | None = None) -> str:
    """The function of a rule as SQL."""
    seen = sight or REGISTRY.sight or NOBODY
    parts = {
        "name": name_of(rule),
        "tuning": _tuning(rule),
        "query": rule.query,
        "guarded": "true" if rule.is_guarded else f"coalesce({seen.restricted}, false)",
        "join": seen.join,
        "condition": seen.condition,
    }
    text = STATEMENT
    for name, part in parts.items():
        text = text.replace(f"%({name})s", part)
    return text


def _tuning(rule: Rule) -> str:
    """The units where the rule is on; of a rule that units do not tune, all."""
    unit = 'unit.id AS unit_id, unit."order" AS place, unit.order_end AS place_end'
    if not rule.is_tunable:
        return f"SELECT {unit} FROM accounts_unit unit WHERE unit.is_active"  # noqa: S608  constants
    numbers = [f"{_setting(rule.setting(each), each.default)} AS {each.key}" for each in rule.numbers]
    switch = _setting(rule.switch, int(rule.is_on))
    return (
        f"SELECT {', '.join([unit, *numbers])}"  # noqa: S608  constants of the rule
        f" FROM accounts_unit unit WHERE unit.is_active AND {switch} = 1"
    )


def _setting(key: str, default: int) -> str:
    return f"reminders_setting(unit.\"order\", '{key}', {default})"


def install_rules() -> None:
    """Make the functions of all rules, and drop those of rules that are no more (as owner)."""
    with connection.cursor() as cursor:
        cursor.execute(OURS, [PREFIX])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {connection.ops.quote_name(name)}")
        for rule in REGISTRY.rules.values():
            cursor.execute(statement_of(rule))
