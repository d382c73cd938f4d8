"""Counting the stock: plans of what is counted when, sheets, and the figures that people found (rule: S8)."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import Category, Product
from inventory.models.places import Location
from inventory.models.stock import Lot, Movement


class CountPlan(models.Model):
    """Which goods of a warehouse are counted how often: A goods every 30 days, B every 90, C every 180."""

    name = models.CharField(max_length=120, unique=True)
    warehouse = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="count_plans")
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    days_a = models.PositiveSmallIntegerField(_("days between counts, class A"), default=30)
    days_b = models.PositiveSmallIntegerField(_("days between counts, class B"), default=90)
    days_c = models.PositiveSmallIntegerField(_("days between counts, class C"), default=180)
    sheet_lines = models.PositiveSmallIntegerField(
        _("lines a sheet"), default=50, validators=[MinValueValidator(1, _("A sheet has at least one line."))]
    )
    blind = models.BooleanField(default=True, help_text=_("Who counts does not see what should be there."))
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class CountSheet(models.Model):
    """What one person goes and counts."""

    class State(models.TextChoices):
        OPEN = "open", _("being counted")
        REVIEW = "review", _("waiting for approval")
        BOOKED = "booked", _("booked")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(max_length=20, unique=True)
    warehouse = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="count_sheets")
    plan = models.ForeignKey(CountPlan, null=True, blank=True, on_delete=models.PROTECT, related_name="sheets")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    blind = models.BooleanField(default=True)
    note = models.CharField(max_length=250, blank=True)
    key = models.CharField(
        max_length=80,
        null=True,
        blank=True,
        editable=False,
        unique=True,
        help_text=_("Of a file's figures: made once."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    booked_at = models.DateTimeField(null=True, blank=True)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        permissions: ClassVar = [
            ("enter_count", _("Can count")),
            ("approve_count", _("Can approve counts above the limit")),
        ]
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["state", "-id"], name="count_sheet_state")]

    def __str__(self) -> str:
        return self.number


class CountLine(models.Model):
    """One product (and lot) in one place. `expected` is what the ledger said in the moment in which it was counted, so that
    what is sold between counting and booking changes nothing."""

    sheet = models.ForeignKey(CountSheet, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    counted = models.PositiveIntegerField(null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    expected = models.IntegerField(null=True, blank=True)
    unit_cost = models.DecimalField(max_digits=14, decimal_places=4, default=0, help_text=_("When it was counted."))
    scans = ArrayField(
        models.CharField(max_length=32),
        default=list,
        editable=False,
        help_text=_("The scans that came last, from whichever phone: sent twice, each is added once."),
    )
    reason = models.CharField(max_length=250, blank=True)
    movement = models.ForeignKey(Movement, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    difference = models.GeneratedField(
        expression=F("counted") - F("expected"), output_field=models.IntegerField(null=True), db_persist=True
    )

    class Meta:
        ordering: ClassVar = ["sheet", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sheet", "position"], name="count_line_position_once"),
            models.UniqueConstraint(
                fields=["sheet", "product", "location", "lot"], nulls_distinct=False, name="count_line_once"
            ),
            models.CheckConstraint(
                condition=Q(counted__isnull=True) | Q(expected__isnull=False, counted_at__isnull=False),
                name="count_line_counted_against_something",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["product", "location", "-counted_at"], name="count_line_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}@{self.location_id}: {self.counted}"
