"""Restricting a record and lifting the restriction (二（二）): asked by one person, decided by another.

Either may end the sight of whoever decides, which an UPDATE under policy cannot do, so one named function
does it as owner. It checks the actor's sight, right and four eyes, the state and the persons itself.
"""

import uuid
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

locks = import_module("experts.migrations.0002_locks")
TABLE, TODAY = "experts_restrictionrequest", locks.TODAY

# A request begins as one's own pending one; after that only the function below writes it.
OWN_AND_NEW = (
    "requested_by_id = (SELECT core_actor()) AND state = 'pending' AND note = '' "
    "AND (kind = 'restrict') = (label < 2)"
)
LOCKS = (
    locks.enable(TABLE)
    + locks.policy(TABLE, "SELECT", locks.readable("expert_id"))
    + locks.policy(TABLE, "INSERT", f"({locks.writable('expert_id')}) AND {OWN_AND_NEW}")
    + f"""
CREATE TRIGGER {TABLE}_copy BEFORE INSERT ON {TABLE} FOR EACH ROW WHEN (NEW.label IS NULL)
    EXECUTE FUNCTION experts_copy_lock();
ALTER TABLE {TABLE} ADD CONSTRAINT {TABLE}_lock FOREIGN KEY (expert_id, label, unit_order)
    REFERENCES experts_expert (id, label, unit_order) ON UPDATE CASCADE ON DELETE CASCADE;
"""
)

