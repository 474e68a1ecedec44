"""Tables without a business noun."""

from django.db import models


class Holiday(models.Model):
    """A day that differs from the weekly rhythm: a public holiday, or a weekend day worked instead."""

    day = models.DateField("日期", primary_key=True)
    name = models.CharField("名称", max_length=40)
    is_workday = models.BooleanField("调休上班", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "节假日"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
