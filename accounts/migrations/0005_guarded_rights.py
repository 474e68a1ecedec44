"""Rights are given by administrators, in the database too: a statement slipped into a page gives its user
neither a role nor a higher clearance.

Everybody may read who works where, because that decides every right. Only the security administrator's own
context writes roles and clearances, and only an administrator's changes what an account is for or opens it.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_guard_roles() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_user IN ('liaison_app', 'liaison_worker') AND accounts_actor_as('security_admin') IS NULL THEN
        RAISE EXCEPTION 'roles are given by the security administrator only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER accounts_roleassignment_guard AFTER INSERT OR UPDATE OR DELETE ON accounts_roleassignment
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_guard_roles();

CREATE FUNCTION accounts_guard_rights() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before accounts_user;
BEGIN
    IF current_user NOT IN ('liaison_app', 'liaison_worker') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        before := OLD;
    END IF;
    IF NEW.clearance > coalesce(before.clearance, 0) AND accounts_actor_as('security_admin') IS NULL
        OR (NEW.duty, NEW.is_active) IS DISTINCT FROM (before.duty, before.is_active)
        AND accounts_actor_as('system_admin') IS NULL AND accounts_actor_as('security_admin') IS NULL
    THEN
        RAISE EXCEPTION 'rights of an account are changed by administrators only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER accounts_user_guard BEFORE INSERT OR UPDATE OF clearance, duty, is_active ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_rights();
"""
BACKWARD = """
DROP TRIGGER accounts_user_guard ON accounts_user;
DROP FUNCTION accounts_guard_rights();
DROP TRIGGER accounts_roleassignment_guard ON accounts_roleassignment;
DROP FUNCTION accounts_guard_roles();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_trail")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
