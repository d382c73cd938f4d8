"""Products and their stock taken over from a store, and kept in step with its catalogue (rule: Y4).

The store is the source of which listings there are; the hub is the source of stock from the first connection on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from backoffice.sync.models import Connection
from inventory import catalogue, ledger, meaning
from inventory.models import Listing, Movement, Product, SellingUnit
from orders import drafts, holds, queue
from orders.models import Hold, LineComponent, OrderLine
from orders.records import ListingRecord


@dataclass(slots=True)
class TakenOver:
    sentences: list[str] = field(default_factory=list)
    opened: list[Movement] = field(default_factory=list)
    products: set[int] = field(default_factory=set)
    """Products that were listed anew, so that the store may be told of their stock."""


def take_over(connection: Connection, records: Sequence[ListingRecord]) -> TakenOver:
    """Bring listings, products and opening stock to what the store says, in a constant number of statements.

    A product or a selling unit is known by its SKU, else a product is made. The store's figure becomes opening stock once,
    and only of a product that has no movement yet: a later figure is noted, never booked (case: C19). Of one listing the
    newest version wins.
    """
    newest: dict[str, ListingRecord] = {}
    for record in records:
        other = newest.get(record.external_id)
        if other is None or not _is_older(record, other.version):
            newest[record.external_id] = record
    with transaction.atomic():
        there = {
            listing.external_id: listing
            for listing in Listing.objects.filter(connection=connection, external_id__in=newest).select_related(
                "product", "selling_unit"
            )
        }
        newest = {
            pk: record
            for pk, record in newest.items()
            if pk not in there or not _is_older(record, there[pk].source_version)
        }
        known = {pk: listing for pk, listing in there.items() if pk in newest}
        skus = {sku: pk for pk, sku in _skus(connection, newest).items()}
        products = {p.sku: p for p in Product.objects.filter(sku__in=skus)}
        units = {
            u.sku: u
            for u in SellingUnit.objects.filter(sku__in=skus.keys() - products.keys()).select_related("product")
        }
        products |= _make_products(
            [
                (sku, newest[pk])
                for sku, pk in skus.items()
                if sku not in products and sku not in units and _needs_product(known.get(pk))
            ]
        )
        sku_of = {pk: sku for sku, pk in skus.items()}
        fresh = []
        for pk, record in newest.items():
            listing = known.get(pk) or Listing(connection=connection, external_id=pk)
            _describe(listing, record)
            if listing.product_id is None:
                unit = listing.selling_unit = units.get(sku_of.get(pk, ""))
                listing.product = unit.product if unit else products.get(sku_of.get(pk, ""))
            if pk not in known:
                fresh.append(listing)
        _share(connection, [*known.values(), *fresh])
        Listing.objects.bulk_create(fresh)
        Listing.objects.bulk_update(
            list(known.values()),
            ["external_parent_id", "sku", "name", "product", "selling_unit", "manages_stock", "stock_shared_with_parent",
             "seen_quantity", "price", "source_version"],
        )  # fmt: skip
        listings = {**known, **{listing.external_id: listing for listing in fresh}}
        opened = _open(connection, newest, listings)
    return TakenOver(
        sentences=[
            _sentence(listings[record.external_id])
            if record.external_id in listings and not _is_older(record, newest[record.external_id].version)
            else f"Kept, not applied: {record.name or record.external_id} is known here in a newer version."
            for record in records
        ],
        opened=opened,
        products={listing.product_id for listing in fresh if listing.product_id},
    )


def _is_older(record: ListingRecord, known: datetime | None) -> bool:
    """Of two with one stamp the later arrival wins: stores stamp changes by the second."""
    return record.version is not None and known is not None and record.version < known


def gone(connection: Connection, external_ids: Collection[str]) -> dict[str, str]:
    """Listings that the store deleted: it is told of their stock no more. A sentence for each that is known here.

    The product stays: what lies in the warehouse does not vanish with its page. With a parent go its variations.
    """
    numbers = set(external_ids) - {""}
    if not numbers:
        return {}
    listings = Listing.objects.filter(connection=connection).exclude(external_id="")
    lost = listings.filter(Q(external_id__in=numbers) | Q(external_parent_id__in=numbers))
    names = {
        pk: f"product {sku}" if sku else name or f"product {pk}"
        for pk, name, sku in lost.filter(external_id__in=numbers).values_list("external_id", "name", "product__sku")
    }
    lost.update(manages_stock=False)
    return {
        pk: f"{name[:1].upper()}{name[1:]} was deleted in the store: it is no longer listed there; it is told no stock any more."
        for pk, name in names.items()
    }


def _is_stocked_here(record: ListingRecord) -> bool:
    """A heading is a product only where it has the figure that its variations share; those then have none."""
    return record.manages_stock if record.heading else not record.stock_shared_with_parent


def _share(connection: Connection, listings: Sequence[Listing]) -> None:
    """Variations that live from their parent's figure mean the parent's product."""
    sharing = [listing for listing in listings if listing.stock_shared_with_parent]
    if not sharing:
        return
    by_number = {listing.external_id: listing.product for listing in listings}
    missing = {listing.external_parent_id for listing in sharing} - by_number.keys()
    parents = Listing.objects.filter(connection=connection, external_id__in=missing).select_related("product")
    by_number |= {parent.external_id: parent.product for parent in parents}
    for listing in sharing:
        listing.product = listing.product or by_number.get(listing.external_parent_id)


def _needs_product(listing: Listing | None) -> bool:
    return listing is None or listing.product_id is None


def _skus(connection: Connection, records: dict[str, ListingRecord]) -> dict[str, str]:
    """The SKU under which each listing's product is known here. One without SKU gets one from the store's number."""
    taken = set(
        Listing.objects.filter(connection=connection, product__isnull=False, sku__in=[r.sku for r in records.values()])
        .exclude(external_id__in=records)
        .values_list("sku", flat=True)
    )
    chosen = {}
    for pk, record in records.items():
        if not _is_stocked_here(record):
            continue
        sku = record.sku.strip() or f"{connection.connector}-{connection.pk}-{pk}"
        if sku in taken:
            # Two listings that carry one SKU (a variation without its own shows its parent's) are two products.
            sku = f"{sku}-{pk}"
        taken.add(sku)
        chosen[pk] = sku[:80]
    return chosen


def _make_products(wanted: Sequence[tuple[str, ListingRecord]]) -> dict[str, Product]:
    made = [
        Product(
            sku=sku,
            name=record.name[:250] or sku,
            variation=record.variation[:250],
            barcode=record.barcode if len(record.barcode) <= 14 else "",
            price=record.price if record.price is None or record.price >= 0 else None,
            weight_grams=record.weight_grams,
            stocked=record.stocked,
            backorder_policy=record.backorders or Product.BackorderPolicy.REFUSE,
        )
        for sku, record in wanted
    ]
    Product.objects.bulk_create(made)
    return {product.sku: product for product in made}


def _describe(listing: Listing, record: ListingRecord) -> None:
    listing.external_parent_id = record.parent_id
    listing.sku, listing.name = record.sku[:120], " ".join(filter(None, [record.name, record.variation]))[:250]
    listing.manages_stock = record.manages_stock
    listing.stock_shared_with_parent = record.stock_shared_with_parent
    listing.seen_quantity = record.quantity
    listing.price = record.price
    listing.source_version = record.version or listing.source_version


def _open(connection: Connection, records: dict[str, ListingRecord], listings: dict[str, Listing]) -> list[Movement]:
    # Of what is listed by the dozen the figure is not the product's: it is counted here.
    counted = {
        listing.product_id: (pk, records[pk].quantity)
        for pk, listing in listings.items()
        if listing.product_id
        and not listing.selling_unit_id
        and records[pk].manages_stock
        and (records[pk].quantity or 0) > 0
    }
    if not counted:
        return []
    # What is followed by lot is received, or counted, with its lots; a store knows none.
    followed = Product.objects.filter(pk__in=counted).exclude(tracking=Product.Tracking.NONE)
    without = set(followed.values_list("pk", flat=True))
    untouched = _never_moved(set(counted) - without)
    if not untouched:
        return []
    queue.lock_products(untouched)
    # After the lock: its first goods may have come meanwhile.
    untouched = _never_moved(untouched)
    location = ledger.default_location()
    return ledger.record(
        [
            ledger.Move(
                product_id=product_id,
                location_id=location.pk,
                quantity=quantity,
                reason=Movement.Reason.OPENING,
                key=f"opening:{connection.pk}:{pk}",
                note=f"Taken over from {connection.name}",
            )
            for product_id, (pk, quantity) in counted.items()
            if quantity is not None and product_id in untouched
        ]
    )


def _never_moved(product_ids: set[int]) -> set[int]:
    moved = Movement.objects.filter(product_id__in=product_ids)
    return product_ids - set(moved.values_list("product_id", flat=True).distinct())


def _sentence(listing: Listing) -> str:
    if listing.product is None:
        return f"{listing.name}: a heading for its variations, not sold itself."
    unit = f", {listing.selling_unit}," if listing.selling_unit else ""
    said = f"{listing.name} is product {listing.product.sku}{unit} here."
    if listing.product.tracking != Product.Tracking.NONE:
        said += (
            " Its stock is followed by lot: receive or count it with its lots, the store's figure is not taken over."
        )
    return said


def map_sku(
    connection: Connection,
    sku: str,
    product: Product,
    selling_unit: SellingUnit | None = None,
    *,
    by: Any = None,
    who: str,
) -> set[int]:
    """Say which product a store's SKU means, in which unit; the orders that were held for it, released (rule: O4).

    The journey should then take those orders further.
    """
    with transaction.atomic():
        catalogue.map_sku(connection.pk, sku, product, selling_unit)
        return release_mapped(connection, who=who, by=by)


def name_line(
    line: OrderLine, product: Product, selling_unit: SellingUnit | None = None, *, by: Any = None, who: str
) -> set[int]:
    """Say which product this one line means, where the store has no SKU for it; its order, if that released it.

    ValueError where the line means a product already, or went on without one.
    """
    with transaction.atomic():
        unnamed = OrderLine.objects.filter(pk=line.pk, product=None, allocated=0, shipped=0)
        (meant,) = meaning.meant([(product, selling_unit)])
        named = unnamed.update(
            product=product, selling_unit=selling_unit, pieces=meant.pieces, needs_shipping=meant.is_shipped
        )
        if not named:
            raise ValueError("This line means a product already, or has gone on without one.")
        LineComponent.objects.bulk_create(drafts.line_components(line, meant))
        return release_mapped(line.order.connection, who=who, by=by)


def release_mapped(connection: Connection, *, who: str, by: Any = None) -> set[int]:
    """Give held lines the product that their item means by now; the orders that have no unknown line left."""
    held = Hold.objects.filter(code=holds.SKU, released_at=None, order__connection=connection)
    unnamed = OrderLine.objects.filter(order__in=held.values("order"), product=None, allocated=0, shipped=0)
    lines = list(unnamed.select_related("order"))
    known = meaning.resolve(connection.pk, {(line.external_item_id, line.sku) for line in lines})
    named: list[OrderLine] = []
    components: list[LineComponent] = []
    for line in lines:
        meant = known.get((line.external_item_id, line.sku))
        if meant is not None:
            line.product, line.selling_unit_id = meant.product, meant.selling_unit_id
            line.pieces, line.needs_shipping = meant.pieces, meant.is_shipped
            named.append(line)
            components += drafts.line_components(line, meant)
    OrderLine.objects.bulk_update(named, ["product", "selling_unit", "pieces", "needs_shipping"])
    LineComponent.objects.bulk_create(components)
    still = {(ln.order_id, (ln.sku or ln.name)[:250]) for ln in lines if ln.product_id is None}
    return holds.release(
        [hold for hold in held if (hold.order_id, hold.subject) not in still],
        why="its product is known now.",
        by=by,
        who=who,
    )
