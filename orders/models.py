"""The order, who placed it, what it is for, what was paid, and everything that happened to it."""

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _

from backoffice.lib.text import unaccented
from backoffice.sync.models import Connection
from inventory.models import Product, SellingUnit, StockLevel
from orders.contents import LineComponent as LineComponent
from orders.promised import LinePromise as LinePromise
from orders.returns import Return as Return
from orders.seller import LANGUAGES as LANGUAGES
from orders.seller import Merchant as Merchant
from orders.signups import BackInStockSignup as BackInStockSignup


def money(**options: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=14, decimal_places=3, **{"default": Decimal("0"), **options})


class Customer(models.Model):
    name = models.CharField(max_length=250, blank=True)
    search_name = models.CharField(
        max_length=510, blank=True, editable=False, help_text="name and company without accents"
    )
    company = models.CharField(max_length=250, blank=True)
    email = models.CharField(max_length=254, blank=True, help_text=_("As typed."))
    email_key = models.CharField(max_length=254, null=True, blank=True, unique=True, editable=False)
    phone = models.CharField(max_length=40, blank=True)
    phone_digits = models.CharField(max_length=40, blank=True, editable=False, db_index=True)
    language = models.CharField(max_length=2, choices=LANGUAGES, default="en")
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(email_key=""), name="customer_email_or_null")]
        indexes: ClassVar = [
            GinIndex(OpClass(Upper("search_name"), name="gin_trgm_ops"), name="customer_name_trigram"),
            models.Index(fields=["name", "id"], name="customer_by_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.company or self.email or f"#{self.pk}"


class CustomerIdentity(models.Model):
    """A customer's number at a store (rule: O9: matched by this first)."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT)
    external_id = models.CharField(max_length=120)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="identities")

    class Meta:
        verbose_name_plural = _("customer identities")
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "external_id"], name="identity_once")]

    def __str__(self) -> str:
        return f"{self.external_id} at {self.connection}"


class Address(models.Model):
    """An address of a customer. Never changed: an order that gets another address points at another row."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="addresses")
    digest = models.CharField(max_length=32, editable=False)
    name = models.CharField(max_length=250, blank=True)
    company = models.CharField(max_length=250, blank=True)
    line1 = models.CharField(max_length=250, blank=True)
    line2 = models.CharField(max_length=250, blank=True)
    city = models.CharField(max_length=120, blank=True)
    province = models.CharField(max_length=60, blank=True, help_text=_("Two letters in Canada and the United States."))
    postal_code = models.CharField(max_length=20, blank=True)
    postal_key = models.CharField(max_length=20, blank=True, editable=False, db_index=True)
    country = models.CharField(max_length=2, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    search_name = models.CharField(
        max_length=510, blank=True, editable=False, help_text="name and company without accents"
    )
    phone_digits = models.CharField(max_length=40, blank=True, editable=False, db_index=True)

    class Meta:
        verbose_name_plural = _("addresses")
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer", "digest"], name="address_once")]
        indexes: ClassVar = [
            GinIndex(OpClass(Upper("search_name"), name="gin_trgm_ops"), name="address_name_trigram"),
        ]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.line1, self.city, self.province, self.postal_code) if part)


class Order(models.Model):
    """One order of one customer. `state` is derived from quantities and payment by `orders.status` only."""

    class State(models.TextChoices):
        HELD = "held", _("needs a person")
        UNPAID = "unpaid", _("waiting for payment")
        TO_PACK = "to_pack", _("to pack")
        PARTLY_TO_PACK = "partly_to_pack", _("part to pack, part on backorder")
        BACKORDER = "backorder", _("waiting for stock")
        PACKED = "packed", _("packed, waiting to be shipped")
        SHIPPED = "shipped", _("shipped")
        DONE = "done", _("done: nothing to ship")
        PARTLY_SHIPPED = "partly_shipped", _("part shipped, the rest waiting for stock")
        ELSEWHERE = "elsewhere", _("shipped by the store itself")
        CANCELLED = "cancelled", _("cancelled")
        HISTORY = "history", _("history, from before the connection went live")

    class Priority(models.IntegerChoices):
        """The turns that people choose from; a file or a program may give any whole number from 1 to 999."""

        FIRST = 10, _("before all others")
        SOON = 50, _("before most")
        USUAL = 100, _("in the usual turn")
        LATER = 200, _("after all others")

    number = models.CharField(max_length=20, unique=True)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="orders")
    external_id = models.CharField(max_length=120)
    external_number = models.CharField(max_length=120, blank=True, db_index=True)
    external_state = models.CharField(max_length=40, blank=True, help_text=_("The store's own word for its state."))
    source_version = models.DateTimeField(null=True, blank=True, help_text=_("The store's modification time."))
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    billing_address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    shipping_address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=State, editable=False)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    may_ship = models.BooleanField(default=False, help_text=_("Paid, or on terms that the store approved."))
    reserve_until = models.DateTimeField(null=True, blank=True, help_text=_("Unpaid, but reserved until then."))
    fulfilled_elsewhere = models.BooleanField(default=False)
    history = models.BooleanField(default=False)
    priority = models.SmallIntegerField(default=Priority.USUAL, help_text=_("Lowest is served first."))
    language = models.CharField(max_length=2, choices=LANGUAGES, default="en")
    email = models.CharField(max_length=254, blank=True, help_text=_("As the store gave it with this order."))
    currency = models.CharField(max_length=3)
    items_total = money(help_text=_("Lines before discount."))
    discount_total = money()
    shipping_total = money()
    fee_total = money()
    tax_total = money()
    total = money(help_text=_("What the store says the customer pays."))
    paid_total = money()
    refunded_total = money()
    payment_method = models.CharField(max_length=120, blank=True)
    payment_reference = models.CharField(max_length=200, blank=True)
    shipping_method = models.CharField(max_length=250, blank=True)
    coupons = models.CharField(max_length=250, blank=True)
    customer_note = models.TextField(blank=True)
    gift_note = models.TextField(blank=True)
    links_voided = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False, help_text=_("How often the customer's links to it were made void.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions: ClassVar = [
            ("see_amounts", _("Can see what customers pay")),
            ("cancel_order", _("Can cancel orders")),
            ("prioritise_order", _("Can say which orders are served first")),
            ("take_back_order", _("Can take shipped goods back to stock")),
        ]
        ordering: ClassVar = ["-placed_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="order_identity"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-placed_at", "-id"], name="order_worklist"),
            models.Index(fields=["-placed_at", "-id"], name="order_newest"),
            models.Index(OpClass(Lower("email"), name="text_pattern_ops"), name="order_email"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def mail_to(self) -> str:
        """Where its papers go: the address this order was placed with, for the customer may have given another since."""
        return (self.email or self.customer.email).strip()

    @property
    def computed_total(self) -> Decimal:
        """Sum of lines − discounts + shipping + fees + taxes (rule: O5)."""
        return self.items_total - self.discount_total + self.shipping_total + self.fee_total + self.tax_total


class OrderLine(models.Model):
    """What was ordered, in whole selling units; what is on backorder is derived, never written (rule: S4).

    A line for a kit or a dozen has components, which say what one unit of it takes from stock; `pieces` is their sum, so
    that `pieces` units of stock in a parcel are one unit of the line. Quantities of a line are always its own units.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    external_id = models.CharField(max_length=120, blank=True)
    external_item_id = models.CharField(max_length=120, blank=True, help_text=_("The listing at the store."))
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="order_lines")
    sku = models.CharField(max_length=120, blank=True, help_text=_("As the store sent it."))
    name = models.CharField(max_length=250)
    variation = models.CharField(max_length=250, blank=True)
    selling_unit = models.ForeignKey(
        SellingUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text=_("What one of it is: a dozen. Empty: one stock unit, or one kit."),
    )  # fmt: skip
    pieces = models.PositiveIntegerField(default=1, help_text=_("Stock units that one unit of the line takes."))
    ordered = models.PositiveIntegerField()
    cancelled = models.PositiveIntegerField(default=0)
    shipped = models.PositiveIntegerField(default=0)
    allocated = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0, help_text=_("Of what was shipped, back in stock."))
    needs_shipping = models.BooleanField(default=True)
    unit_price = models.DecimalField(
        max_digits=16, decimal_places=6, default=0, help_text=_("Before discount and tax.")
    )
    gross = money(help_text=_("Of the line, before discount and tax."))
    discount = money()
    tax = money()
    backordered = models.GeneratedField(
        expression=F("ordered") - F("cancelled") - F("shipped") - F("allocated"),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        ordering: ClassVar = ["order", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "position"], name="line_position_once"),
            models.CheckConstraint(
                condition=Q(ordered__gte=F("cancelled") + F("shipped") + F("allocated")), name="line_adds_up"
            ),
            models.CheckConstraint(condition=Q(shipped__gte=F("returned")), name="line_returned_was_shipped"),
            models.CheckConstraint(condition=Q(pieces__gte=1), name="line_takes_something"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["product", "order"], condition=Q(backordered__gt=0), name="line_backordered"),
            models.Index(fields=["sku"], name="line_sku"),
            models.Index(
                fields=["order"], condition=Q(backordered__gt=0, needs_shipping=False), name="line_waits_unshipped"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ordered} × {self.sku or self.name}"

    @property
    def net(self) -> Decimal:
        return self.gross - self.discount


class OrderCharge(models.Model):
    """Money of the order that is no line: a shipping line or a fee (negative where the store gives it as a rebate)."""

    class Kind(models.TextChoices):
        SHIPPING = "shipping", _("shipping")
        FEE = "fee", _("fee")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=10, choices=Kind)
    external_id = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=250)
    amount = money(help_text=_("Before tax."))
    tax = money()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.name} {self.amount}"


class OrderTax(models.Model):
    """One tax of the order, by the store's own name and rate (rule: A3)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="taxes")
    external_id = models.CharField(max_length=120, blank=True, help_text=_("The store's number for the rate."))
    name = models.CharField(max_length=120)
    rate = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True, help_text=_("In per cent."))
    code = models.CharField(max_length=20, blank=True, help_text=_("The hub's tax: GST, HST, QST, PST-BC …"))
    amount = money()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.name} {self.amount}"


