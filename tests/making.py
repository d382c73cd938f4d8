"""Products, connections and orders for tests, made through the same doors as in life."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from backoffice import goods, journey
from backoffice.lib import money
from backoffice.sync.models import Connection
from inventory.models import Product
from orders.models import Merchant, Order
from orders.records import (
    AddressRecord,
    ChargeRecord,
    CustomerRecord,
    LineRecord,
    OrderRecord,
    PaymentRecord,
    TaxRecord,
)

PLACED = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
HALIFAX = AddressRecord(
    name="Ann Côté", line1="12 Elm Street", city="Halifax", province="NS", postal_code="B3H 1A1", country="CA"
)
MONTREAL = AddressRecord(
    name="Zoé Tremblay",
    line1="1200 rue Saint-Denis",
    city="Montréal",
    province="QC",
    postal_code="H2X 3J6",
    country="CA",
)
_numbers = count(1)

Line = tuple[str, int, str] | LineRecord
"""(SKU, quantity, price of one), or a whole record where the test is about the line."""


def make_merchant(**fields: Any) -> Merchant:
    """The shop that sells; one row, so made twice it is the same."""
    words = {
        "name": "Boréal Outfitters Inc.",
        "address": "4820 boulevard Saint-Laurent\nMontréal QC  H2T 1R5",
        "email": "bonjour@boreal.example",
        "phone": "514 555-0199",
        "website": "boreal.example",
        **fields,
    }
    return Merchant.objects.update_or_create(pk=1, defaults=words)[0]


def make_product(sku: str, on_hand: int = 0, cost: str = "10.00", **fields: Any) -> Product:
    """A product, with stock received at a cost each."""
    product = Product.objects.create(**{"sku": sku, "name": f"Product {sku}", **fields})
    if on_hand:
        receive(sku, on_hand, cost)
    return product


def receive(sku: str, quantity: int, cost: str = "10.00") -> None:
    """More of it comes in, and goes to who waits for it."""
    product = Product.objects.get(sku=sku)
    goods.receive([goods.Goods(product.pk, quantity, Decimal(cost))], key=f"making-{next(_numbers)}")


def a_picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> SimpleUploadedFile:
    """A picture as somebody uploads it."""
    drawn = BytesIO()
    Image.new("RGB", size, "teal").save(drawn, kind)
    return SimpleUploadedFile(f"tent.{kind.lower()}", drawn.getvalue())


def make_connection(store: Any = None, **fields: Any) -> Connection:
    """A WooCommerce store: a running FakeStore, or one where nobody answers. The same name gives the same connection."""
    words = {
        "name": "Boréal",
        "connector": "woocommerce",
        "url": store.url if store else "http://127.0.0.1:9",
        "credentials": store.credentials if store else {"key": "ck_" + "1f" * 20, "secret": "cs_" + "2e" * 20},
        **fields,
    }
    return Connection.objects.get_or_create(name=words["name"], defaults=words)[0]


def make_record(
    external_id: str = "",
    lines: Sequence[Line] = (("TENT", 1, "100.00"),),
    *,
    paid: bool = True,
    shipping: str = "0",
    taxes: Sequence[tuple[str, str, str]] = (),
    email: str = "ann@example.ca",
    language: str = "en",
    address: AddressRecord = HALIFAX,
    placed_at: datetime = PLACED,
    version: datetime | None = None,
    **fields: Any,
) -> OrderRecord:
    """An order whose total adds up, paid in full unless said otherwise. `taxes` are (name, rate in per cent, amount).

    Whatever else an OrderRecord has may be given by name and then stands as given.
    """
    number = external_id or str(next(_numbers) + 4000)
    said = tuple(
        line
        if isinstance(line, LineRecord)
        else LineRecord(
            external_id=f"{number}-{at}",
            name=f"Product {line[0]}",
            sku=line[0],
            quantity=line[1],
            gross=Decimal(line[2]) * line[1],
        )
        for at, line in enumerate(lines, start=1)
    )
    named = tuple(TaxRecord(name, Decimal(amount), rate=Decimal(rate)) for name, rate, amount in taxes)
    charges = (ChargeRecord("shipping", "Expedited Parcel", Decimal(shipping)),) if Decimal(shipping) else ()
    total = money.total(
        [
            *(line.gross - line.discount for line in said),
            *(tax.amount for tax in named),
            *(charge.amount for charge in charges),
        ]
    )
    record = OrderRecord(
        external_id=number,
        external_number=number,
        external_state="processing" if paid else "pending",
        version=version or placed_at,
        placed_at=placed_at,
        currency="CAD",
        total=total,
        customer=CustomerRecord(name=address.name, email=email, language=language),
        billing=address,
        shipping=address,
        lines=said,
        charges=charges,
        taxes=named,
        payments=(PaymentRecord(f"pay-{number}", total, at=placed_at, method="Visa", reference=f"ch_{number}"),)
        if paid
        else (),
        paid_at=placed_at if paid else None,
        may_ship=paid,
        shipping_method="Expedited Parcel",
        payment_method="Visa",
        payment_reference=f"ch_{number}" if paid else "",
    )
    return replace(record, **fields)


def newer(record: OrderRecord, **fields: Any) -> OrderRecord:
    """The same order as the store changed it a minute later."""
    return replace(record, version=record.version + timedelta(minutes=1), **fields)


def take_in(records: Sequence[OrderRecord], connection: Connection | None = None) -> list[Order]:
    """The orders that these records became, in the records' order."""
    taken = journey.take_in(connection or make_connection(), records)
    found = Order.objects.in_bulk(taken.orders)
    return [found[pk] for pk in taken.orders]


def make_order(
    lines: Sequence[Line] = (("TENT", 1, "100.00"),), *, connection: Connection | None = None, **fields: Any
) -> Order:
    """One order, taken in through the journey; products it names must have been made before."""
    return take_in([make_record(lines=lines, **fields)], connection)[0]
