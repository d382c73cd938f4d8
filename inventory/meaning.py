"""What a store's item means here: by the store's own number, by an alias, by SKU or bar code; and what it takes from stock."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from inventory import gtin, kits
from inventory.models import Listing, Product, SellingUnit

MOST_PIECES = 2**31 - 1
"""What the figures of stock hold."""

Item = tuple[str, str]
"""(the store's number of what was bought or empty, SKU as the store sent it or empty)"""


@dataclass(frozen=True, slots=True)
class Meant:
    """What one unit of a store's item is here: a product, in a selling unit perhaps, and what it takes from stock.

    `needs` are (product, stock units): itself once, a dozen times for a dozen, the parts of a kit; nothing for a service.
    """

    product: Product
    needs: tuple[tuple[int, int], ...]
    selling_unit_id: int | None = None

    @property
    def pieces(self) -> int:
        """Stock units that one of it takes; 1 for what takes none, so that it can be divided by."""
        return sum(units for _product, units in self.needs) or 1

    @property
    def is_composite(self) -> bool:
        return bool(self.needs) and self.needs != ((self.product.pk, 1),)

    @property
    def is_shipped(self) -> bool:
        return bool(self.needs)


def meant(products: Iterable[tuple[Product, SellingUnit | None]]) -> list[Meant]:
    """What products in these units come to. No statement where there is no kit among them, else one."""
    pairs = list(products)
    inside = kits.contents({product.pk for product, _unit in pairs if product.is_kit})
    return [_meant(product, unit, inside) for product, unit in pairs]


def _meant(product: Product, unit: SellingUnit | None, inside: Mapping[int, Mapping[int, int]]) -> Meant:
    times = unit.quantity if unit else 1
    parts = inside.get(product.pk, {}) if product.is_kit else {product.pk: 1} if product.stocked else {}
    return Meant(product, tuple((pk, units * times) for pk, units in parts.items()), unit.pk if unit else None)


def resolve(connection_id: int, items: Iterable[Item]) -> dict[Item, Meant]:
    """What a store's items mean, in two statements for any number; a few more only where one is a kit, a selling unit, or
    known by none of our SKUs. Unknown ones are left out.

    A person's alias comes before the listing, the listing before the SKU: whoever maps an item has the last word. What
    none of them knows may still be a selling unit's own SKU, or a bar code.
    """
    asked = set(items)
    numbers = {number for number, _sku in asked if number}
    skus = {sku for _number, sku in asked if sku}
    listed = Listing.objects.filter(connection_id=connection_id, product__isnull=False).filter(
        Q(external_id__in=numbers) & ~Q(external_id="") | Q(external_id="", sku__in=skus)
    )
    by_number: dict[str, tuple[int, int | None]] = {}
    by_alias: dict[str, tuple[int, int | None]] = {}
    for number, sku, product_id, unit_id in listed.values_list("external_id", "sku", "product_id", "selling_unit_id"):
        if number:
            by_number[number] = (product_id, unit_id)
        else:
            by_alias[sku] = (product_id, unit_id)
    chosen = {(number, sku): by_alias.get(sku) or by_number.get(number) for number, sku in asked}
    unlisted = {sku for (_number, sku), said in chosen.items() if said is None and sku}
    products = Product.objects.filter(Q(pk__in={said[0] for said in chosen.values() if said}) | Q(sku__in=unlisted))
    by_id = {product.pk: product for product in products}
    by_sku = {product.sku: product for product in by_id.values()}
    unit_ids = {said[1] for said in chosen.values() if said and said[1]}
    units = SellingUnit.objects.in_bulk(unit_ids) if unit_ids else {}
    by_code = _by_unit_or_barcode(unlisted - by_sku.keys())
    found: dict[Item, tuple[Product, SellingUnit | None]] = {}
    for item, said in chosen.items():
        if said is not None:
            found[item] = (by_id[said[0]], units.get(said[1]) if said[1] else None)
        elif item[1] in by_sku:
            found[item] = (by_sku[item[1]], None)
        elif item[1] in by_code:
            found[item] = by_code[item[1]]
    # What no figure of stock holds (a pallet of kits of thousands) means nothing: a person says what was meant.
    return {item: one for item, one in zip(found, meant(found.values()), strict=True) if one.pieces <= MOST_PIECES}


def _by_unit_or_barcode(codes: set[str]) -> dict[str, tuple[Product, SellingUnit | None]]:
    """Codes that are no SKU of ours: a selling unit's SKU or bar code, or a product's bar code, where one alone has it."""
    if not codes:
        return {}
    spelled = {
        spelling: code for code in codes for spelling in (gtin.same_gtin(code) if gtin.is_gtin(code) else {code})
    }
    found: dict[str, list[tuple[Product, SellingUnit | None]]] = defaultdict(list)
    for unit in SellingUnit.objects.filter(Q(sku__in=codes) | Q(barcode__in=spelled)).select_related("product"):
        found[unit.sku if unit.sku in codes else spelled[unit.barcode]].append((unit.product, unit))
    for product in Product.objects.filter(barcode__in=spelled, archived_at=None):
        found[spelled[product.barcode]].append((product, None))
    return {code: pairs[0] for code, pairs in found.items() if len(pairs) == 1}
