"""What belongs to the house as a whole and to no app: the keys with which programs speak for a person."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ApiKey(models.Model):
    """A key for the API: whoever has it may do what its user may. The key itself is shown once and kept nowhere.

    As sent: `bo_<prefix>_<secret>`. The prefix finds the row, the digest proves the rest.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120, help_text=_("What uses it: the web shop, the till."))
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} (bo_{self.prefix}_…)"
