"""Who sells, and what it has chosen for the whole house."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

LANGUAGES = [("en", _("English")), ("fr", _("French"))]


class Merchant(models.Model):
    """Who sells: the name and address on every paper. One row."""

    name = models.CharField(max_length=120)
    address = models.TextField(help_text=_("As printed, one line per line."))
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    website = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3, default="CAD")
    time_zone = models.CharField(max_length=60, default="America/Toronto")
    language = models.CharField(max_length=2, choices=LANGUAGES, default="en")
    count_approval_limit = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True,
        help_text=_("A count whose differences are worth more needs approval; empty: none does."),
    )  # fmt: skip
    demand_weeks = models.PositiveSmallIntegerField(
        default=13, help_text=_("Demand is judged by so many weeks before today.")
    )
    service_level = models.DecimalField(
        max_digits=5, decimal_places=2, default=Decimal("95"),
        help_text=_("In per cent: how often the stock should last until the next delivery."),
    )  # fmt: skip
    order_list_email = models.EmailField(blank=True, help_text=_("Gets the list of what to order each working day."))
    backorder_list_email = models.EmailField(blank=True, help_text=_("Gets the list of backorders each working day."))
    backorder_list_amounts = models.BooleanField(
        _("with amounts"),
        default=False,
        db_default=False,
        help_text=_(
            "The backorder list by mail says what the goods were sold for: everybody who reads that mailbox sees it."
        ),
    )
    publishes_availability = models.BooleanField(
        default=False, help_text=_("Anyone may ask by SKU whether something is in stock, and when it will be.")
    )
    publishes_quantity = models.BooleanField(default=False, help_text=_("And how many."))

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="one_merchant"),
            models.CheckConstraint(
                condition=Q(service_level__gte=50, service_level__lt=100), name="merchant_service_level_possible"
            ),
            models.CheckConstraint(condition=Q(demand_weeks__gte=2), name="merchant_demand_weeks_possible"),
        ]

    def __str__(self) -> str:
        return self.name
