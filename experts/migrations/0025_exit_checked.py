"""Mandatory exits are approved at two levels (二（三））: another person checks before the head decides."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

CASE = "experts_mandatoryexit"
GUARD = """
CREATE OR REPLACE FUNCTION experts_guard_exit() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    told text[] := '{{told_on,could_not_be_told}}';
    checking text[] := '{{checked_by_id,checked_at}}';
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
        RETURN NEW;{checked}
    ELSIF OLD.state = 'pending' AND NEW.state IN ('approved', 'refused') AND NEW.decided_by_id = core_actor(){two}
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
"""
CHECKED = """
    ELSIF OLD.state = 'pending' AND NEW.state = 'pending' AND OLD.checked_by_id IS NULL
        AND NEW.checked_by_id = core_actor() AND before - checking = after - checking THEN
        RETURN NEW;"""
TWO_LEVELS = " AND (NEW.state = 'refused' OR NEW.checked_by_id IS NOT NULL)"
# Restrictive: beside what 0013 asks of a new case.
UNCHECKED = f"""
CREATE POLICY {CASE}_unchecked ON {CASE} AS RESTRICTIVE FOR INSERT TO liaison_app
    WITH CHECK (checked_by_id IS NULL);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0024_keys_that_wait"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="mandatoryexit",
            name="checked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="审核人",
            ),
        ),
        migrations.AddField(
            model_name="mandatoryexit",
            name="checked_at",
            field=models.DateTimeField(null=True, verbose_name="审核时间"),
        ),
        migrations.AlterField(
            model_name="exittext",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reason", "情形"),
                    ("facts", "事实依据"),
                    ("document", "结论文件"),
                    ("untold", "未能告知的原因"),
                    ("statement", "本人申辩"),
                    ("check", "审核意见"),
                    ("opinion", "审批意见"),
                    ("review_reason", "复核理由"),
                    ("review_opinion", "复核意见"),
                ],
                max_length=20,
                verbose_name="内容",
            ),
        ),
        migrations.RemoveConstraint(model_name="mandatoryexit", name="exit_four_eyes"),
        migrations.AddConstraint(
            model_name="mandatoryexit",
            constraint=models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | ~Q(decided_by=F("registered_by")) & ~Q(decided_by=F("checked_by")),
                name="exit_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="mandatoryexit",
            constraint=models.CheckConstraint(
                condition=Q(checked_by__isnull=True, checked_at__isnull=True)
                | Q(checked_by__isnull=False, checked_at__isnull=False) & ~Q(checked_by=F("registered_by")),
                name="exit_checked_by_another",
            ),
        ),
        migrations.RunSQL(
            GUARD.format(checked=CHECKED, two=TWO_LEVELS) + UNCHECKED,
            GUARD.format(checked="", two="") + f"DROP POLICY {CASE}_unchecked ON {CASE};",
        ),
    ]
