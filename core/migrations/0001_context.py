"""The signed actor: its key, which only the owner reads, and the function that checks it."""

from django.db import migrations

FORWARD = """
CREATE TABLE core_context_key (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL
);
REVOKE ALL ON core_context_key FROM PUBLIC;

CREATE FUNCTION core_actor() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    parts text[] := string_to_array(current_setting('app.actor', true), '|');
    pads core_context_key;
    message bytea;
BEGIN
    IF parts IS NULL OR cardinality(parts) <> 4
       OR parts[1] !~ '^[0-9]{1,18}$' OR parts[2] !~ '^[0-9]{1,12}$'
       OR parts[3] <> pg_backend_pid()::text
       OR abs(extract(epoch FROM clock_timestamp()) - parts[2]::bigint) > 900 THEN
        RETURN NULL;
    END IF;
    SELECT * INTO pads FROM core_context_key;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    message := convert_to(parts[1] || '|' || parts[2] || '|' || parts[3], 'UTF8');
    IF encode(sha256(pads.outer_pad || sha256(pads.inner_pad || message)), 'hex') <> parts[4] THEN
        RETURN NULL;
    END IF;
    RETURN parts[1]::bigint;
END
$$;
REVOKE ALL ON FUNCTION core_actor() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_actor() TO liaison_app, liaison_worker;
"""
BACKWARD = "DROP FUNCTION core_actor(); DROP TABLE core_context_key;"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
