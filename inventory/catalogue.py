"""What people say of products: which one a SKU or a scanned code means, and what of a product may change."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import Q, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import gtin, reservations
from inventory.models import Listing, LotLevel, Product, SellingUnit, StockLevel


def map_sku(connection_id: int, sku: str, product: Product, selling_unit: SellingUnit | None = None) -> Listing:
    """From now on this SKU or bar code of that store means `product`, in this unit. ValueError in a sentence."""
    if not sku.strip():
        raise ValueError("Say which SKU of the store is meant.")
    longest = Listing._meta.get_field("sku").max_length or 0
    if len(sku) > longest:
        raise ValueError(f"A SKU has at most {longest} characters; this one has {len(sku)}.")
    _check_meaning(product, selling_unit)
    return Listing.objects.update_or_create(
        connection_id=connection_id,
        external_id="",
        sku=sku,
        defaults={"product": product, "selling_unit": selling_unit, "name": product.name},
    )[0]


def map_listing(listing: Listing, product: Product, selling_unit: SellingUnit | None = None) -> set[int]:
    """From now on what a store lists means `product`, in this unit. The products whose stock it tells, before and after.

    ValueError with a sentence where it cannot mean that.
    """
    _check_meaning(product, selling_unit)
    before = Listing.objects.select_for_update().get(pk=listing.pk).product_id
    listing.product, listing.selling_unit = product, selling_unit
    listing.save(update_fields=["product", "selling_unit"])
    return {product.pk, *([before] if before else [])}


def unit_of(product: Product, typed: str) -> SellingUnit | None:
    """The selling unit that is meant by its name, code or size: `dozen`, `EGG-12`, `12`; none for an empty word.

    ValueError with a sentence that names the units there are.
    """
    said = " ".join(typed.split()).casefold()
    if not said or said == "1":
        return None
    units = list(SellingUnit.objects.filter(product=product))
    for unit in units:
        if said in {word.casefold() for word in (unit.name, unit.name_fr, unit.sku, str(unit)) if word}:
            return unit
    sized = [unit for unit in units if str(unit.quantity) == said]
    if len(sized) == 1:
        return sized[0]
    if not units:
        raise ValueError(
            _("%(sku)s has no selling units. Add “%(unit)s” on its page first, or leave the unit empty.")
            % {"sku": product.sku, "unit": typed.strip()[:40]}
        )
    raise ValueError(
        _("%(sku)s has no unit “%(unit)s”. Known are: %(units)s. Empty means single units.")
        % {"sku": product.sku, "unit": typed.strip()[:40], "units": ", ".join(map(str, units))}
    )


def _check_meaning(product: Product, selling_unit: SellingUnit | None) -> None:
    if product.archived_at is not None:
        raise ValueError(
            _("%(sku)s is archived. Take it out of the archive first, or choose another product.")
            % {"sku": product.sku}
        )
    if selling_unit is not None and selling_unit.product_id != product.pk:
        raise ValueError(
            _("%(unit)s is no unit of %(sku)s. Choose one of its own.") % {"unit": selling_unit, "sku": product.sku}
        )


# --- what a person types or scans ----------------------------------------------------------------------------------------
class Several(ValueError):
    """A code that means several products at once; the message names them."""


def find_by_code(code: str) -> tuple[Product, SellingUnit | None]:
    """What a typed or scanned code means: a product by its SKU or barcode, or one of its selling units by theirs.

    A SKU comes before a barcode, what is written just so before what differs in capitals, a product before a unit, what
    is sold before what is archived; a bar code is known in each of its spellings (12, 13 or 14 digits). ValueError with
    a sentence where the code means nothing here, Several where it means more than one. Two statements; two more for none.
    """
    typed = code.replace("\x00", "").strip()
    found = _by_code(typed, sku__in={typed, typed.upper(), typed.lower()}) if typed else []
    # Slower, without an index: only for a code that is found in no other way.
    found = found or (_by_code(typed, sku__iexact=typed) if typed else [])
    best = [item for item in found if item[0] == found[0][0]]
    if not best:
        raise ValueError(
            _("No product has the SKU or barcode “%(code)s”. Choose one from the list.") % {"code": typed[:80]}
        )
    if len(best) > 1:
        names = ", ".join(sorted(product.sku for _rank, product, _unit in best)[:5])
        raise Several(
            _("“%(code)s” is the code of several: %(skus)s. Type the SKU of the one that is meant.")
            % {"code": typed[:80], "skus": names}
        )
    return best[0][1], best[0][2]


def _by_code(typed: str, **sku: object) -> list[tuple[tuple[int, ...], Product, SellingUnit | None]]:
    """Products and units with this code, the likeliest first, each with its rank."""
    spellings = gtin.same_gtin(typed) if typed.isascii() and typed.isdecimal() else {typed}
    meant = Q(**sku) | Q(barcode__in=spellings)
    known = typed.casefold()
    found: list[tuple[tuple[int, ...], Product, SellingUnit | None]] = [
        (_rank(typed, known, product.sku, 0, product), product, None) for product in Product.objects.filter(meant)
    ]
    for unit in SellingUnit.objects.filter(meant).select_related("product"):
        found.append((_rank(typed, known, unit.sku, 1, unit.product), unit.product, unit))
    return sorted(found, key=lambda item: item[0])


def _rank(typed: str, known: str, sku: str, unit: int, product: Product) -> tuple[int, ...]:
    written = 0 if sku == typed else 1 if sku.casefold() == known else 2
    return product.archived_at is not None, written, unit


def who_has(barcodes: Iterable[str]) -> dict[str, list[str]]:
    """Products and units that have these bar codes, in any spelling, by the number without its leading zeros.

    What is archived does not count. One statement, or none for no code.
    """
    codes = {spelling for code in barcodes if code for spelling in gtin.same_gtin(code)}
    if not codes:
        return {}
    of_units = SellingUnit.objects.filter(barcode__in=codes, product__archived_at=None).order_by()
    there = (
        Product.objects.filter(barcode__in=codes, archived_at=None)
        .order_by()
        .values_list("barcode", "sku", Value(""))
        .union(of_units.values_list("barcode", "product__sku", "name"), all=True)
    )
    found: dict[str, list[str]] = {}
    for code, sku, unit in sorted(there):
        found.setdefault(code.lstrip("0"), []).append(f"{sku}, {unit}" if unit else sku)
    return found


def doubled(barcode: str, others: Iterable[str]) -> str:
    """The sentence about a bar code that others have too."""
    said = _("The bar code %(code)s is also that of %(skus)s. Scanned, it is not clear which one is meant.")
    return said % {"code": barcode, "skus": "; ".join(list(others)[:5])}


# --- what a person changes -----------------------------------------------------------------------------------------------
def check_sku(sku: str) -> None:
    """ValidationError where a SKU holds what nobody sees or can type: it would never be found again."""
    if not sku.isprintable():
        raise ValidationError(
            "The SKU holds characters that cannot be seen, such as a tab or a line break. Type it anew."
        )


def taken_by_units(skus: Iterable[str]) -> dict[str, str]:
    """SKUs that selling units have: a product may not take one too, or what is ordered by it changes its meaning.

    Each with a sentence that names the unit. One statement.
    """
    there = SellingUnit.objects.filter(sku__in=set(skus) - {""}).select_related("product")
    return {
        unit.sku: _("%(sku)s is the SKU of a unit of %(product)s, %(unit)s. Choose another one.")
        % {"sku": unit.sku, "product": unit.product.sku, "unit": unit}
        for unit in there
    }


def stocked_for_now(product_ids: Iterable[int]) -> dict[int, str]:
    """Products that cannot be switched between stocked and not stocked now: why, and what to do, in a sentence.

    A switch under goods or promises would leave units that nobody counts any more, or promises that no stock stands
    behind. The levels are locked, so what is found holds until the caller's transaction ends. Four statements.
    """
    ids = set(product_ids)
    if not ids:
        return {}
    reservations.lock(ids)
    levels = StockLevel.objects.filter(~Q(on_hand=0) | ~Q(reserved=0), product_id__in=ids, product__stocked=True)
    said = dict.fromkeys(
        levels.values_list("product_id", flat=True),
        "There is stock of it. Correct the stock to zero first; then this can be switched.",
    )
    promised = Q(stocked=True) | Q(order_lines__allocations=None)
    in_orders = Product.objects.filter(promised, pk__in=ids, order_lines__allocated__gt=0)
    said |= dict.fromkeys(
        in_orders.values_list("pk", flat=True),
        "Open orders have it reserved. Ship or cancel those lines first; then this can be switched.",
    )
    in_kits = Product.objects.filter(Q(is_kit=True) | Q(used_in__isnull=False), pk__in=ids)
    said |= dict.fromkeys(
        in_kits.values_list("pk", flat=True),
        "It is a kit or in one, which decides this by itself. Take it out of the kit first; then this can be switched.",
    )
    return said


def tracked_for_now(product_ids: Iterable[int]) -> dict[int, str]:
    """Products whose lots cannot begin or end to be followed now: there is stock, of which nobody knows the lot.

    The levels are locked, so what is found holds until the caller's transaction ends. Two statements.
    """
    ids = set(product_ids)
    if not ids:
        return {}
    reservations.lock(ids)
    there = StockLevel.objects.filter(product_id__in=ids).exclude(on_hand=0).values_list("product_id", flat=True)
    return dict.fromkeys(
        there,
        "There is stock of it, which came in without lots or with them. Correct the stock to zero first; then switch.",
    )


def expires_for_now(product_ids: Iterable[int]) -> dict[int, str]:
    """Products whose lots cannot begin to expire now: some lie here without a day, and would never be found to be old.

    The levels are locked, so what is found holds until the caller's transaction ends. Two statements.
    """
    ids = set(product_ids)
    if not ids:
        return {}
    reservations.lock(ids)
    undated: dict[int, list[str]] = {}
    lying = LotLevel.objects.filter(lot__product_id__in=ids, lot__expires_on=None, units__gt=0).order_by("lot__code")
    for product_id, code in lying.values_list("lot__product", "lot__code").distinct():
        undated.setdefault(product_id, []).append(code)
    return {
        product_id: f"Say first on which day these lots expire, on their pages or by the file of lots: "
        f"{', '.join(codes[:5])}{'…' if len(codes) > 5 else ''}."
        for product_id, codes in undated.items()
    }


def archive(product_ids: Iterable[int]) -> set[int]:
    """Products leave the lists; they stay on their orders and in the ledger (rule: S11). Those that were not archived.

    The caller wishes that the stores be told, in the same transaction.
    """
    there = Product.objects.select_for_update().filter(pk__in=list(product_ids), archived_at=None).order_by("pk")
    ids = set(there.values_list("pk", flat=True))
    Product.objects.filter(pk__in=ids).update(archived_at=timezone.now())
    return ids


def take_out_of_archive(product_ids: Iterable[int]) -> set[int]:
    """The same products back on the lists; those that were archived."""
    away = Product.objects.select_for_update().filter(pk__in=list(product_ids), archived_at__isnull=False)
    ids = set(away.order_by("pk").values_list("pk", flat=True))
    Product.objects.filter(pk__in=ids).update(archived_at=None)
    return ids
