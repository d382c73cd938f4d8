"""Customers and orders as tables, in and out (rule: U5; docs/tables.md)."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from import_export.fields import Field
from import_export.results import Error, Result

from backoffice import desk, dropping, inward
from backoffice.api.permissions import SEE_AMOUNTS
from backoffice.exchange import order_file
from backoffice.exchange.files import CHUNK
from backoffice.exchange.resource import TableResource
from backoffice.exchange.results import BoundedResult
from backoffice.exchange.widgets import Choice, Text, Whole
from backoffice.lib import cells
from backoffice.lib.text import digits, email_key
from backoffice.sync import waking
from backoffice.sync.models import Connection
from orders.models import LANGUAGES, Customer, Order, OrderCharge, OrderLine, OrderTax, search_form
from orders.stores.base import Unreadable

NAMELESS = "A customer needs a name, a company or an e-mail."


class CustomerResource(TableResource):
    """Customers, known by their number here, else by e-mail, never by name (rule: O9)."""

    derived: ClassVar = ["search_name", "email_key", "phone_digits"]

    id = Field("id", "id", Whole(), readonly=True)
    name = Field("name", "name", Text())
    company = Field("company", "company", Text())
    email = Field("email", "email", Text())
    phone = Field("phone", "phone", Text())
    language = Field("language", "language", Choice(code for code, _ in LANGUAGES), saves_null_values=False)
    notes = Field("notes", "notes", Text())

    class Meta(TableResource.Meta):
        model = Customer
        name = "Customers"
        import_id_fields = ("id",)
        fields: ClassVar = ("id", "name", "company", "email", "phone", "language", "notes")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._by_id: dict[int, Customer] = {}
        self._by_email: dict[str, Customer] = {}

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        if not {"id", "email"} & set(dataset.headers):
            raise ValueError("The file has no column id or email, by which a customer is known. Add one.")

    def load(self, rows: list[dict[str, str]]) -> None:
        ids = {int(row["id"]) for row in rows if _number(row)}
        keys = {email_key(row.get("email")) for row in rows} - {""}
        self._by_id = Customer.objects.in_bulk(ids)
        self._by_email = {str(c.email_key): c for c in Customer.objects.filter(email_key__in=keys)}

    def known(self, row: dict[str, str]) -> Customer | None:
        same = self._by_email.get(email_key(row.get("email")))
        if not row.get("id", "").strip():
            return same
        customer = self._by_id.get(int(row["id"])) if _number(row) else None
        if customer is None:
            raise ValidationError(
                {
                    "id": f"There is no customer {row['id']} here. Leave id empty for a new one; the number is given here."
                }
            )
        if same is not None and same.pk != customer.pk:
            raise ValidationError({"email": f"{row['email']} is already the e-mail of customer {same.pk}, {same}."})
        return customer

    def identity(self, row: dict[str, str]) -> Any:
        return row.get("id", "").strip() or email_key(row.get("email")) or None

    def before_save_instance(self, instance: Customer, row: Any, **kwargs: Any) -> None:
        instance.search_name = search_form(instance.name, instance.company)
        instance.email_key = email_key(instance.email) or None
        instance.phone_digits = digits(instance.phone)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        if not (instance.name or instance.company or instance.email):
            raise ValidationError(NAMELESS)
        desk.refuse_cards({name: getattr(instance, name) for name in ("name", "company", "email", "phone", "notes")})
        if instance.email and ("@" not in instance.email.strip("@") or " " in instance.email.strip()):
            raise ValidationError({"email": f"“{instance.email}” is no e-mail address."})


def _number(row: dict[str, str]) -> bool:
    text = row.get("id", "").strip()
    return text.isascii() and text.isdigit() and len(text) < 18


ADDRESS = ("name", "company", "line1", "line2", "city", "province", "postal_code", "country", "phone")
MONEY = ("unit_price", "discount", "shipping", "fee", "payment_method", "payment_reference", "total")
AT_ONCE = 200
"""Orders that are worked on while the clerk waits; more are left to the worker."""
MOST_TAXES = 40
"""Columns for taxes: one for each name and rate among the orders."""


class OrderResource(TableResource):
    """Orders, a row for each line, in the columns that order files are read in (docs/files.md).

    Imported, they come in by the same door as a dropped file: kept as rows, then worked on.
    """

    guarded = {SEE_AMOUNTS: MONEY}
    plain = (
        "order_number", "store", "backoffice_number", "state", "placed_at", "currency", "email", "name", "company",
        "phone", "language", "sku", "item", "variation", "quantity", "unit_price", "discount", "needs_shipping",
        "shipping", "shipping_method", "fee", "fee_name", "paid", "may_ship", "payment_method", "payment_reference",
        "total", "coupon", "note", "gift_note", "priority", *(f"{kind}_{part}" for kind in ("ship", "bill") for part in ADDRESS),
    )  # fmt: skip

    class Meta(TableResource.Meta):
        model = Order
        name = "Orders, a row for each line"
        fields: ClassVar = ()

    def __init__(self, connection: Connection | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connection = connection

    # --- import ----------------------------------------------------------------------------------------------------------
    def get_diff_headers(self) -> list[str]:
        return ["order", "placed_at", "customer", "lines", "total", "what_happens"]

    def get_user_visible_fields(self) -> list[Field]:
        return list(self.fields.values())

    def import_data(self, dataset: Any, dry_run: bool = False, **kwargs: Any) -> Result:
        """Show what a file would bring, or bring it: each order is told whether it is new, and what is wrong with it."""
        result = BoundedResult(self)
        result.diff_headers = self.get_diff_headers()
        connection = self.connection or dropping.file_store()
        store = inward.store_of(connection)
        kept: list[int] = []
        try:
            # The rows of the preview's own form are read again by the store, whose words the clerk sees.
            incoming = store.unpack(order_file.plain_table(dataset), name=str(kwargs.get("file_name") or ""))
            while chunk := list(islice(incoming, CHUNK)):
                good = order_file.judge(connection, store, chunk, result)
                if not dry_run:
                    kept += inward.keep(connection, good)
        except Unreadable as problem:
            result.append_base_error(Error(problem))
            return result
        if 0 < len(kept) <= AT_ONCE:
            inward.work_on_arrivals(ids=kept)
        elif kept:
            with transaction.atomic():
                waking.wake(waking.WORK)
        return result

    # --- export ----------------------------------------------------------------------------------------------------------
    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related(
            "connection", "customer", "billing_address", "shipping_address"
        ).prefetch_related(Prefetch("lines", OrderLine.objects.order_by("position")), "charges", "taxes")  # fmt: skip

    def headers(self, queryset: QuerySet[Any]) -> list[str]:
        return [*self.fields, *(self._taxes(queryset).values() if "total" in self.fields else ())]

    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        columns = self.headers(queryset)
        taxes = self._taxes(queryset)
        for order in self.shown(queryset).iterator(chunk_size=CHUNK):
            whole = _order_cells(order, taxes)
            for line in order.lines.all():
                row = {**whole, **_line_cells(line)}
                yield [cells.shown(row.get(name)) for name in columns]

    @staticmethod
    def _taxes(queryset: QuerySet[Any]) -> dict[tuple[str, Decimal | None], str]:
        """The column of each tax by name and rate."""
        found = OrderTax.objects.filter(order__in=queryset.order_by().values("pk")).order_by("name", "rate")
        names = found.values_list("name", "rate").distinct()[:MOST_TAXES]
        return {
            (name, rate): f"tax {name}" + (f" {rate.normalize():f}%" if rate is not None else "")
            for name, rate in names
        }


def _order_cells(order: Order, taxes: dict[tuple[str, Decimal | None], str]) -> dict[str, Any]:
    shipping = [c for c in order.charges.all() if c.kind == OrderCharge.Kind.SHIPPING]
    fees = [c for c in order.charges.all() if c.kind == OrderCharge.Kind.FEE]
    said: dict[str, Any] = {
        "order_number": order.external_number or order.external_id,
        "store": order.connection.name,
        "backoffice_number": order.number,
        "state": order.state,
        "placed_at": order.placed_at.isoformat(),
        "currency": order.currency,
        "email": order.mail_to,
        "name": order.customer.name,
        "company": order.customer.company,
        "phone": order.customer.phone,
        "language": order.language,
        "shipping": sum((c.amount for c in shipping), Decimal(0)) if shipping else None,
        "shipping_method": order.shipping_method,
        "fee": sum((c.amount for c in fees), Decimal(0)) if fees else None,
        "fee_name": fees[0].name if fees else "",
        "paid": order.paid_at.isoformat() if order.paid_at else "no",
        "may_ship": order.may_ship,
        "payment_method": order.payment_method,
        "payment_reference": order.payment_reference,
        "total": order.total,
        "coupon": order.coupons,
        "note": order.customer_note,
        "gift_note": order.gift_note,
        "priority": order.priority,
    }
    for kind, address in (("ship", order.shipping_address), ("bill", order.billing_address)):
        said |= {f"{kind}_{part}": getattr(address, part) for part in ADDRESS}
    amounts: dict[str, Decimal] = {}
    for tax in order.taxes.all():
        column = taxes.get((tax.name, tax.rate))
        if column:
            amounts[column] = amounts.get(column, Decimal(0)) + tax.amount
    return {**said, **amounts}


def _line_cells(line: OrderLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "item": line.name,
        "variation": line.variation,
        "quantity": line.ordered,
        # Not cut to cents: times the quantity it must give the line's amount again.
        "unit_price": line.unit_price,
        "discount": line.discount,
        "needs_shipping": line.needs_shipping,
    }
