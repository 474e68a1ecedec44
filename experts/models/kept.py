"""Rows whose content is a file that people gave, kept encrypted in a vault."""

import uuid

from django.conf import settings
from django.db import models


class KeptFile(models.Model):
    """`name` is what people called the file; it is stored under the random name `stored_as`, with the key of
    the id `stored_key`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("文件名", max_length=120)
    size = models.PositiveIntegerField("大小")
    stored_as = models.CharField(max_length=60)
    stored_key = models.CharField(max_length=20)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="上传人", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def bound_to(self) -> str:
        """What ties the stored file to its row."""
        return f"{self._meta.db_table}|{self.uuid}|file"
