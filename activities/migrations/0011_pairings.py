"""What happens to pairings when an expert leaves a roster or dies, and when two records are merged."""

from django.db import migrations, models

TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
HEAD = "SET search_path = pg_catalog, public, pg_temp"
TOLD = "一位专家已退出联系范围，您与其的结对随之结束。"

CLOSING = f"""
-- Runs as owner: pairings end also in units that the actor does not reach. It looks itself whether the expert is
-- off the roster of the unit, or (`at` null) has died; it answers whether any that the actor may know of
-- ended. Whoever kept in touch is told, in words that name nobody.
CREATE FUNCTION activities_close_pairings(wanted uuid, at bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER {HEAD} AS $$
DECLARE
    actor bigint := core_actor();
    expert experts_expert;
    people bigint[];
    any_known boolean;
BEGIN
    SELECT * INTO expert FROM experts_expert WHERE uuid = wanted;
    IF actor IS NULL OR expert.id IS NULL OR at IS NULL AND expert.died_on IS NULL OR EXISTS (
        SELECT FROM experts_rosterentry entry
        WHERE entry.expert_id = expert.id AND entry.until IS NULL AND entry.unit_id = coalesce(at, entry.unit_id))
    THEN
        RETURN false;
    END IF;
    WITH closed AS (
        UPDATE activities_pairing pairing SET closed_by_id = actor, "end" = 'left_roster',
            until = greatest({TODAY}, pairing.since, (
                SELECT max(entry.until) FROM experts_rosterentry entry
                WHERE entry.expert_id = expert.id AND entry.unit_id = pairing.unit_id))
        WHERE pairing.expert_id = expert.id AND pairing.until IS NULL
          AND pairing.unit_id = coalesce(at, pairing.unit_id)
        RETURNING pairing.person_id, pairing.place)
    SELECT array_agg(DISTINCT person_id) FILTER (WHERE person_id <> actor),
        coalesce(bool_or(place <@ accounts_reach('view')), false) INTO people, any_known FROM closed;
    IF people IS NOT NULL THEN
        PERFORM reminders_tell(people, '{TOLD}', '/pairings/mine/');
    END IF;
    RETURN any_known;
END
$$;
REVOKE ALL ON FUNCTION activities_close_pairings(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_close_pairings(uuid, bigint) TO liaison_app;
"""

MERGING = f"""
-- A merge moves what hangs on the record that goes. Where the survivor has a leader or an officer of its own for
-- the same days, it keeps that one: the row stays where it is, out of sight, and comes back with an undo.
CREATE FUNCTION activities_stays_behind() RETURNS trigger LANGUAGE plpgsql {HEAD} AS $$
BEGIN
    IF EXISTS (
        SELECT FROM activities_pairing kept
        WHERE kept.expert_id = NEW.expert_id AND kept.unit_id = NEW.unit_id AND kept.kind = NEW.kind
          AND daterange(kept.since, kept.until) && daterange(NEW.since, NEW.until))
    THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER activities_pairing_stays_behind BEFORE UPDATE OF expert_id ON activities_pairing
    FOR EACH ROW WHEN (OLD.expert_id <> NEW.expert_id) EXECUTE FUNCTION activities_stays_behind();
"""
BACKWARD = """
DROP TRIGGER activities_pairing_stays_behind ON activities_pairing;
DROP FUNCTION activities_stays_behind();
DROP FUNCTION activities_close_pairings(uuid, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0010_briefings"), ("reminders", "0004_tell")]
    operations = [
        migrations.AddIndex(
            "pairing",
            models.Index(
                condition=models.Q(("until__isnull", True)),
                fields=["sort_key", "id"],
                name="pairing_by_name",
            ),
        ),
        migrations.RunSQL(CLOSING + MERGING, BACKWARD),
    ]
