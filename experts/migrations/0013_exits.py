"""Mandatory exits 应退 (二（三）): tables and locks.

Cases and what is said in them have the right to sensitive fields. The facts of a case never change; who decides
holds the right to approve over the expert, and is not who asked (constraints).
"""

import uuid
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.fields

locks = import_module("experts.migrations.0002_locks")
held = import_module("experts.migrations.0007_held")
roster = import_module("experts.migrations.0008_roster")

CASE, TEXT = "experts_mandatoryexit", "experts_exittext"
ACTOR = "(SELECT core_actor())"
SEEN = f"({held.readable('expert_id', 'sensitive')})"
WRITABLE = f"({locks.writable('expert_id')})"
DECIDES = f"({locks.cleared('approve')} OR {locks.on_list('expert_id', 'approve')})"


def copied(table: str) -> str:
    """Always, whatever the row says: what it copies decides who sees it."""
    return f"""
CREATE TRIGGER {table}_copy BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION experts_copy_lock();
"""


CASE_LOCKS = (
    roster.child(CASE)
    + copied(CASE)
    + locks.policy(CASE, "SELECT", SEEN)
    + locks.policy(
        CASE,
        "INSERT",
        f"{SEEN} AND {WRITABLE} AND registered_by_id = {ACTOR} AND state = 'pending' AND told_on IS NULL"
        " AND NOT could_not_be_told AND review = ''",
    )
    + f"""
CREATE POLICY {CASE}_update ON {CASE} FOR UPDATE TO liaison_app USING ({SEEN} AND {WRITABLE})
    WITH CHECK ({SEEN} AND {WRITABLE} AND (state = 'pending' OR review = 'asked' OR {DECIDES}));
-- A case goes from pending to approved or refused, and from approved to reversed; nothing else moves, and each
-- step bears the name of who took it.
CREATE FUNCTION experts_guard_exit() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told text[] := '{{told_on,could_not_be_told}}';
    decision text[] := '{{state,decided_by_id,decided_at,proposals}}';
    asking text[] := '{{review,review_asked_by_id,review_asked_at}}';
    reviewing text[] := '{{state,review,review_by_id,review_at}}';
    following text[] := '{{label,unit_order,held}}';
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
BEGIN
    IF current_user NOT IN ('liaison_app', 'liaison_worker') OR before - following = after - following THEN
        RETURN NEW;
    ELSIF OLD.state = 'pending' AND NEW.state = 'pending' AND NOT OLD.could_not_be_told AND OLD.told_on IS NULL
        AND before - told = after - told THEN
        RETURN NEW;
    ELSIF OLD.state = 'pending' AND NEW.state IN ('approved', 'refused') AND NEW.decided_by_id = core_actor()
        AND before - decision = after - decision THEN
        RETURN NEW;
    ELSIF OLD.state = 'approved' AND OLD.review = '' AND NEW.review = 'asked'
        AND NEW.review_asked_by_id = core_actor() AND before - asking = after - asking THEN
        RETURN NEW;
    ELSIF OLD.review = 'asked' AND NEW.review IN ('upheld', 'reversed') AND NEW.review_by_id = core_actor()
        AND before - reviewing = after - reviewing THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a case of mandatory exit goes its own way only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER {CASE}_way BEFORE UPDATE ON {CASE} FOR EACH ROW EXECUTE FUNCTION experts_guard_exit();
"""
)
# Of a reversed case nobody reads but who approves.
KNOWN = (
    f"EXISTS (SELECT FROM {CASE} kept WHERE kept.id = case_id AND kept.expert_id = {TEXT}.expert_id"
    f" AND (kept.state <> 'reversed' OR {locks.cleared('approve')} OR {locks.on_list('kept.expert_id', 'approve')}))"
)
TEXT_LOCKS = (
    roster.child(TEXT)
    + copied(TEXT)
    + locks.policy(TEXT, "SELECT", f"{SEEN} AND {KNOWN}")
    + locks.policy(TEXT, "INSERT", f"{SEEN} AND {WRITABLE} AND {KNOWN}")
)
DEATH = "experts_death"
DEATH_SEEN = f"({held.readable('expert_id', 'view')})"
DEATH_LOCKS = (
    roster.child(DEATH)
    + copied(DEATH)
    + locks.policy(DEATH, "SELECT", DEATH_SEEN)
    + """
-- Nobody marks a record by a plain UPDATE: the functions below close and reopen the entries with it.
CREATE FUNCTION experts_guard_death() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_user IN ('liaison_app', 'liaison_worker') THEN
        RAISE EXCEPTION 'a death is registered and corrected by its functions'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER experts_expert_death BEFORE UPDATE OF died_on ON experts_expert
    FOR EACH ROW WHEN (OLD.died_on IS DISTINCT FROM NEW.died_on) EXECUTE FUNCTION experts_guard_death();

-- A proposal that stands for a registration: made whole by one person, of one line. Returns its number.
CREATE FUNCTION experts_register_proposal(
    its_kind text, its_unit bigint, day date, actor bigint, about bigint, was experts_rosterentry)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO experts_proposal (uuid, number, kind, state, unit_id, effective_on, note, line_count, reviews,
        version, is_registration, drafted_by_id, drafted_at, submitted_by_id, reviewed_by_id, approved_by_id,
        approved_at)
    VALUES (gen_random_uuid(),
        'TA-' || to_char(day, 'YYYYMMDD') || '-'
            || translate(upper(left(replace(gen_random_uuid()::text, '-', ''), 6)), '01', 'GH'),
        its_kind, 'approved', its_unit, day, '', 1, 0, 1, true, actor, now(), actor, actor, actor, now())
    RETURNING id INTO made;
    INSERT INTO experts_proposalline (uuid, proposal_id, expert_id, scope, category, reason, conditions_met, note)
    VALUES (gen_random_uuid(), made, about, CASE its_kind WHEN 'exit' THEN '' ELSE was.scope END, was.category,
        CASE its_kind WHEN 'exit' THEN 'deceased' ELSE '' END, its_kind <> 'exit', '');
    INSERT INTO experts_proposalact (proposal_id, step, by_id, at, note)
    VALUES (made, 'approve', actor, now(), '');
    RETURN made;
END
$$;

CREATE FUNCTION experts_register_death(wanted uuid, day date, said text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    actor bigint := core_actor();
    today date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
    expert experts_expert;
    entry experts_rosterentry;
    made bigint;
    all_made bigint[] := '{}';
BEGIN
    SELECT * INTO expert FROM experts_expert WHERE uuid = wanted FOR NO KEY UPDATE;
    IF actor IS NULL OR expert.id IS NULL OR day IS NULL OR day > today OR experts_is_blank(said)
       OR experts_actor_reaches(expert.id, expert.label, expert.unit_order, 'change') IS NOT TRUE THEN
        RETURN 'unknown';
    ELSIF expert.died_on IS NOT NULL THEN
        RETURN 'registered';
    END IF;
    FOR entry IN SELECT * FROM experts_rosterentry WHERE expert_id = expert.id AND until IS NULL ORDER BY place
    LOOP
        made := experts_register_proposal(
            'exit', entry.unit_id, greatest(today, entry.since + 1), actor, expert.id, entry);
        UPDATE experts_rosterentry SET until = greatest(today, since + 1), closed_by_id = made
        WHERE id = entry.id;
        all_made := all_made || made;
    END LOOP;
    INSERT INTO experts_death (uuid, expert_id, died_on, source, registered_by_id, registered_at, proposals,
        correction)
    VALUES (gen_random_uuid(), expert.id, day, left(said, 200), actor, now(), all_made, '');
    UPDATE experts_expert SET died_on = day, version = version + 1, updated_at = now(), updated_by_id = actor
    WHERE id = expert.id;
    RETURN 'done';
END
$$;

CREATE FUNCTION experts_correct_death(wanted uuid, remark text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    actor bigint := core_actor();
    today date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
    expert experts_expert;
    death experts_death;
    entry experts_rosterentry;
    made bigint;
BEGIN
    SELECT * INTO expert FROM experts_expert WHERE uuid = wanted FOR NO KEY UPDATE;
    SELECT * INTO death FROM experts_death WHERE expert_id = expert.id AND corrected_at IS NULL;
    IF actor IS NULL OR expert.id IS NULL OR experts_is_blank(remark)
       OR experts_actor_reaches(expert.id, expert.label, expert.unit_order, 'change') IS NOT TRUE THEN
        RETURN 'unknown';
    ELSIF death.id IS NULL OR death.registered_at < now() - interval '30 days' THEN
        RETURN 'unregistered';
    ELSIF death.registered_by_id = actor THEN
        RETURN 'own';
    END IF;
    FOR entry IN SELECT * FROM experts_rosterentry WHERE closed_by_id = ANY (death.proposals) ORDER BY place
    LOOP
        made := experts_register_proposal(
            'readmit', entry.unit_id, greatest(today, entry.until), actor, expert.id, entry);
        INSERT INTO experts_rosterentry (uuid, expert_id, unit_id, scope, category, basis, since, opened_by_id)
        VALUES (gen_random_uuid(), expert.id, entry.unit_id, entry.scope, entry.category, entry.basis,
            greatest(today, entry.until), made);
    END LOOP;
    UPDATE experts_death SET corrected_by_id = actor, corrected_at = now(), correction = left(remark, 200)
    WHERE id = death.id;
    UPDATE experts_expert SET died_on = NULL, version = version + 1, updated_at = now(), updated_by_id = actor
    WHERE id = expert.id;
    RETURN 'done';
END
$$;
REVOKE ALL ON FUNCTION
    experts_register_proposal(text, bigint, date, bigint, bigint, experts_rosterentry),
    experts_register_death(uuid, date, text), experts_correct_death(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_register_death(uuid, date, text), experts_correct_death(uuid, text)
    TO liaison_app;
-- Only these functions register; what people propose is decided by two.
ALTER POLICY experts_proposal_insert ON experts_proposal
    WITH CHECK ("""
    + roster.place_in("change")
    + " AND "
    + roster.OWN
    + """ AND state = 'draft' AND NOT is_registration);
ALTER POLICY experts_proposal_update ON experts_proposal
    USING ("""
    + roster.place_in("change")
    + ") WITH CHECK ("
    + roster.place_in("change")
    + """ AND NOT is_registration);
"""
)
# Facts are kept for as many years as the unit has set after the last decision; the system deletes them then.
CLOSED = "state <> 'pending' AND review <> 'asked'"
OUTLIVED = f"EXISTS (SELECT FROM {CASE} kept WHERE kept.id = case_id AND {CLOSED})"
RETENTION = f"""
CREATE POLICY {CASE}_worker_select ON {CASE} FOR SELECT TO liaison_worker USING ({CLOSED});
CREATE POLICY {TEXT}_worker_select ON {TEXT} FOR SELECT TO liaison_worker USING ({OUTLIVED});
CREATE POLICY {TEXT}_worker_delete ON {TEXT} FOR DELETE TO liaison_worker USING ({OUTLIVED});
"""
BACKWARD = f"""
DROP POLICY {TEXT}_worker_select ON {TEXT};
DROP POLICY {TEXT}_worker_delete ON {TEXT};
DROP TRIGGER experts_expert_{CASE} ON experts_expert;
DROP TRIGGER experts_expert_{TEXT} ON experts_expert;
DROP POLICY {TEXT}_select ON {TEXT};
DROP POLICY {TEXT}_insert ON {TEXT};
DROP TRIGGER {CASE}_way ON {CASE};
DROP FUNCTION experts_guard_exit();
"""
BACKWARD_OF_DEATHS = f"""
ALTER POLICY experts_proposal_insert ON experts_proposal
    WITH CHECK ({roster.place_in("change")} AND {roster.OWN} AND state = 'draft');
ALTER POLICY experts_proposal_update ON experts_proposal
    USING ({roster.place_in("change")}) WITH CHECK ({roster.place_in("change")});
DROP FUNCTION experts_register_death(uuid, date, text);
DROP FUNCTION experts_correct_death(uuid, text);
DROP FUNCTION experts_register_proposal(text, bigint, date, bigint, bigint, experts_rosterentry);
DROP TRIGGER experts_expert_death ON experts_expert;
DROP FUNCTION experts_guard_death();
DROP TRIGGER experts_expert_{DEATH} ON experts_expert;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0012_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="ExitText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.SmallIntegerField(default=None, editable=False)),
                ("unit_order", models.BigIntegerField(default=None, editable=False)),
                ("held", core.fields.NumberSetField(default=None, editable=False, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("reason", "情形"),
                            ("facts", "事实依据"),
                            ("document", "结论文件"),
                            ("untold", "未能告知的原因"),
                            ("statement", "本人申辩"),
                            ("opinion", "审批意见"),
                            ("review_reason", "复核理由"),
                            ("review_opinion", "复核意见"),
                        ],
                        max_length=20,
                        verbose_name="内容",
                    ),
                ),
                ("ciphertext", models.BinaryField()),
                ("key_id", models.CharField(max_length=20)),
            ],
            options={
                "verbose_name": "应退情形和事实",
                "verbose_name_plural": "应退情形和事实",
            },
        ),
        migrations.CreateModel(
            name="MandatoryExit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.SmallIntegerField(default=None, editable=False)),
                ("unit_order", models.BigIntegerField(default=None, editable=False)),
                ("held", core.fields.NumberSetField(default=None, editable=False, null=True)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("known_on", models.DateField(verbose_name="知悉日期")),
                ("due_on", models.DateField(verbose_name="办理期限")),
                ("told_on", models.DateField(null=True, verbose_name="告知本人日期")),
                ("could_not_be_told", models.BooleanField(default=False, verbose_name="未能告知")),
                ("registered_at", models.DateTimeField(auto_now_add=True, verbose_name="登记时间")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "待审批"),
                            ("approved", "已退出"),
                            ("refused", "未批准"),
                            ("reversed", "复核撤销"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="审批时间")),
                (
                    "proposals",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "review",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "未复核"),
                            ("asked", "复核中"),
                            ("upheld", "复核维持"),
                            ("reversed", "复核撤销"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="复核",
                    ),
                ),
                ("review_asked_at", models.DateTimeField(null=True, verbose_name="申请复核时间")),
                ("review_at", models.DateTimeField(null=True, verbose_name="复核时间")),
            ],
            options={
                "verbose_name": "应退办理",
                "verbose_name_plural": "应退办理",
                "indexes": [
                    models.Index(fields=["due_on", "id"], name="exit_by_due"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("due_on__gte", models.F("known_on"))), name="exit_days_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("told_on__isnull", True),
                            models.Q(("could_not_be_told", False), ("told_on__gte", models.F("known_on"))),
                            _connector="OR",
                        ),
                        name="exit_told_or_not",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["pending", "refused"]),
                            ("told_on__isnull", False),
                            ("could_not_be_told", True),
                            _connector="OR",
                        ),
                        name="exit_heard_before_approval",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("review__in", ["", "asked", "upheld"]),
                                ("state__in", ["pending", "approved", "refused"]),
                                models.Q(("review", ""), ("state", "approved"), _connector="OR"),
                            ),
                            models.Q(("review", "reversed"), ("state", "reversed")),
                            _connector="OR",
                        ),
                        name="exit_review_of_an_approved",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="exittext",
            name="expert",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="experts.expert",
            ),
        ),
        migrations.AddField(
            model_name="mandatoryexit",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="审批人",
            ),
        ),
        migrations.AddField(
            model_name="mandatoryexit",
            name="expert",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="exits",
                to="experts.expert",
            ),
        ),
        migrations.AddField(
            model_name="mandatoryexit",
            name="registered_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="登记人",
            ),
        ),
        migrations.AddField(
            model_name="mandatoryexit",
            name="review_asked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="复核申请人",
            ),
        ),
        migrations.AddField(
            model_name="mandatoryexit",
            name="review_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="复核人",
            ),
        ),
        migrations.AddField(
            model_name="exittext",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="texts",
                to="experts.mandatoryexit",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandatoryexit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending")), fields=("expert",), name="exit_pending_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="mandatoryexit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "pending")
                    ),
                    models.Q(
                        models.Q(("state", "pending"), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="exit_decided_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandatoryexit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("registered_by")), _negated=True),
                    _connector="OR",
                ),
                name="exit_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandatoryexit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("review", ""), ("review_asked_at__isnull", True), ("review_asked_by__isnull", True)
                    ),
                    models.Q(
                        models.Q(("review", ""), _negated=True),
                        ("review_asked_at__isnull", False),
                        ("review_asked_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="exit_review_asked_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandatoryexit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("review__in", ["", "asked"]),
                        ("review_at__isnull", True),
                        ("review_by__isnull", True),
                    ),
                    models.Q(
                        ("review__in", ["upheld", "reversed"]),
                        ("review_at__isnull", False),
                        ("review_by__isnull", False),
                        models.Q(("review_by", models.F("review_asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="exit_review_four_eyes",
            ),
        ),
        migrations.AddIndex(
            model_name="exittext",
            index=models.Index(fields=["expert"], name="exit_text_by_expert"),
        ),
        migrations.AddConstraint(
            model_name="exittext",
            constraint=models.UniqueConstraint(fields=("case", "kind"), name="exit_text_once"),
        ),
        migrations.RunSQL(CASE_LOCKS + TEXT_LOCKS + RETENTION, BACKWARD),
        migrations.CreateModel(
            name="Death",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.SmallIntegerField(default=None, editable=False)),
                ("unit_order", models.BigIntegerField(default=None, editable=False)),
                ("held", core.fields.NumberSetField(default=None, editable=False, null=True)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("died_on", models.DateField(verbose_name="去世日期")),
                ("source", models.CharField(max_length=200, verbose_name="信息来源")),
                ("registered_at", models.DateTimeField(verbose_name="登记时间")),
                (
                    "proposals",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("corrected_at", models.DateTimeField(null=True, verbose_name="更正时间")),
                ("correction", models.CharField(blank=True, max_length=200, verbose_name="更正理由")),
            ],
            options={
                "verbose_name": "去世登记",
                "verbose_name_plural": "去世登记",
            },
        ),
        migrations.RemoveConstraint(
            model_name="proposal",
            name="proposal_four_eyes",
        ),
        migrations.AddField(
            model_name="expert",
            name="died_on",
            field=models.DateField(editable=False, null=True, verbose_name="去世日期"),
        ),
        migrations.AddField(
            model_name="proposal",
            name="is_registration",
            field=models.BooleanField(default=False, editable=False, verbose_name="登记"),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(
                        ("approved_at__isnull", False),
                        ("reviewed_by__isnull", False),
                        ("submitted_by__isnull", False),
                        models.Q(
                            ("is_registration", True),
                            models.Q(("approved_by", models.F("submitted_by")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="proposal_four_eyes",
            ),
        ),
        migrations.AddField(
            model_name="death",
            name="corrected_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="更正人",
            ),
        ),
        migrations.AddField(
            model_name="death",
            name="expert",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deaths",
                to="experts.expert",
            ),
        ),
        migrations.AddField(
            model_name="death",
            name="registered_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="登记人",
            ),
        ),
        migrations.AddConstraint(
            model_name="death",
            constraint=models.UniqueConstraint(
                condition=models.Q(("corrected_at__isnull", True)),
                fields=("expert",),
                name="death_standing_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="death",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrected_at__isnull", True), ("corrected_by__isnull", True)),
                    models.Q(
                        ("corrected_at__isnull", False),
                        ("corrected_by__isnull", False),
                        models.Q(("corrected_by", models.F("registered_by")), _negated=True),
                        models.Q(("correction", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="death_corrected_by_another",
            ),
        ),
        migrations.RunSQL(DEATH_LOCKS, BACKWARD_OF_DEATHS),
    ]
