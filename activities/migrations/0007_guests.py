"""Experts at symposia, under the locks of the expert and of the gathering."""

import uuid
from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.fields

locks = import_module("experts.migrations.0002_locks")
roster = import_module("experts.migrations.0008_roster")
activities = import_module("activities.migrations.0002_locks")
gatherings = import_module("activities.migrations.0006_gathering_locks")

GUEST, SEEN = "activities_guest", activities.SEEN
LOCKS = (
    roster.child(GUEST)
    + f"""
CREATE TRIGGER {GUEST}_copy BEFORE INSERT ON {GUEST} FOR EACH ROW EXECUTE FUNCTION experts_copy_lock();
"""
    + locks.policy(GUEST, "SELECT", f"{SEEN} AND {gatherings.KNOWN}")
    + "".join(
        locks.policy(GUEST, act, f"{SEEN} AND {gatherings.KNOWN} AND {gatherings.OF_OURS}")
        for act in ("INSERT", "UPDATE", "DELETE")
    )
)


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0006_gathering_locks"),
        ("experts", "0016_linear_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Guest",
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
                    "attendance",
                    models.CharField(
                        blank=True,
                        choices=[("came", "到会"), ("excused", "请假"), ("absent", "缺席")],
                        max_length=10,
                        verbose_name="到会",
                    ),
                ),
                (
                    "added_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contact",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="guest",
                        to="activities.contact",
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="symposia",
                        to="experts.expert",
                    ),
                ),
                (
                    "gathering",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="guests",
                        to="activities.gathering",
                    ),
                ),
            ],
            options={
                "verbose_name": "邀请的专家",
                "verbose_name_plural": "邀请的专家",
                "indexes": [models.Index(fields=["expert"], name="guest_by_expert")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("attendance", "came"), _negated=True),
                            ("contact__isnull", False),
                            _connector="OR",
                        ),
                        name="guest_who_came_has_a_contact",
                    )
                ],
            },
        ),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]
