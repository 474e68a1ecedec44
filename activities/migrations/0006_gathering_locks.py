"""Lock two for meetings and symposia: seen in reach of the unit that calls them, and by who is invited.

Nothing here hangs on an expert; the experts invited to a symposium have a table of their own.
"""

from importlib import import_module

from django.db import migrations

locks = import_module("experts.migrations.0002_locks")
roster = import_module("experts.migrations.0008_roster")
activities = import_module("activities.migrations.0002_locks")

SERIES, GATHERING, ITEM = "activities_series", "activities_gathering", "activities_agendaitem"
INVITATION = "activities_invitation"
RESOLUTION, NOTE = "activities_resolution", "activities_resolutionnote"
ACTOR = activities.ACTOR
ME = "(SELECT accounts_actor_with('view'))"  # whoever has lost every role sees nothing, invited or not
IN_VIEW, OURS = roster.place_in("view"), roster.place_in("change")


def units_in(right: str) -> str:
    return (
        f'unit_id IN (SELECT unit.id FROM accounts_unit unit WHERE unit."order" <@'
        f" (SELECT accounts_reach('{right}')))"
    )


# Runs as owner: asked by the policy of gatherings, which the policies of what it reads ask in turn.
INVITED = """
CREATE FUNCTION activities_invited() RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    me bigint := accounts_actor_with('view');
    reach int8multirange := accounts_reach('view');
BEGIN
    RETURN QUERY
        SELECT gathering_id FROM activities_invitation WHERE user_id = me OR delegate_id = me
        UNION SELECT gathering_id FROM activities_invitation asked JOIN accounts_unit unit ON unit.id = asked.unit_id
            WHERE unit."order" <@ reach
        UNION SELECT gathering_id FROM activities_resolution WHERE owner_id = me
        UNION SELECT gathering_id FROM activities_resolution owned JOIN accounts_unit unit ON unit.id = owned.unit_id
            WHERE unit."order" <@ reach;
END
$$;
REVOKE ALL ON FUNCTION activities_invited() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_invited() TO liaison_app;
"""
SEEN = f"({IN_VIEW} AND (NOT invited_only OR created_by_id = {ME}) OR id IN (SELECT activities_invited()))"
KNOWN = "EXISTS (SELECT FROM activities_gathering gathering WHERE gathering.id = gathering_id)"
OF_OURS = (
    f"EXISTS (SELECT FROM activities_gathering gathering WHERE gathering.id = gathering_id"
    f" AND gathering.{OURS})"
)
ANSWERS = f"(user_id = {ME} OR {units_in('change')} OR {OF_OURS})"
OWNS = f"(owner_id = {ME} OR {units_in('change')} OR {OF_OURS})"

GATHERING_LOCKS = (
    locks.enable(SERIES)
    + activities.placed(SERIES)
    + locks.policy(SERIES, "SELECT", IN_VIEW)
    + locks.policy(SERIES, "INSERT", f"{OURS} AND created_by_id = {ACTOR}")
    + locks.policy(SERIES, "UPDATE", OURS)
    + locks.enable(GATHERING)
    + activities.placed(GATHERING)
    + locks.policy(GATHERING, "SELECT", SEEN)
    + locks.policy(GATHERING, "INSERT", f"{OURS} AND created_by_id = {ACTOR}")
    + locks.policy(GATHERING, "UPDATE", f"{OURS} AND {SEEN}")
)


def hung(table: str, acts: dict[str, str]) -> str:
    """A table whose rows hang on a gathering."""
    return (
        locks.enable(table)
        + locks.policy(table, "SELECT", KNOWN)
        + "".join(locks.policy(table, act, f"{KNOWN} AND {condition}") for act, condition in acts.items())
    )


CHILDREN = (
    hung(ITEM, dict.fromkeys(("INSERT", "UPDATE", "DELETE"), OF_OURS))
    + hung(INVITATION, {"INSERT": OF_OURS, "UPDATE": ANSWERS, "DELETE": OF_OURS})
    + hung(
        RESOLUTION, {"INSERT": f"{OF_OURS} AND created_by_id = {ACTOR}", "UPDATE": OWNS, "DELETE": OF_OURS}
    )
    + locks.enable(NOTE)
    + locks.policy(
        NOTE, "SELECT", f"EXISTS (SELECT FROM {RESOLUTION} resolution WHERE resolution.id = resolution_id)"
    )
    + locks.policy(
        NOTE,
        "INSERT",
        f"by_id = {ACTOR} AND EXISTS (SELECT FROM {RESOLUTION} WHERE id = resolution_id AND {OWNS})",
    )
)


def guard(table: str, own: str) -> str:
    """Whoever does not keep the gathering changes nothing but their own part of the row."""
    name = f"activities_guard_{table.split('_')[1]}"
    return f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own text[] := '{{{own}}}';
BEGIN
    IF current_user = 'liaison_app' AND to_jsonb(NEW) - own <> to_jsonb(OLD) - own AND NOT EXISTS (
        SELECT FROM activities_gathering WHERE id = OLD.gathering_id AND place <@ accounts_reach('change'))
    THEN
        RAISE EXCEPTION 'only the unit that calls the gathering changes this'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
"""


GUARDS = guard(INVITATION, "reply,delegate_id,comes,note,replied_by_id,replied_at") + guard(
    RESOLUTION, "done_at,done_by_id,outcome,version,changed_at"
)
# The nightly job holds the meetings of series in store; liaison/privileges.py says which columns it reads.
WORKER = "".join(
    f"CREATE POLICY {table}_worker ON {table} FOR ALL TO liaison_worker USING (true) WITH CHECK (true);\n"
    for table in (SERIES, GATHERING, ITEM, INVITATION)
)


class Migration(migrations.Migration):
    dependencies = [("activities", "0005_gatherings")]
    operations = [
        migrations.RunSQL(INVITED + GATHERING_LOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(CHILDREN + GUARDS, migrations.RunSQL.noop),
        migrations.RunSQL(WORKER, migrations.RunSQL.noop),
    ]
