"""The engine's locks: the system plans and settles, everybody reads their own, administrators see numbers.

Planned reminders belong to nobody who signs in. The outbox shows to whom a letter is for and to the system
administrator, and names neither a rule's subject nor an expert.
"""

from django.db import migrations

PLANNED, MESSAGE, LETTER = "reminders_plannedreminder", "reminders_message", "reminders_letter"
OWN = "{column} = (SELECT core_actor())"
ADMINISTRATOR = "(SELECT accounts_actor_as('system_admin')) IS NOT NULL"
PATH = "SET search_path = pg_catalog, public, pg_temp"
OWNER = f"SECURITY DEFINER {PATH}"


def enable(table: str) -> str:
    return f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\nALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n"


def policy(table: str, act: str, condition: str, role: str = "liaison_app") -> str:
    clauses = {
        "SELECT": f"USING ({condition})",
        "INSERT": f"WITH CHECK ({condition})",
        "UPDATE": f"USING ({condition}) WITH CHECK ({condition})",
        "DELETE": f"USING ({condition})",
        "ALL": f"USING ({condition}) WITH CHECK ({condition})",
    }
    name = f"{table}_{act.lower()}" + ("_worker" if role == "liaison_worker" else "")
    return f"CREATE POLICY {name} ON {table} FOR {act} TO {role} {clauses[act]};\n"


def own(table: str, *acts: str) -> str:
    return enable(table) + "".join(policy(table, act, OWN.format(column="user_id")) for act in acts)


PLANS = enable(PLANNED) + policy(PLANNED, "ALL", "true", "liaison_worker")
# Beside the owner's own policies of 0002.
MESSAGES = "".join(policy(MESSAGE, act, "true", "liaison_worker") for act in ("SELECT", "INSERT", "UPDATE"))
SEES = f"{OWN.format(column='recipient_id')} OR {ADMINISTRATOR}"
LETTERS = (
    enable(LETTER)
    + policy(LETTER, "ALL", "true", "liaison_worker")
    + policy(LETTER, "SELECT", SEES)
    + policy(LETTER, "INSERT", f"kind = 'test' AND {OWN.format(column='recipient_id')} AND {ADMINISTRATOR}")
    + policy(LETTER, "UPDATE", ADMINISTRATOR)
)
CHOICES = (
    own("reminders_preference", "SELECT", "INSERT", "UPDATE", "DELETE")
    + own("reminders_habit", "SELECT", "INSERT", "UPDATE")
    + policy("reminders_preference", "SELECT", "true", "liaison_worker")
    + policy("reminders_habit", "SELECT", "true", "liaison_worker")
)
FUNCTIONS = f"""
-- A unit's number: its own, else the nearest above, else the rule's default.
CREATE FUNCTION reminders_setting(unit_number bigint, wanted text, by_default integer) RETURNS integer
LANGUAGE sql STABLE {PATH} AS $$
    SELECT coalesce((
        SELECT setting.value::integer FROM accounts_unitsetting setting
        JOIN accounts_unit unit ON unit.id = setting.unit_id
        WHERE setting.key = wanted AND unit_number BETWEEN unit."order" AND unit.order_end
        ORDER BY unit."order" DESC LIMIT 1), by_default)
$$;
REVOKE ALL ON FUNCTION reminders_setting(bigint, text, integer) FROM PUBLIC;

-- For the system administrator's page: how it stands with what is not delivered. Guarded ones are left out.
CREATE FUNCTION reminders_standing(moment timestamptz)
RETURNS TABLE (rule text, waiting bigint, late bigint, oldest timestamptz, failed bigint, error text)
LANGUAGE sql STABLE {OWNER} AS $$
    SELECT rule, count(*) FILTER (WHERE state = 'waiting'),
        count(*) FILTER (WHERE state = 'waiting' AND due_at <= moment),
        min(due_at) FILTER (WHERE state = 'waiting' AND due_at <= moment),
        count(*) FILTER (WHERE state = 'failed'), max(plan.error) FILTER (WHERE state = 'failed')
    FROM {PLANNED} plan
    WHERE state IN ('waiting', 'failed') AND NOT is_guarded AND {ADMINISTRATOR}
    GROUP BY rule ORDER BY rule
$$;
-- Puts what failed of a rule back, guarded or not; answers how many of those that are counted.
CREATE FUNCTION reminders_retry(wanted text) RETURNS bigint LANGUAGE plpgsql VOLATILE {OWNER} AS $$
DECLARE
    again bigint;
BEGIN
    IF {ADMINISTRATOR} THEN
        WITH put_back AS (
            UPDATE {PLANNED} SET state = 'waiting', attempts = 0, next_at = now(), error = ''
            WHERE state = 'failed' AND rule = wanted RETURNING is_guarded, due_at),
        counted AS (
            UPDATE reminders_tally tally SET failed = failed - back.number FROM (
                SELECT (due_at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*)::integer AS number
                FROM put_back WHERE NOT is_guarded GROUP BY 1) back
            WHERE tally.rule = wanted AND tally.day = back.day)
        SELECT count(*) FILTER (WHERE NOT is_guarded) INTO again FROM put_back;
    END IF;
    RETURN coalesce(again, 0);
END
$$;
REVOKE ALL ON FUNCTION reminders_standing(timestamptz), reminders_retry(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reminders_standing(timestamptz), reminders_retry(text) TO liaison_app;
"""


class Migration(migrations.Migration):
    dependencies = [("reminders", "0005_engine"), ("accounts", "0006_faster_rights")]
    operations = [
        migrations.RunSQL(PLANS + MESSAGES + LETTERS + CHOICES, migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]
