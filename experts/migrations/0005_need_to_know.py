"""Keeping the need-to-know list (二（二）): by record number, through two named functions, with a history.

`liaison_app` may only read the list. The functions run as owner, so each checks the actor, the persons and
how many remain itself, and answers one word; to anybody but the security administrator, and about anything
but a restricted record, that word is `unknown`. A record's own row is the lock of its list.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"

FILL = """
UPDATE experts_needtoknow listed SET record_number = expert.record_number, uuid = gen_random_uuid()
FROM experts_expert expert WHERE expert.id = listed.content_object_id;
"""

TRIGGERS = """
CREATE FUNCTION experts_copy_number() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT record_number INTO NEW.record_number FROM experts_expert WHERE id = NEW.content_object_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER experts_needtoknow_number BEFORE INSERT ON experts_needtoknow
    FOR EACH ROW EXECUTE FUNCTION experts_copy_number();

CREATE FUNCTION experts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ended grants are append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER experts_endedgrant_append_only BEFORE UPDATE OR DELETE ON experts_endedgrant
    FOR EACH ROW EXECUTE FUNCTION experts_refuse_change();
CREATE TRIGGER experts_endedgrant_no_truncate BEFORE TRUNCATE ON experts_endedgrant
    FOR EACH STATEMENT EXECUTE FUNCTION experts_refuse_change();
ALTER TABLE experts_endedgrant ENABLE ALWAYS TRIGGER experts_endedgrant_append_only;
ALTER TABLE experts_endedgrant ENABLE ALWAYS TRIGGER experts_endedgrant_no_truncate;
"""

LOCKS = f"""
-- The records on whose lists the actor is today. Runs as owner, so that the policy below does not ask itself.
CREATE FUNCTION experts_own_lists() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT content_object_id FROM experts_needtoknow
    WHERE user_id = (SELECT accounts_actor_with('view')) AND expires_on >= {TODAY}
$$;
REVOKE ALL ON FUNCTION experts_own_lists() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_own_lists() TO liaison_app;

-- One's own grants first: that is all that the policy of the expert ever needs.
DROP POLICY experts_needtoknow_select ON experts_needtoknow;
CREATE POLICY experts_needtoknow_select ON experts_needtoknow FOR SELECT TO liaison_app USING (
    user_id = (SELECT accounts_actor_with('view'))
    OR (SELECT accounts_actor_as('security_admin')) IS NOT NULL
    OR content_object_id IN (SELECT experts_own_lists()));
ALTER TABLE experts_endedgrant ENABLE ROW LEVEL SECURITY;
ALTER TABLE experts_endedgrant FORCE ROW LEVEL SECURITY;
CREATE POLICY experts_endedgrant_select ON experts_endedgrant FOR SELECT TO liaison_app
    USING ((SELECT accounts_actor_as('security_admin')) IS NOT NULL);

-- Every night the worker moves what has run out.
CREATE POLICY experts_needtoknow_worker_select ON experts_needtoknow FOR SELECT TO liaison_worker
    USING (expires_on < {TODAY});
CREATE POLICY experts_needtoknow_worker_delete ON experts_needtoknow FOR DELETE TO liaison_worker
    USING (expires_on < {TODAY});
CREATE POLICY experts_endedgrant_worker_insert ON experts_endedgrant FOR INSERT TO liaison_worker
    WITH CHECK (expires_on < {TODAY} AND ended_by_id IS NULL);
"""

RULES = f"""
CREATE FUNCTION experts_holds(person bigint, wanted text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM accounts_user holder JOIN accounts_roleassignment held ON held.user_id = holder.id
        WHERE holder.id = person AND holder.is_active AND wanted = ANY (accounts_role_rights(held.role))
          AND held.since <= {TODAY} AND (held.until IS NULL OR held.until >= {TODAY}))
$$;

