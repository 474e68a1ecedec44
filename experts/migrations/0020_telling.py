"""Telling the officers concerned of what happened to an expert, in words that name nobody (二（三）).

An inbox is its owner's, and who holds an expert or is on its list is not for everybody to know: this function
finds whom it concerns, writes to them, and answers nothing.
"""

from importlib import import_module

from django.db import migrations

locks = import_module("experts.migrations.0002_locks")
TODAY = locks.TODAY
IN_FORCE = f"held.since <= {TODAY} AND (held.until IS NULL OR held.until >= {TODAY})"
KEEPS = f"'change' = ANY (accounts_role_rights(held.role)) AND {IN_FORCE}"

FORWARD = f"""
-- Of each unit its own people who keep records with this label, or those of the nearest unit above that has any.
CREATE FUNCTION experts_keepers_of(units bigint[], its_label smallint) RETURNS TABLE (person bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT DISTINCT user_id FROM (
        SELECT held.user_id, place."order", max(place."order") OVER (PARTITION BY wanted.id) AS nearest
        FROM accounts_unit wanted
        JOIN accounts_unit place ON wanted."order" BETWEEN place."order" AND place.order_end
        JOIN accounts_roleassignment held ON held.unit_id = place.id AND {KEEPS}
        JOIN accounts_user person ON person.id = held.user_id AND person.is_active AND person.clearance >= its_label
        WHERE wanted.id = ANY (units)) found
    WHERE "order" = nearest
$$;

-- Whom something about these experts concerns: those who keep them for the given units, or where none are given
-- for every unit that holds them; of a restricted one nobody but those on its list. `sees` says whether the
-- record can still be opened when the units that are `left` hold it no longer.
CREATE FUNCTION experts_concerned(about bigint[], at_units bigint[], left_units bigint[])
RETURNS TABLE (expert uuid, person bigint, sees boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH subject AS (SELECT * FROM experts_expert WHERE id = ANY (about)),
    keeper AS (
        SELECT subject.id, found.person FROM subject, experts_keepers_of(coalesce(at_units, ARRAY(
            SELECT subject.unit_id
            UNION SELECT unit_id FROM experts_holder WHERE expert_id = subject.id
            UNION SELECT unit_id FROM experts_rosterentry WHERE expert_id = subject.id AND until IS NULL
            )), subject.label) found
        WHERE subject.label < 2
        UNION
        SELECT subject.id, listed.user_id FROM subject JOIN experts_needtoknow listed
            ON listed.content_object_id = subject.id AND listed.expires_on >= {TODAY}
        JOIN accounts_user person ON person.id = listed.user_id AND person.is_active
        WHERE subject.label = 2 AND EXISTS (
            SELECT FROM accounts_roleassignment held JOIN accounts_unit place ON place.id = held.unit_id
            LEFT JOIN accounts_unit wanted ON wanted.id = ANY (at_units)
            WHERE held.user_id = listed.user_id AND {KEEPS}
            AND (at_units IS NULL OR wanted."order" BETWEEN place."order" AND place.order_end)))
    SELECT subject.uuid, keeper.person, subject.label = 2 OR EXISTS (
        SELECT FROM accounts_roleassignment held JOIN accounts_unit place ON place.id = held.unit_id
        WHERE held.user_id = keeper.person AND 'view' = ANY (accounts_role_rights(held.role)) AND {IN_FORCE}
        AND (subject.unit_order BETWEEN place."order" AND place.order_end OR EXISTS (
            SELECT FROM experts_holder holder WHERE holder.expert_id = subject.id
            AND holder.unit_id <> ALL (left_units)
            AND holder.unit_order BETWEEN place."order" AND place.order_end)))
    FROM keeper JOIN subject ON subject.id = keeper.id
$$;

-- One line for each person: `one` about a single expert, `many` with a number in the place of {{}}. It leads to
-- the record where the person can open it, else to `elsewhere`.
CREATE FUNCTION experts_write_to(
    about bigint[], at_units bigint[], left_units bigint[], one text, many text, record text, elsewhere text)
RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
    INSERT INTO reminders_message (recipient_id, text, url, created_at)
    SELECT person, left(CASE count(*) WHEN 1 THEN one ELSE replace(many, '{{}}', count(*)::text) END, 200),
        CASE WHEN count(*) = 1 AND bool_and(sees) THEN replace(record, '{{}}', min(expert::text)) ELSE elsewhere END,
        now()
    FROM experts_concerned(about, at_units, coalesce(left_units, '{{}}'))
    WHERE person IS DISTINCT FROM core_actor() GROUP BY person ORDER BY person
$$;

-- For acts on experts that the actor sees: what is out of sight is passed over without a word.
CREATE FUNCTION experts_tell(
    about uuid[], at_units bigint[], left_units bigint[], one text, many text, record text, elsewhere text)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT experts_write_to(ARRAY(
        SELECT id FROM experts_expert expert WHERE uuid = ANY (about) AND core_actor() IS NOT NULL
        AND (experts_actor_reaches(id, label, unit_order, 'view')
            OR label < 2 AND label <= accounts_clearance() AND held && accounts_reach('view'))),
        at_units, left_units, one, many, record, elsewhere)
$$;
REVOKE ALL ON FUNCTION experts_keepers_of(bigint[], smallint), experts_concerned(bigint[], bigint[], bigint[]),
    experts_write_to(bigint[], bigint[], bigint[], text, text, text, text),
    experts_tell(uuid[], bigint[], bigint[], text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_tell(uuid[], bigint[], bigint[], text, text, text, text) TO liaison_app;
"""
BACKWARD = """
DROP FUNCTION experts_tell(uuid[], bigint[], bigint[], text, text, text, text);
DROP FUNCTION experts_write_to(bigint[], bigint[], bigint[], text, text, text, text);
DROP FUNCTION experts_concerned(bigint[], bigint[], bigint[]);
DROP FUNCTION experts_keepers_of(bigint[], smallint);
"""


class Migration(migrations.Migration):
    dependencies = [("experts", "0019_merged_whole"), ("reminders", "0003_message_uuid")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
