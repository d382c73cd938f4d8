"""“Tell me when it is back”; a model of this app, imported by `orders/models.py`."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.sync.models import Connection
from inventory.models import Product


class BackInStockSignup(models.Model):
    """Somebody wants one mail when a product is back; served in the order of sign-up, as far as stock reaches (rule: U2)."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="signups")
    unit = models.PositiveIntegerField(
        default=1, db_default=1, help_text=_("Stock units that are wanted at a time: 12 for a dozen.")
    )
    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=254, editable=False)
    language = models.CharField(max_length=2, default="en")
    connection = models.ForeignKey(
        Connection,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("The store it came from."),
    )
    token = models.CharField(max_length=64, unique=True, editable=False, help_text=_("In the link that takes it back."))
    created_at = models.DateTimeField(auto_now_add=True)
    called_at = models.DateTimeField(null=True, blank=True, help_text=_("When the mail was wished for."))
    mailed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("back-in-stock sign-up")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["product", "unit", "email_key"],
                condition=Q(called_at=None, cancelled_at=None),
                name="signup_waits_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["product", "id"], condition=Q(called_at=None, cancelled_at=None), name="signup_waiting"
            ),
            models.Index(fields=["product", "called_at"], condition=Q(called_at__isnull=False), name="signup_called"),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.product_id}"

    @property
    def state(self) -> str:
        """How far it is, in words for staff."""
        if self.cancelled_at:
            return gettext("taken back")
        if self.mailed_at:
            return gettext("told")
        return gettext("being told") if self.called_at else gettext("waiting")
