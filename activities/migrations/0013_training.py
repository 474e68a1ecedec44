"""Training 研修: plans, classes, sessions, nominations, materials. Their locks follow in 0014."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_first_leader"),
        ("activities", "0012_leaders_told"),
        ("experts", "0021_takeover"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TrainingClass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("place", models.BigIntegerField(default=None, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("national", "国情研修班"), ("lecture", "专题讲座"), ("other", "其他班次")],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="名称")),
                ("base", models.CharField(max_length=120, verbose_name="办班地点")),
                ("starts_on", models.DateField(verbose_name="开始")),
                ("ends_on", models.DateField(verbose_name="结束")),
                ("nominate_by", models.DateField(verbose_name="推荐截止")),
                ("places", models.PositiveSmallIntegerField(verbose_name="名额")),
                ("taken", models.PositiveIntegerField(default=0, editable=False, verbose_name="已确认")),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="说明")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "未结束"), ("done", "已结束"), ("cancelled", "已取消")],
                        default="planned",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="主办单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "研修班次",
                "verbose_name_plural": "研修班次",
                "indexes": [
                    models.Index(fields=["-starts_on", "-id"], name="class_by_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                        name="class_days_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("nominate_by__lte", models.F("starts_on"))),
                        name="class_nominated_before_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("places__range", (1, 2000))), name="class_places_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=120, verbose_name="文件名")),
                ("size", models.PositiveIntegerField(verbose_name="大小")),
                ("stored_as", models.CharField(max_length=60)),
                ("stored_key", models.CharField(max_length=20)),
                ("added_at", models.DateTimeField(auto_now_add=True, verbose_name="上传时间")),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
                (
                    "training",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="activities.trainingclass",
                    ),
                ),
            ],
            options={
                "verbose_name": "研修材料",
                "verbose_name_plural": "研修材料",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="TrainingPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("place", models.BigIntegerField(default=None, editable=False)),
                ("year", models.PositiveSmallIntegerField(verbose_name="年度")),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="说明")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "起草"), ("approved", "已批准")],
                        default="draft",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="起草时间")),
                ("approved_at", models.DateTimeField(null=True, verbose_name="批准时间")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准人",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="起草人",
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
                "verbose_name": "研修计划",
                "verbose_name_plural": "研修计划",
                "constraints": [
                    models.UniqueConstraint(fields=("unit", "year"), name="training_plan_once_a_year"),
                    models.CheckConstraint(
                        condition=models.Q(("year__range", (2014, 2100))), name="training_plan_year_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approved_at__isnull", True),
                                ("approved_by__isnull", True),
                                ("state", "draft"),
                            ),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("approved_by__isnull", False),
                                ("state", "approved"),
                            ),
                            _connector="OR",
                        ),
                        name="training_plan_approved_whole",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="trainingclass",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="classes",
                to="activities.trainingplan",
            ),
        ),
        migrations.CreateModel(
            name="TrainingSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("on", models.DateField(verbose_name="日期")),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("whole", "全天"),
                            ("morning", "上午"),
                            ("afternoon", "下午"),
                            ("evening", "晚上"),
                        ],
                        default="whole",
                        max_length=10,
                        verbose_name="时段",
                    ),
                ),
                ("topic", models.CharField(blank=True, max_length=120, verbose_name="内容")),
                (
                    "training",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to="activities.trainingclass",
                    ),
                ),
            ],
            options={
                "verbose_name": "课程",
                "verbose_name_plural": "课程",
                "ordering": ["on", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("training", "on", "part"), name="training_session_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Nomination",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("nominated", "待确认"),
                            ("confirmed", "已确认"),
                            ("waiting", "候补"),
                            ("declined", "未安排"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="nominated",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("nominated_at", models.DateTimeField(auto_now_add=True, verbose_name="推荐时间")),
                ("registered_at", models.DateTimeField(null=True, verbose_name="报到时间")),
                ("attendance", models.JSONField(blank=True, default=dict, verbose_name="考勤")),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nominations",
                        to="experts.expert",
                    ),
                ),
                (
                    "nominated_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="推荐人",
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="推荐单位",
                    ),
                ),
                (
                    "training",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="nominations",
                        to="activities.trainingclass",
                    ),
                ),
            ],
            options={
                "verbose_name": "研修推荐",
                "verbose_name_plural": "研修推荐",
                "indexes": [
                    models.Index(fields=["training", "sort_key", "id"], name="nomination_by_name"),
                    models.Index(fields=["expert"], name="nomination_by_expert"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["nominated", "confirmed", "waiting"])),
                        fields=("training", "expert"),
                        name="nomination_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["nominated", "confirmed", "waiting", "declined", "withdrawn"])
                        ),
                        name="nomination_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("registered_at__isnull", True), ("registered_by__isnull", True)),
                            models.Q(("registered_at__isnull", False), ("registered_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="nomination_registered_whole",
                    ),
                ],
            },
        ),
    ]
