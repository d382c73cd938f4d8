"""Running figures that were wrong and were put right from what proves them: each is on record (case: C18)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class StockRepair(models.Model):
    """One figure that `manage.py prove --repair` put right; the ledger itself is never touched."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=120, help_text=_("Who asked for it."))
    figure = models.CharField(max_length=40, help_text=_("Which kind of figure it was."))
    sentence = models.TextField()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.sentence
