"""Rows that hang on an expert carry a copy of what the lock on the expert looks at."""

from django.db import models


class LockedChild(models.Model):
    """`label` and `unit_order` are copies of the expert's: filled by a trigger, held equal by a composite
    foreign key ON UPDATE CASCADE (for tokens by statement triggers; migration 0002), so that a policy here
    never has to read the expert."""

    label = models.SmallIntegerField(editable=False, default=None)
    unit_order = models.BigIntegerField(editable=False, default=None)

    class Meta:
        abstract = True