GUARD = """
-- Nobody restricts or lifts by a plain UPDATE, not even a person on the list: only the function below does.
CREATE FUNCTION experts_guard_label() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_user IN ('liaison_app', 'liaison_worker') THEN
        RAISE EXCEPTION 'a restriction is set and lifted by request and approval'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER experts_expert_label BEFORE UPDATE OF label ON experts_expert
    FOR EACH ROW WHEN ((OLD.label = 2) <> (NEW.label = 2)) EXECUTE FUNCTION experts_guard_label();
"""
DECIDE = f"""
-- Whether the actor holds the right over a record: by list where it is restricted, else by its managing unit.
CREATE FUNCTION experts_actor_reaches(expert bigint, its_label smallint, its_order bigint, wanted text)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT CASE
        WHEN its_label = 2 THEN EXISTS (
            SELECT FROM experts_needtoknow WHERE content_object_id = expert
            AND user_id = accounts_actor_with(wanted) AND expires_on >= {TODAY})
        ELSE its_label <= accounts_clearance() AND its_order <@ accounts_reach(wanted)
    END
$$;

CREATE FUNCTION experts_restriction_problem(asked experts_restrictionrequest, actor bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT CASE
        WHEN actor = ANY (asked.persons) THEN 'listed'
        WHEN cardinality(asked.persons) < 2 OR EXISTS (
            SELECT FROM unnest(asked.persons) person
            GROUP BY person HAVING count(*) > 1 OR NOT coalesce(experts_holds(person, 'view'), false))
        THEN 'persons'
        ELSE (SELECT min(experts_grant_problem(person, asked.reason, actor, asked.expires_on))
              FROM unnest(asked.persons) person)
    END
$$;

CREATE FUNCTION experts_decide_restriction(wanted uuid, decision text, remark text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    actor bigint := core_actor();
    asked experts_restrictionrequest;
    problem text;
BEGIN
    PERFORM FROM experts_expert WHERE id = (
        SELECT expert_id FROM experts_restrictionrequest WHERE uuid = wanted) FOR NO KEY UPDATE;
    SELECT * INTO asked FROM experts_restrictionrequest WHERE uuid = wanted FOR UPDATE;
    IF actor IS NULL OR asked.id IS NULL
       OR decision IS NULL OR decision NOT IN ('approved', 'refused', 'withdrawn')
       OR experts_actor_reaches(asked.expert_id, asked.label, asked.unit_order, CASE
            WHEN decision = 'withdrawn' OR asked.label = 2 THEN 'change' ELSE 'approve' END) IS NOT TRUE
       OR (decision = 'withdrawn' AND actor <> asked.requested_by_id) THEN
        RETURN 'unknown';
    ELSIF asked.state <> 'pending' OR (asked.kind = 'restrict') <> (asked.label < 2) THEN
        RETURN 'decided';
    ELSIF decision <> 'withdrawn' AND actor = asked.requested_by_id THEN
        RETURN 'own';
    ELSIF decision = 'refused' AND experts_is_blank(remark) THEN
        RETURN 'note';
    END IF;
    IF decision = 'approved' AND asked.kind = 'restrict' THEN
        problem := experts_restriction_problem(asked, actor);
        IF problem IS NOT NULL THEN
            RETURN problem;
        END IF;
        PERFORM experts_insert_grant(asked.expert_id, person, asked.reason, actor, asked.expires_on)
        FROM unnest(asked.persons) person;
    ELSIF decision = 'approved' THEN
        PERFORM experts_move_grants(
            ARRAY(SELECT id FROM experts_needtoknow WHERE content_object_id = asked.expert_id),
            actor, '解除限知悉');
    END IF;
    UPDATE experts_restrictionrequest
    SET state = decision, decided_by_id = actor, decided_at = now(), note = left(coalesce(remark, ''), 200)
    WHERE id = asked.id;
    IF decision = 'approved' THEN
        UPDATE experts_expert
        SET label = coalesce(asked.new_label, 2), version = version + 1, updated_at = now(),
            updated_by_id = actor
        WHERE id = asked.expert_id;
    END IF;
    RETURN 'done';
END
$$;
REVOKE ALL ON FUNCTION experts_actor_reaches(bigint, smallint, bigint, text),
    experts_restriction_problem(experts_restrictionrequest, bigint),
    experts_decide_restriction(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_decide_restriction(uuid, text, text) TO liaison_app;
"""
BACKWARD = """
DROP TRIGGER experts_expert_label ON experts_expert;
DROP FUNCTION experts_guard_label();
DROP FUNCTION experts_decide_restriction(uuid, text, text);
DROP FUNCTION experts_restriction_problem(experts_restrictionrequest, bigint);
DROP FUNCTION experts_actor_reaches(bigint, smallint, bigint, text);
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
        ("experts", "0005_need_to_know"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="RestrictionRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.SmallIntegerField(default=None, editable=False)),
                ("unit_order", models.BigIntegerField(default=None, editable=False)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="restrictions",
                        to="experts.expert",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("restrict", "设为限知悉"), ("unrestrict", "解除限知悉")],
                        max_length=10,
                        verbose_name="申请",
                    ),
                ),
                (
                    "new_label",
                    models.SmallIntegerField(
                        choices=[(0, "内部"), (1, "敏感")], null=True, verbose_name="解除后的标签"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="申请理由")),
                ("secrecy_officer", models.CharField(max_length=60, verbose_name="保密干部")),
                ("confirmed_on", models.DateField(verbose_name="书面确认日期")),
                (
                    "persons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="知悉人",
                    ),
                ),
                ("expires_on", models.DateField(null=True, verbose_name="有效至")),
                ("requested_by", person("申请人")),
                ("requested_at", models.DateTimeField(auto_now_add=True, verbose_name="申请时间")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "待批准"),
                            ("approved", "已批准"),
                            ("refused", "未批准"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("decided_by", person("办理人", null=True)),
                ("decided_at", models.DateTimeField(null=True, verbose_name="办理时间")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="办理意见")),
            ],
            options={
                "verbose_name": "限知悉申请",
                "verbose_name_plural": "限知悉申请",
                "ordering": ["-requested_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["expert"], condition=Q(state="pending"), name="restriction_pending_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(state="pending", decided_by__isnull=True, decided_at__isnull=True)
                        | Q(~Q(state="pending"), decided_by__isnull=False, decided_at__isnull=False),
                        name="restriction_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=Q(decided_by__isnull=True)
                        | Q(state="withdrawn", decided_by=F("requested_by"))
                        | Q(~Q(state="withdrawn"), ~Q(decided_by=F("requested_by"))),
                        name="restriction_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            kind="restrict",
                            new_label__isnull=True,
                            expires_on__isnull=False,
                            persons__len__gte=2,
                        )
                        | Q(
                            kind="unrestrict",
                            new_label__in=[0, 1],
                            expires_on__isnull=True,
                            persons=[],
                        ),
                        name="restriction_whole",
                    ),
                ],
            },
        ),
        migrations.RunSQL(LOCKS + GUARD + DECIDE, BACKWARD),
    ]
