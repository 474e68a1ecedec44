"""The roster and the proposals that decide it (二（二）, 二（三）): tables, locks, and no overlapping entries."""

import uuid
from importlib import import_module

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import core.fields
import experts.models.proposal

held = import_module("experts.migrations.0007_held")
locks = import_module("experts.migrations.0002_locks")

SEEN = f"({held.readable('expert_id', 'view')})"


def place_in(right: str) -> str:
    return f"place <@ (SELECT accounts_reach('{right}'))"


def child(table: str) -> str:
    """A table whose rows hang on an expert: locked, filled in, and following its expert."""
    return (
        locks.enable(table)
        + f"""
ALTER TABLE {table} ADD CONSTRAINT {table}_lock FOREIGN KEY (expert_id, label, unit_order)
    REFERENCES experts_expert (id, label, unit_order) ON UPDATE CASCADE ON DELETE CASCADE;
CREATE TRIGGER experts_expert_{table} AFTER UPDATE ON experts_expert REFERENCING OLD TABLE AS before
    NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION experts_follow('{table}');
"""
    )


FOLLOW = """
-- Runs as owner: `held`, which no foreign key carries, follows the expert on every table named here. A table
-- with a copy of the name's key follows that too.
CREATE FUNCTION experts_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM after JOIN before USING (id) WHERE before.held IS DISTINCT FROM after.held) THEN
        EXECUTE format('UPDATE %I child SET held = after.held FROM after JOIN before USING (id)
            WHERE child.expert_id = after.id AND before.held IS DISTINCT FROM after.held', TG_ARGV[0]);
    END IF;
    IF TG_ARGV[0] = 'experts_rosterentry'
        AND EXISTS (SELECT FROM after JOIN before USING (id) WHERE before.sort_key <> after.sort_key)
    THEN
        UPDATE experts_rosterentry entry SET sort_key = after.sort_key FROM after JOIN before USING (id)
        WHERE entry.expert_id = after.id AND before.sort_key <> after.sort_key;
    END IF;
    RETURN NULL;
END
$$;
"""
PLACES = """
CREATE FUNCTION experts_copy_place() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT "order" INTO NEW.place FROM accounts_unit WHERE id = NEW.unit_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER experts_proposal_place BEFORE INSERT OR UPDATE OF unit_id ON experts_proposal
    FOR EACH ROW EXECUTE FUNCTION experts_copy_place();
CREATE TRIGGER experts_rosterentry_place BEFORE INSERT OR UPDATE OF unit_id ON experts_rosterentry
    FOR EACH ROW EXECUTE FUNCTION experts_copy_place();
ALTER TABLE experts_proposal ADD CONSTRAINT proposal_place FOREIGN KEY (unit_id, place)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
ALTER TABLE experts_rosterentry ADD CONSTRAINT entry_place FOREIGN KEY (unit_id, place)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
"""
ENTRY = (
    child("experts_rosterentry")
    + """
CREATE FUNCTION experts_copy_entry() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT label, unit_order, held, sort_key INTO NEW.label, NEW.unit_order, NEW.held, NEW.sort_key
    FROM experts_expert WHERE id = NEW.expert_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER experts_rosterentry_copy BEFORE INSERT ON experts_rosterentry FOR EACH ROW
    WHEN (NEW.label IS NULL) EXECUTE FUNCTION experts_copy_entry();
-- Two entries of one expert on one unit's roster never share a day.
ALTER TABLE experts_rosterentry ADD CONSTRAINT entry_no_overlap EXCLUDE USING gist (
    int8range(expert_id, expert_id, '[]') WITH &&, int8range(unit_id, unit_id, '[]') WITH &&,
    daterange(since, until) WITH &&);
"""
    + locks.policy("experts_rosterentry", "SELECT", f"{place_in('view')} AND {SEEN}")
    + locks.policy("experts_rosterentry", "INSERT", f"{place_in('approve')} AND {SEEN}")
    + locks.policy("experts_rosterentry", "UPDATE", f"{place_in('approve')} AND {SEEN}")
)
# Runs as owner: asked by the policy of the lines, which the policy of the proposal asks in turn.
BEING_WRITTEN = """
CREATE FUNCTION experts_being_written(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM experts_proposal WHERE id = wanted AND state IN ('draft', 'returned')
                   AND place <@ accounts_reach('change'))
$$;
REVOKE ALL ON FUNCTION experts_being_written(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_being_written(bigint) TO liaison_app;
"""
LINE = (
    child("experts_proposalline")
    + """
CREATE TRIGGER experts_proposalline_copy BEFORE INSERT ON experts_proposalline FOR EACH ROW
    WHEN (NEW.label IS NULL) EXECUTE FUNCTION experts_copy_lock();
"""
    + locks.policy("experts_proposalline", "SELECT", SEEN)
    + "".join(
        locks.policy("experts_proposalline", act, f"{SEEN} AND experts_being_written(proposal_id)")
        for act in ("INSERT", "UPDATE", "DELETE")
    )
)
# Nobody learns of a proposal about people they do not see; whoever drafts one sees it before it has a line.
NAMED = "EXISTS (SELECT FROM experts_proposalline line WHERE line.proposal_id = experts_proposal.id)"
OWN = "drafted_by_id = (SELECT core_actor())"
PROPOSAL = (
    locks.enable("experts_proposal")
    + locks.policy("experts_proposal", "SELECT", f"{place_in('view')} AND ({OWN} OR {NAMED})")
    + locks.policy("experts_proposal", "INSERT", f"{place_in('change')} AND {OWN} AND state = 'draft'")
    + locks.policy("experts_proposal", "UPDATE", place_in("change"))
)
KNOWN = "EXISTS (SELECT FROM experts_proposal proposal WHERE proposal.id = proposal_id)"
ACT = (
    locks.enable("experts_proposalact")
    + locks.policy("experts_proposalact", "SELECT", KNOWN)
    + locks.policy("experts_proposalact", "INSERT", f"by_id = (SELECT core_actor()) AND {KNOWN}")
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_faster_rights"),
        ("experts", "0007_held"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "number",
                    models.CharField(
                        default=experts.models.proposal.new_proposal_number,
                        editable=False,
                        max_length=18,
                        unique=True,
                        verbose_name="编号",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("admit", "纳入"),
                            ("rescope", "调整"),
                            ("exit", "退出"),
                            ("readmit", "重新纳入"),
                        ],
                        max_length=8,
                        verbose_name="事项",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "起草"),
                            ("submitted", "待审核"),
                            ("reviewed", "待审批"),
                            ("approved", "已批准"),
                            ("returned", "已退回"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("place", models.BigIntegerField(default=None, editable=False)),
                (
                    "effective_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="生效日期"),
                ),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="说明")),
                ("line_count", models.PositiveIntegerField(default=0, editable=False)),
                ("reviews", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("drafted_at", models.DateTimeField(auto_now_add=True, verbose_name="起草时间")),
                ("approved_at", models.DateTimeField(null=True, verbose_name="批准时间")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审批人",
                    ),
                ),
                (
                    "drafted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="起草人",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审核人",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="提交人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "名单提案",
                "verbose_name_plural": "名单提案",
                "indexes": [
                    models.Index(fields=["place", "-id"], name="proposal_by_unit"),
                    models.Index(
                        condition=models.Q(("state__in", ("draft", "submitted", "reviewed", "returned"))),
                        fields=["state", "place"],
                        name="proposal_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("reviewed_by__isnull", False),
                                ("submitted_by__isnull", False),
                                models.Q(("approved_by", models.F("submitted_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="proposal_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_by__isnull", False), ("state", "approved")),
                            models.Q(
                                models.Q(("state", "approved"), _negated=True), ("approved_by__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="proposal_approved_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProposalAct",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("submit", "提交"),
                            ("review", "审核"),
                            ("approve", "批准"),
                            ("return", "退回"),
                            ("withdraw", "撤回"),
                        ],
                        max_length=10,
                        verbose_name="办理",
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="意见")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="办理人",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acts",
                        to="experts.proposal",
                    ),
                ),
            ],
            options={
                "verbose_name": "办理记录",
                "verbose_name_plural": "办理记录",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ProposalLine",
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
                (
                    "scope",
                    models.CharField(
                        blank=True,
                        choices=[("key", "重点联系"), ("general", "普遍联系")],
                        max_length=8,
                        verbose_name="联系范围",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("science_engineering", "自然科学与工程技术"),
                            ("humanities_arts", "哲学社会科学与文化艺术"),
                            ("high_skill", "高技能人才"),
                            ("social_work", "社会工作专业人才"),
                            ("rural_practical", "农村实用人才"),
                            ("entrepreneur", "创业人才"),
                            ("other", "其他专家人才"),
                        ],
                        max_length=30,
                        verbose_name="类别",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=40, verbose_name="理由")),
                ("conditions_met", models.BooleanField(default=False, verbose_name="符合基本条件")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="experts.expert",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="experts.proposal",
                    ),
                ),
            ],
            options={
                "verbose_name": "提案名单",
                "verbose_name_plural": "提案名单",
                "indexes": [
                    models.Index(fields=["expert"], name="proposal_line_by_expert"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("proposal", "expert"),
                        name="proposal_line_once",
                        violation_error_message="这位专家已经在这份提案里。",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RosterEntry",
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
                ("place", models.BigIntegerField(default=None, editable=False)),
                (
                    "sort_key",
                    models.CharField(db_collation="C", default=None, editable=False, max_length=200),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[("key", "重点联系"), ("general", "普遍联系")],
                        max_length=8,
                        verbose_name="联系范围",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("science_engineering", "自然科学与工程技术"),
                            ("humanities_arts", "哲学社会科学与文化艺术"),
                            ("high_skill", "高技能人才"),
                            ("social_work", "社会工作专业人才"),
                            ("rural_practical", "农村实用人才"),
                            ("entrepreneur", "创业人才"),
                            ("other", "其他专家人才"),
                        ],
                        max_length=30,
                        verbose_name="类别",
                    ),
                ),
                ("basis", models.JSONField(default=list)),
                ("since", models.DateField(verbose_name="列入")),
                ("until", models.DateField(blank=True, null=True, verbose_name="退出")),
                (
                    "closed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closed",
                        to="experts.proposal",
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="experts.expert",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opened",
                        to="experts.proposal",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "名单",
                "verbose_name_plural": "名单",
                "indexes": [
                    models.Index(fields=["unit", "sort_key", "id"], name="entry_by_name"),
                    models.Index(fields=["expert"], name="entry_by_expert"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True), ("until__gt", models.F("since")), _connector="OR"
                        ),
                        name="entry_period_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_by__isnull", True), ("until__isnull", True)),
                            models.Q(("closed_by__isnull", False), ("until__isnull", False)),
                            _connector="OR",
                        ),
                        name="entry_closed_by_proposal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["key", "general"])), name="entry_scope_known"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            FOLLOW + PLACES + ENTRY + BEING_WRITTEN + PROPOSAL + LINE + ACT, migrations.RunSQL.noop
        ),
    ]
