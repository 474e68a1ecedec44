"""The lists behind coverage among what may be exported."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_dashboard")]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="kind",
            field=models.CharField(
                choices=[
                    ("experts", "专家名单"),
                    ("trail", "审计记录"),
                    ("roster", "联系专家名单"),
                    ("changes", "名单变动"),
                    ("coverage", "联系覆盖名单"),
                    ("card", "专家登记表"),
                    ("brief", "走访一页纸"),
                    ("proposal", "名单调整审批表"),
                    ("leaving", "退出审批表"),
                    ("dashboard", "联系工作总览"),
                    ("exit", "退出审批表"),
                ],
                max_length=10,
                verbose_name="内容",
            ),
        ),
    ]
