"""Lock two for pairings, contacts and what hangs on them.

Whoever sees an expert sees who was in touch with them, from whichever unit, so that two units do not call on
one person in the same week; which leader and officer a unit has chosen shows in that unit's own reach only.
"""

from importlib import import_module

from django.db import migrations

locks = import_module("experts.migrations.0002_locks")
held = import_module("experts.migrations.0007_held")
roster = import_module("experts.migrations.0008_roster")

PAIRING, CONTACT = "activities_pairing", "activities_contact"
PERSON, FOLLOW_UP = "activities_contactperson", "activities_followup"
ACTOR = "(SELECT core_actor())"
SEEN = f"({held.readable('expert_id', 'view')})"
OURS = roster.place_in("change")
NOT_ANOTHER_DRAFT = f"(state <> 'draft' OR recorded_by_id = {ACTOR})"


def placed(table: str) -> str:
    """The unit's number beside the unit, following it."""
    return f"""
CREATE TRIGGER {table}_place BEFORE INSERT OR UPDATE OF unit_id ON {table}
    FOR EACH ROW EXECUTE FUNCTION experts_copy_place();
ALTER TABLE {table} ADD CONSTRAINT {table}_place FOREIGN KEY (unit_id, place)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
"""


def named(table: str) -> str:
    """The key of the expert's name, which follows the name."""
    return f"""
CREATE TRIGGER activities_follow_name_{table} AFTER UPDATE ON experts_expert REFERENCING OLD TABLE AS before
    NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION activities_follow_name('{table}');
"""


NAMES = """
-- Runs as owner: the order of lists follows the expert's name, also out of the writer's sight.
CREATE FUNCTION activities_follow_name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM after JOIN before USING (id) WHERE before.sort_key <> after.sort_key) THEN
        EXECUTE format('UPDATE %I child SET sort_key = after.sort_key FROM after JOIN before USING (id)
            WHERE child.expert_id = after.id AND before.sort_key <> after.sort_key', TG_ARGV[0]);
    END IF;
    RETURN NULL;
END
$$;
"""
PAIRING_LOCKS = (
    roster.child(PAIRING)
    + placed(PAIRING)
    + named(PAIRING)
    + f"""
CREATE TRIGGER {PAIRING}_copy BEFORE INSERT ON {PAIRING} FOR EACH ROW EXECUTE FUNCTION experts_copy_entry();
-- One leader and one officer of an expert in a unit on any day.
ALTER TABLE {PAIRING} ADD CONSTRAINT pairing_no_overlap EXCLUDE USING gist (
    int8range(expert_id, expert_id, '[]') WITH &&, int8range(unit_id, unit_id, '[]') WITH &&,
    int4range(ascii(kind), ascii(kind), '[]') WITH &&, daterange(since, until) WITH &&);
"""
    + locks.policy(PAIRING, "SELECT", f"{roster.place_in('view')} AND {SEEN}")
    + locks.policy(PAIRING, "INSERT", f"{OURS} AND {SEEN} AND opened_by_id = {ACTOR}")
    + locks.policy(PAIRING, "UPDATE", f"{OURS} AND {SEEN}")
)
CONTACT_LOCKS = (
    roster.child(CONTACT)
    + placed(CONTACT)
    + f"""
CREATE TRIGGER {CONTACT}_copy BEFORE INSERT ON {CONTACT} FOR EACH ROW EXECUTE FUNCTION experts_copy_lock();
"""
    + locks.policy(CONTACT, "SELECT", f"{SEEN} AND {NOT_ANOTHER_DRAFT}")
    + locks.policy(
        CONTACT, "INSERT", f"{OURS} AND {SEEN} AND (recorded_by_id = {ACTOR} OR planned_by_id = {ACTOR})"
    )
    + locks.policy(CONTACT, "UPDATE", f"{OURS} AND {SEEN} AND {NOT_ANOTHER_DRAFT}")
    + locks.policy(CONTACT, "DELETE", f"{OURS} AND {SEEN} AND state = 'draft' AND recorded_by_id = {ACTOR}")
)
COPY_CONTACT = """
-- What hangs on a contact hangs on its expert; a contact that the writer does not see is not found.
CREATE FUNCTION activities_copy_contact() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT expert_id, label, unit_order, held INTO NEW.expert_id, NEW.label, NEW.unit_order, NEW.held
    FROM activities_contact WHERE id = NEW.contact_id;
    RETURN NEW;
END
$$;
"""
KNOWN = "EXISTS (SELECT FROM activities_contact contact WHERE contact.id = contact_id)"
OUR_CONTACT = (
    f"EXISTS (SELECT FROM activities_contact contact WHERE contact.id = contact_id AND contact.{OURS})"
)


def hung(table: str, acts: tuple[str, ...]) -> str:
    """A table whose rows hang on a contact, and through it on the expert."""
    return (
        roster.child(table)
        + f"""
CREATE TRIGGER {table}_copy BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION activities_copy_contact();
"""
        + locks.policy(table, "SELECT", f"{SEEN} AND {KNOWN}")
        + "".join(locks.policy(table, act, f"{SEEN} AND {OUR_CONTACT}") for act in acts)
    )


class Migration(migrations.Migration):
    dependencies = [("activities", "0001_initial"), ("experts", "0014_roster_tally")]
    operations = [
        migrations.RunSQL(NAMES + PAIRING_LOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(CONTACT_LOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(
            COPY_CONTACT
            + hung(PERSON, ("INSERT", "UPDATE", "DELETE"))
            + hung(FOLLOW_UP, ("INSERT", "UPDATE", "DELETE")),
            migrations.RunSQL.noop,
        ),
    ]