CREATE FUNCTION experts_is_blank(words text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT coalesce(btrim(words), '') = '' OR length(words) > 200 $$;

-- What is wrong with a grant, in one word, or null. The longest a grant may run is a year.
CREATE FUNCTION experts_grant_problem(person bigint, why text, approver bigint, until date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT CASE
        WHEN NOT experts_holds(person, 'view') THEN 'person'
        WHEN approver = person THEN 'own'
        WHEN NOT experts_holds(approver, 'approve') THEN 'approver'
        WHEN until IS NULL OR until <= {TODAY} OR until > ({TODAY} + interval '1 year')::date THEN 'expiry'
        WHEN experts_is_blank(why) THEN 'reason'
    END
$$;

-- Moves grants to the history with the caller's own privileges; returns the record numbers of those moved.
CREATE FUNCTION experts_move_grants(ended bigint[], ender bigint, why text) RETURNS SETOF text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH gone AS (DELETE FROM experts_needtoknow WHERE id = ANY (ended) RETURNING *),
    kept AS (
        INSERT INTO experts_endedgrant (expert_id, record_number, user_id, reason, approved_by_id, granted_at,
            expires_on, ended_at, ended_by_id, end_reason)
        SELECT content_object_id, record_number, user_id, reason, approved_by_id, granted_at,
            expires_on, now(), ender, why FROM gone)
    SELECT record_number FROM gone
$$;
CREATE FUNCTION experts_insert_grant(expert bigint, person bigint, why text, approver bigint, until date)
RETURNS void LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
    INSERT INTO experts_needtoknow (uuid, content_object_id, user_id, permission_id, reason, approved_by_id,
        granted_at, expires_on)
    SELECT gen_random_uuid(), expert, person, permission.id, why, approver, now(), until
    FROM auth_permission permission JOIN django_content_type kind ON kind.id = permission.content_type_id
    WHERE kind.app_label = 'experts' AND permission.codename = 'view_expert'
$$;
"""

ACTS = f"""
CREATE FUNCTION experts_set_grant(
    number text, person bigint, why text, approver bigint, until date, renewing boolean) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    actor bigint := accounts_actor_as('security_admin');
    record bigint;
    held experts_needtoknow;
    problem text := experts_grant_problem(person, why, approver, until);
BEGIN
    IF actor IS NULL THEN
        RETURN 'unknown';
    END IF;
    SELECT id INTO record FROM experts_expert WHERE record_number = number AND label = 2 FOR NO KEY UPDATE;
    IF record IS NULL THEN
        RETURN 'unknown';
    END IF;
    IF problem IS NOT NULL THEN
        RETURN problem;
    END IF;
    SELECT * INTO held FROM experts_needtoknow WHERE content_object_id = record AND user_id = person;
    IF held.id IS NULL AND renewing THEN
        RETURN 'unknown';
    ELSIF held.expires_on >= {TODAY} AND NOT renewing THEN
        RETURN 'twice';
    ELSIF held.expires_on >= {TODAY} THEN
        PERFORM experts_move_grants(ARRAY[held.id], actor, '续期');
    ELSIF held.id IS NOT NULL THEN
        PERFORM experts_move_grants(ARRAY[held.id], NULL, '到期');
    END IF;
    PERFORM experts_insert_grant(record, person, why, approver, until);
    RETURN 'done';
END
$$;

CREATE FUNCTION experts_end_grant(wanted uuid, why text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    actor bigint := accounts_actor_as('security_admin');
    held experts_needtoknow;
    remaining bigint;
BEGIN
    IF actor IS NULL THEN
        RETURN 'unknown';
    END IF;
    SELECT * INTO held FROM experts_needtoknow WHERE uuid = wanted;
    IF held.id IS NULL THEN
        RETURN 'unknown';
    END IF;
    PERFORM FROM experts_expert WHERE id = held.content_object_id FOR NO KEY UPDATE;
    IF experts_is_blank(why) THEN
        RETURN 'reason';
    END IF;
    SELECT count(*) INTO remaining FROM experts_needtoknow
    WHERE content_object_id = held.content_object_id AND id <> held.id AND expires_on >= {TODAY}
      AND experts_holds(user_id, 'view');
    IF remaining < 2 THEN
        RETURN 'two';
    END IF;
    PERFORM experts_move_grants(ARRAY[held.id], actor, why);
    RETURN CASE WHEN FOUND THEN 'done' ELSE 'unknown' END;
END
$$;

REVOKE ALL ON FUNCTION experts_holds(bigint, text), experts_is_blank(text),
    experts_grant_problem(bigint, text, bigint, date), experts_move_grants(bigint[], bigint, text),
    experts_insert_grant(bigint, bigint, text, bigint, date),
    experts_set_grant(text, bigint, text, bigint, date, boolean), experts_end_grant(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_move_grants(bigint[], bigint, text) TO liaison_worker;
GRANT EXECUTE ON FUNCTION experts_set_grant(text, bigint, text, bigint, date, boolean),
    experts_end_grant(uuid, text) TO liaison_app;
"""

BACKWARD = """
DROP FUNCTION experts_end_grant(uuid, text);
DROP FUNCTION experts_set_grant(text, bigint, text, bigint, date, boolean);
DROP FUNCTION experts_insert_grant(bigint, bigint, text, bigint, date);
DROP FUNCTION experts_move_grants(bigint[], bigint, text);
DROP FUNCTION experts_grant_problem(bigint, text, bigint, date);
DROP FUNCTION experts_is_blank(text);
DROP FUNCTION experts_holds(bigint, text);
DROP POLICY experts_needtoknow_worker_delete ON experts_needtoknow;
DROP POLICY experts_needtoknow_worker_select ON experts_needtoknow;
DROP POLICY experts_needtoknow_select ON experts_needtoknow;
CREATE POLICY experts_needtoknow_select ON experts_needtoknow FOR SELECT TO liaison_app USING (
    user_id = (SELECT core_actor()) OR (SELECT accounts_actor_as('security_admin')) IS NOT NULL);
DROP FUNCTION experts_own_lists();
DROP TRIGGER experts_needtoknow_number ON experts_needtoknow;
DROP TRIGGER experts_endedgrant_append_only ON experts_endedgrant;
DROP TRIGGER experts_endedgrant_no_truncate ON experts_endedgrant;
DROP FUNCTION experts_refuse_change();
DROP FUNCTION experts_copy_number();
"""


def person(words, **options):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        verbose_name=words,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0004_trail_of_record"),
        ("accounts", "0002_locks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="EndedGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="experts.expert",
                    ),
                ),
                ("record_number", models.CharField(max_length=11, verbose_name="档案号")),
                ("user", person("知悉人")),
                ("reason", models.CharField(max_length=200, verbose_name="事由")),
                ("approved_by", person("批准人")),
                ("granted_at", models.DateTimeField(verbose_name="授予时间")),
                ("expires_on", models.DateField(verbose_name="有效至")),
                ("ended_at", models.DateTimeField(verbose_name="结束时间")),
                ("ended_by", person("结束人", null=True)),
                ("end_reason", models.CharField(max_length=200, verbose_name="结束原因")),
            ],
            options={
                "verbose_name": "已结束的知悉授权",
                "verbose_name_plural": "已结束的知悉授权",
                "indexes": [models.Index(fields=["record_number"], name="ended_grant_by_record")],
                "constraints": [
                    models.CheckConstraint(condition=~models.Q(end_reason=""), name="ended_grant_has_reason")
                ],
            },
        ),
        migrations.AddField(
            model_name="needtoknow",
            name="record_number",
            field=models.CharField(max_length=11, null=True, editable=False, verbose_name="档案号"),
        ),
        migrations.AddField(
            model_name="needtoknow", name="uuid", field=models.UUIDField(null=True, editable=False)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="needtoknow",
            name="record_number",
            field=models.CharField(default=None, editable=False, max_length=11, verbose_name="档案号"),
        ),
        migrations.AlterField(
            model_name="needtoknow",
            name="uuid",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddIndex(
            model_name="needtoknow",
            index=models.Index(fields=["expires_on"], name="need_to_know_by_end"),
        ),
        migrations.AddConstraint(
            model_name="needtoknow",
            constraint=models.UniqueConstraint(fields=("user", "content_object"), name="need_to_know_once"),
        ),
        migrations.RunSQL(TRIGGERS + LOCKS + RULES + ACTS, BACKWARD),
    ]
