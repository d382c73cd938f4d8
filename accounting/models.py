"""Invoices without gaps, and the books in double entry. What is issued or posted never changes: the database refuses."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import LANGUAGES, Order, Payment, money


class TaxRegistration(models.Model):
    """The merchant's registration number for a tax; printed beside that tax on every invoice."""

    code = models.CharField(max_length=20, unique=True, help_text=_("The hub's tax: GST, HST, QST, PST-BC …"))
    number = models.CharField(max_length=40)

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.number}"


class TaxName(models.Model):
    """What a store calls a tax, where the name alone does not say which one it is."""

    name = models.CharField(max_length=120, unique=True, help_text=_("As the store sends it."))
    code = models.CharField(max_length=20, help_text=_("The hub's tax: GST, HST, QST, PST-BC …"))

    class Meta:
        permissions: ClassVar = [
            ("explain_tax", _("Can say which tax a store's name means")),
        ]
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return f"{self.name} = {self.code}"


class Series(models.Model):
    """Numbers of one kind of paper. The row is locked until the paper is committed: no gap, no double (rule: A2)."""

    code = models.CharField(max_length=20, unique=True)
    prefix = models.CharField(max_length=20, blank=True)
    next_number = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name_plural = _("series")

    def __str__(self) -> str:
        return self.code


class Invoice(models.Model):
    """A paid invoice: a frozen copy of all it says, and the PDF as it was sent."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="invoices")
    number = models.PositiveBigIntegerField()
    label = models.CharField(max_length=40, unique=True, help_text=_("The number as printed."))
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="invoice")
    issued_at = models.DateTimeField()
    issued_on = models.DateField(help_text=_("The merchant's local day."))
    language = models.CharField(max_length=2, choices=LANGUAGES)
    currency = models.CharField(max_length=3)
    total = money()
    document = models.JSONField(help_text=_("Everything the paper says, frozen."))
    pdf = models.BinaryField(null=True, blank=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        permissions: ClassVar = [
            ("mail_invoice", _("Can mail invoices again")),
        ]
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["series", "number"], name="invoice_number_once")]

    def __str__(self) -> str:
        return self.label


class Account(models.Model):
    """An account of the general ledger."""

    class Kind(models.TextChoices):
        ASSET = "asset", _("asset")
        LIABILITY = "liability", _("liability")
        EQUITY = "equity", _("equity")
        INCOME = "income", _("income")
        EXPENSE = "expense", _("expense")

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind)

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Entry(models.Model):
    """One event of value, posted once by its key, balanced, never edited (rule: A4)."""

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        PAYMENT = "payment", _("payment")
        REFUND = "refund", _("refund")
        COGS = "cogs", _("cost of goods")
        RECEIPT = "receipt", _("receipt of goods")
        STOCK = "stock", _("stock correction")

    key = models.CharField(max_length=140, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    posted_on = models.DateField(db_index=True, help_text=_("The merchant's local day."))
    posted_at = models.DateTimeField(auto_now_add=True)
    description = models.CharField(max_length=250)
    currency = models.CharField(max_length=3)
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.PROTECT, related_name="entries")
    payment = models.ForeignKey(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="entries")

    class Meta:
        permissions: ClassVar = [
            ("export_books", _("Can export the books")),
        ]
        ordering: ClassVar = ["-posted_on", "-id"]
        verbose_name_plural = _("entries")

    def __str__(self) -> str:
        return self.description


class EntryLine(models.Model):
    """One side of an entry: debit positive, credit negative, in the entry's currency."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lines")
    amount = money()
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(amount=0), name="entry_line_not_zero")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
