"""Rows that hang on an expert carry a copy of what the lock on the expert looks at."""

from django.db import models

from core.fields import NumberSetField


class LockedChild(models.Model):
    """`label`, `unit_order`, `held` are copies of the expert's, so that a policy here never reads the expert.
    A trigger fills them; a composite foreign key ON UPDATE CASCADE (0002; for tokens a statement trigger)
    holds the first two equal, a trigger of the expert (0007) the third."""

    label = models.SmallIntegerField(editable=False, default=None)
    unit_order = models.BigIntegerField(editable=False, default=None)
    held = NumberSetField(null=True, default=None, editable=False)

    class Meta:
        abstract = True
