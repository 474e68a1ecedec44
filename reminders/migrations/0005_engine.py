"""Planned reminders, the outbox, what people choose, and what a reminder leaves in the inbox."""

import datetime
import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_faster_rights"),
        ("reminders", "0004_tell"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Habit",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("quiet_from", models.TimeField(default=datetime.time(21, 0), verbose_name="免打扰开始")),
                ("quiet_until", models.TimeField(default=datetime.time(8, 0), verbose_name="免打扰结束")),
                (
                    "hides_birthdays",
                    models.BooleanField(default=False, verbose_name="生日提醒打开前不显示内容"),
                ),
            ],
            options={
                "verbose_name": "提醒习惯",
                "verbose_name_plural": "提醒习惯",
            },
        ),
        migrations.CreateModel(
            name="PlanMark",
            fields=[
                ("rule", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("planned_until", models.DateTimeField()),
                ("ticked_at", models.DateTimeField()),
                ("took_ms", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "计划到何时",
                "verbose_name_plural": "计划到何时",
            },
        ),
        migrations.CreateModel(
            name="PlannedReminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=40)),
                ("subject", models.BigIntegerField()),
                ("expert_id", models.BigIntegerField(null=True)),
                ("is_guarded", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "待发"),
                            ("sent", "已发"),
                            ("dropped", "不再需要"),
                            ("failed", "未发出"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=100)),
                ("planned_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "计划的提醒",
                "verbose_name_plural": "计划的提醒",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["next_at", "id"],
                        name="reminder_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("settled_at__isnull", False)),
                        fields=["settled_at"],
                        name="reminder_settled",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "dropped", "failed"])),
                        name="reminder_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("state__in", ["waiting", "failed"])),
                            models.Q(("settled_at__isnull", False), ("state__in", ["sent", "dropped"])),
                            _connector="OR",
                        ),
                        name="reminder_settled_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=40)),
                (
                    "mail",
                    models.CharField(
                        choices=[("off", "不发邮件"), ("digest", "每日汇总"), ("now", "随时发送")],
                        max_length=8,
                        verbose_name="邮件",
                    ),
                ),
            ],
            options={
                "verbose_name": "提醒偏好",
                "verbose_name_plural": "提醒偏好",
            },
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=40)),
                ("day", models.DateField(verbose_name="日期")),
                ("planned", models.PositiveIntegerField(default=0, verbose_name="计划")),
                ("sent", models.PositiveIntegerField(default=0, verbose_name="已发")),
                ("dropped", models.PositiveIntegerField(default=0, verbose_name="不再需要")),
                ("failed", models.PositiveIntegerField(default=0, verbose_name="未发出")),
                ("late_seconds", models.BigIntegerField(default=0)),
                ("latest_seconds", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "提醒数量",
                "verbose_name_plural": "提醒数量",
                "indexes": [
                    models.Index(fields=["day"], name="reminder_tally_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "day"), name="reminder_tally_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="message",
            name="done_at",
            field=models.DateTimeField(null=True, verbose_name="办结时间"),
        ),
        migrations.AddField(
            model_name="message",
            name="due_at",
            field=models.DateTimeField(null=True, verbose_name="到期"),
        ),
        migrations.AddField(
            model_name="message",
            name="expert_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="mail",
            field=models.CharField(
                choices=[("off", "不发邮件"), ("digest", "每日汇总"), ("now", "随时发送")],
                db_default="off",
                default="off",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="reminder",
            field=models.BigIntegerField(null=True, unique=True),
        ),
        migrations.AddField(
            model_name="message",
            name="rule",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="message",
            name="subject",
            field=models.BigIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("message", "随时发送"), ("digest", "每日汇总"), ("test", "测试邮件")],
                        max_length=8,
                        verbose_name="种类",
                    ),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                ("address", models.EmailField(blank=True, max_length=254, verbose_name="测试地址")),
                (
                    "rules",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="建立时间")),
                ("next_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="次数")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "待发"),
                            ("sent", "已发"),
                            ("needless", "不必再发"),
                            ("dead", "未发出"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=200, verbose_name="原因")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="发出时间")),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "邮件",
                "verbose_name_plural": "邮件",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["next_at", "id"],
                        name="letter_waiting",
                    ),
                    models.Index(condition=models.Q(("state", "dead")), fields=["-id"], name="letter_dead"),
                    models.Index(fields=["created_at"], name="letter_by_time"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "needless", "dead"])),
                        name="letter_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "test"), ("address", ""), _connector="OR"),
                        name="letter_address_of_a_test",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="message",
            name="letter",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="messages",
                to="reminders.letter",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("letter__isnull", True), ("mail", "digest"), ("read_at__isnull", True)),
                fields=["recipient"],
                name="message_for_digest",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("letter__isnull", False)), fields=["letter"], name="message_of_letter"
            ),
        ),
        migrations.AddField(
            model_name="plannedreminder",
            name="recipient",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="preference",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedreminder",
            constraint=models.UniqueConstraint(
                fields=("rule", "subject", "recipient", "due_at"), name="reminder_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.UniqueConstraint(fields=("user", "rule"), name="preference_once"),
        ),
    ]
