"""A preview is its uploader's unit's: row-level security on imports, their rows and the memory of columns."""

from django.db import migrations

FORWARD = """
-- The very units (not their subtrees) in which the actor holds the right.
CREATE FUNCTION accounts_held_units(wanted text) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(array_agg(held.unit_id), ARRAY[]::bigint[])
    FROM accounts_user person JOIN accounts_roleassignment held ON held.user_id = person.id
    WHERE person.id = core_actor() AND person.is_active
      AND wanted = ANY (accounts_role_rights(held.role))
      AND held.since <= (now() AT TIME ZONE 'Asia/Shanghai')::date
      AND (held.until IS NULL OR held.until >= (now() AT TIME ZONE 'Asia/Shanghai')::date)
$$;
REVOKE ALL ON FUNCTION accounts_held_units(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION accounts_held_units(text) TO liaison_app;
"""
BACKWARD = "DROP FUNCTION accounts_held_units(text);"

OWNERS = {
    "exchange_rosterimport": "owner_unit_id",
    "exchange_rosterrow": "owner_unit_id",
    "exchange_columnmemory": "unit_id",
}
OLD = "now() - interval '7 days'"


def protect(table: str, column: str) -> str:
    mine = f"{column} = ANY ((SELECT accounts_held_units('change'))::bigint[])"
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY {table}_select ON {table} FOR SELECT TO liaison_app USING ({mine});
CREATE POLICY {table}_insert ON {table} FOR INSERT TO liaison_app WITH CHECK ({mine});
CREATE POLICY {table}_update ON {table} FOR UPDATE TO liaison_app USING ({mine}) WITH CHECK ({mine});
CREATE POLICY {table}_delete ON {table} FOR DELETE TO liaison_app USING ({mine});
"""


# The purge sees and touches only what is due: imports older than seven days and their rows.
PURGE = f"""
CREATE POLICY exchange_rosterimport_purge ON exchange_rosterimport FOR ALL TO liaison_worker
    USING (uploaded_at < {OLD}) WITH CHECK (uploaded_at < {OLD});
CREATE POLICY exchange_rosterrow_purge ON exchange_rosterrow FOR ALL TO liaison_worker
    USING (roster_id IN (SELECT id FROM exchange_rosterimport WHERE uploaded_at < {OLD}));
"""
PROTECT = "".join(protect(table, column) for table, column in OWNERS.items()) + PURGE
UNPROTECT = "".join(
    f"DROP POLICY IF EXISTS {table}_{act} ON {table};"
    for table in OWNERS
    for act in ("select", "insert", "update", "delete", "purge")
) + "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in OWNERS
)


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial"), ("accounts", "0002_locks")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD), migrations.RunSQL(PROTECT, UNPROTECT)]