class Payment(models.Model):
    """Money that came (positive) or went back (negative)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    external_id = models.CharField(max_length=200)
    method = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    amount = money()
    tax = money(help_text=_("Of a refund: the part of it that is tax, where the store says so."))
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    reason = models.CharField(max_length=250, blank=True)
    quantities_applied = models.BooleanField(
        default=False, help_text=_("Of a refund: what it takes back has been cancelled here, as far as unshipped.")
    )

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "external_id"], name="payment_once")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Hold(models.Model):
    """Why an order does not go on, in one sentence, and what to do (rule: O4)."""

    class Stops(models.TextChoices):
        SHIPPING = "shipping", _("packing and shipping")
        EVERYTHING = "everything", _("invoice, books, packing and shipping")
        NOTHING = "nothing", _("nothing: for a person to look at")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="holds")
    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=250, blank=True, help_text=_("The SKU, tax or field it is about."))
    stops = models.CharField(max_length=12, choices=Stops, default=Stops.SHIPPING)
    sentence = models.TextField()
    placed_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    released_why = models.CharField(max_length=250, blank=True)

    class Meta:
        permissions: ClassVar = [
            ("release_hold", _("Can lift holds and let orders go on")),
        ]
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "code", "subject"], condition=Q(released_at__isnull=True), name="hold_open_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["code", "subject"], condition=Q(released_at__isnull=True), name="hold_open"),
        ]

    def __str__(self) -> str:
        return self.sentence


class TimelineEntry(models.Model):
    """One thing that happened to an order: when, who, what, why (rule: O8)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="timeline")
    at = models.DateTimeField()
    who = models.CharField(max_length=120)
    what = models.CharField(max_length=40)
    sentence = models.TextField()

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name_plural = _("timeline entries")
        # Written in the order of time, so a few pages tell where a day begins.
        indexes: ClassVar = [BrinIndex(fields=["at"], name="timeline_by_time")]

    def __str__(self) -> str:
        return self.sentence


class Allocation(models.Model):
    """Units of one place's stock that are promised to one line. Written by `orders.allocation` only."""

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="allocations")
    level = models.ForeignKey(StockLevel, on_delete=models.PROTECT, related_name="allocations")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "level"], name="allocation_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="allocation_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for line {self.line_id}"


def search_form(name: str, company: str = "") -> str:
    """The form of a name and company that search compares: no accents, lower case."""
    return unaccented(f"{name} {company}".strip())[:510]
