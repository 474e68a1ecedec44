"""A message to somebody else: the writer neither reads it back nor may write anything else into that inbox."""

from django.db import migrations

FORWARD = """
-- Runs as owner, for whoever holds a role: whom the act concerns is told, whether or not the writer sees more
-- of them than their name.
CREATE FUNCTION reminders_tell(recipients bigint[], words text, address text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told integer;
BEGIN
    IF accounts_actor_with('view') IS NULL THEN
        RAISE EXCEPTION 'only somebody who holds a role writes to others' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO reminders_message (uuid, recipient_id, text, url, created_at)
    SELECT gen_random_uuid(), id, words, address, now() FROM accounts_user
    WHERE id = ANY (recipients) AND is_active ORDER BY id;
    GET DIAGNOSTICS told = ROW_COUNT;
    RETURN told;
END
$$;
REVOKE ALL ON FUNCTION reminders_tell(bigint[], text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reminders_tell(bigint[], text, text) TO liaison_app;
"""


class Migration(migrations.Migration):
    dependencies = [("reminders", "0003_message_uuid"), ("accounts", "0006_faster_rights")]
    operations = [
        migrations.RunSQL(FORWARD, "DROP FUNCTION reminders_tell(bigint[], text, text);"),
    ]
