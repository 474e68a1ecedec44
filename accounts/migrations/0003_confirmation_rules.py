"""A confirmation is about one thing, and only one of a kind waits for it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_locks")]
    operations = [
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.CheckConstraint(
                condition=Q(kind="password_reset", user__isnull=False, unit__isnull=True)
                | Q(kind="unit_move", user__isnull=True, unit__isnull=False),
                name="confirmation_one_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.UniqueConstraint(
                fields=["user"], condition=Q(state="pending"), name="confirmation_user_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.UniqueConstraint(
                fields=["unit"], condition=Q(state="pending"), name="confirmation_unit_once"
            ),
        ),
    ]
