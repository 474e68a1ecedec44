"""A change of the catalogue first shows whom it would move; then the worker decides every scope anew."""

import uuid

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Whoever keeps the catalogue sees and writes their own changes (the city department has number 0).
OWN = "requested_by_id = (SELECT core_actor()) AND 0::bigint <@ (SELECT accounts_reach('catalogue'))"
LOCKS = f"""
ALTER TABLE experts_cataloguechange ENABLE ROW LEVEL SECURITY;
ALTER TABLE experts_cataloguechange FORCE ROW LEVEL SECURITY;
CREATE POLICY experts_cataloguechange_select ON experts_cataloguechange FOR SELECT TO liaison_app USING ({OWN});
CREATE POLICY experts_cataloguechange_insert ON experts_cataloguechange FOR INSERT TO liaison_app WITH CHECK ({OWN});
CREATE POLICY experts_cataloguechange_update ON experts_cataloguechange FOR UPDATE TO liaison_app
    USING ({OWN}) WITH CHECK ({OWN});

-- The worker decides the scope of every record anew, restricted ones too. Which columns it may read and write
-- is in liaison/privileges.py: no name, nothing that tells who it is.
CREATE POLICY experts_cataloguechange_worker_select ON experts_cataloguechange FOR SELECT TO liaison_worker
    USING (stage = 'applied');
CREATE POLICY experts_cataloguechange_worker_update ON experts_cataloguechange FOR UPDATE TO liaison_worker
    USING (stage = 'applied') WITH CHECK (stage = 'applied');
CREATE POLICY experts_expert_worker_select ON experts_expert FOR SELECT TO liaison_worker USING (true);
CREATE POLICY experts_expert_worker_update ON experts_expert FOR UPDATE TO liaison_worker
    USING (true) WITH CHECK (true);
CREATE POLICY experts_award_worker_select ON experts_award FOR SELECT TO liaison_worker USING (true);
"""
UNLOCK = """
DROP POLICY experts_award_worker_select ON experts_award;
DROP POLICY experts_expert_worker_update ON experts_expert;
DROP POLICY experts_expert_worker_select ON experts_expert;
DROP POLICY experts_cataloguechange_worker_update ON experts_cataloguechange;
DROP POLICY experts_cataloguechange_worker_select ON experts_cataloguechange;
DROP POLICY experts_cataloguechange_update ON experts_cataloguechange;
DROP POLICY experts_cataloguechange_insert ON experts_cataloguechange;
DROP POLICY experts_cataloguechange_select ON experts_cataloguechange;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0002_locks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CatalogueChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job_state', models.CharField(choices=[('waiting', '等待处理'), ('running', '处理中'), ('done', '已完成'), ('failed', '未完成'), ('cancelled', '已取消')], default='waiting', max_length=10, verbose_name='进度')),
                ('job_done', models.PositiveIntegerField(default=0, verbose_name='已处理')),
                ('job_total', models.PositiveIntegerField(default=0, verbose_name='总数')),
                ('job_error', models.CharField(blank=True, max_length=500, verbose_name='原因')),
                ('cancel_requested', models.BooleanField(default=False, verbose_name='要求取消')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('honour_version', models.PositiveIntegerField(default=0, verbose_name='改动所依据的版本')),
                ('code', models.CharField(max_length=40, verbose_name='代码')),
                ('facts', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='改后')),
                ('before', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='改前')),
                ('stage', models.CharField(choices=[('preview', '待确认'), ('applied', '已修改'), ('dropped', '已放弃')], default='preview', max_length=10, verbose_name='阶段')),
                ('requested_at', models.DateTimeField(auto_now_add=True, verbose_name='提出时间')),
                ('to_key', models.PositiveIntegerField(default=0, verbose_name='转为重点联系')),
                ('to_general', models.PositiveIntegerField(default=0, verbose_name='转为普遍联系')),
                ('shown', models.JSONField(default=list, verbose_name='举例')),
                ('rule', models.PositiveIntegerField(null=True, verbose_name='规则版本')),
                ('applied_at', models.DateTimeField(null=True, verbose_name='修改时间')),
                ('honour', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='experts.honour', verbose_name='称号')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='改动人')),
            ],
            options={
                'verbose_name': '称号目录改动',
                'verbose_name_plural': '称号目录改动',
                'ordering': ['-requested_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('applied_at__isnull', False), ('honour__isnull', False), ('rule__isnull', False), ('stage', 'applied')), models.Q(models.Q(('stage', 'applied'), _negated=True), ('applied_at__isnull', True), ('rule__isnull', True)), _connector='OR'), name='catalogue_change_applied_whole')],
            },
        ),
        migrations.RunSQL(LOCKS, UNLOCK),
    ]
