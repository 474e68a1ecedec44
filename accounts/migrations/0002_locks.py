"""What the database itself knows about people: duties that exclude each other, and each user's reach."""

from django.db import migrations

FORWARD = """
-- An account has one duty; a role of another duty cannot be given to it (三员分立).
ALTER TABLE accounts_user ADD CONSTRAINT user_duty_key UNIQUE (id, duty);
ALTER TABLE accounts_roleassignment ADD CONSTRAINT assignment_within_duty
    FOREIGN KEY (user_id, duty) REFERENCES accounts_user (id, duty);
-- Records carry their unit's number; this key lets them follow when a unit is renumbered.
ALTER TABLE accounts_unit ADD CONSTRAINT unit_order_key UNIQUE (id, "order");

-- The same table as accounts/roles.py; a test compares them.
CREATE FUNCTION accounts_role_rights(role text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE role
    WHEN 'liaison_officer' THEN ARRAY['view', 'change', 'sensitive', 'catalogue']
    WHEN 'department_head' THEN ARRAY['view', 'change', 'sensitive', 'catalogue', 'approve']
    WHEN 'leader' THEN ARRAY['view']
    ELSE ARRAY[]::text[]
END;

-- The subtrees in which the actor holds the right; empty without a valid context or for a disabled user.
CREATE FUNCTION accounts_reach(wanted text) RETURNS int8multirange
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(range_agg(int8range(unit."order", unit.order_end, '[]')), '{}'::int8multirange)
    FROM accounts_user person
    JOIN accounts_roleassignment held ON held.user_id = person.id
    JOIN accounts_unit unit ON unit.id = held.unit_id
    WHERE person.id = core_actor() AND person.is_active
      AND wanted = ANY (accounts_role_rights(held.role))
      AND held.since <= (now() AT TIME ZONE 'Asia/Shanghai')::date
      AND (held.until IS NULL OR held.until >= (now() AT TIME ZONE 'Asia/Shanghai')::date)
$$;

-- The actor's number if they hold the right anywhere, else null.
CREATE FUNCTION accounts_actor_with(wanted text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT CASE WHEN isempty(accounts_reach(wanted)) THEN NULL ELSE core_actor() END $$;

-- The highest label that the actor sees by role (0 internal, 1 sensitive); -1 without a valid context.
CREATE FUNCTION accounts_clearance() RETURNS smallint
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(
        (SELECT least(clearance, 1::smallint) FROM accounts_user WHERE id = core_actor() AND is_active),
        (-1)::smallint)
$$;

-- The actor's number if they hold this role today, else null.
CREATE FUNCTION accounts_actor_as(wanted text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT person.id FROM accounts_user person
    JOIN accounts_roleassignment held ON held.user_id = person.id
    WHERE person.id = core_actor() AND person.is_active AND held.role = wanted
      AND held.since <= (now() AT TIME ZONE 'Asia/Shanghai')::date
      AND (held.until IS NULL OR held.until >= (now() AT TIME ZONE 'Asia/Shanghai')::date)
    LIMIT 1
$$;

REVOKE ALL ON FUNCTION accounts_reach(text), accounts_actor_with(text), accounts_actor_as(text),
    accounts_clearance() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_reach(text), accounts_actor_with(text), accounts_actor_as(text),
    accounts_clearance() TO liaison_app, liaison_worker;
"""
BACKWARD = """
DROP FUNCTION accounts_actor_as(text);
DROP FUNCTION accounts_clearance();
DROP FUNCTION accounts_actor_with(text);
DROP FUNCTION accounts_reach(text);
DROP FUNCTION accounts_role_rights(text);
ALTER TABLE accounts_unit DROP CONSTRAINT unit_order_key;
ALTER TABLE accounts_roleassignment DROP CONSTRAINT assignment_within_duty;
ALTER TABLE accounts_user DROP CONSTRAINT user_duty_key;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("core", "0001_context")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
