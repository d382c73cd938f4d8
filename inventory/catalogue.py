"""Which product is meant: by the store's own number, by an alias, by SKU."""

from collections.abc import Iterable

from django.db.models import Q

from inventory.models import Listing, Product

Item = tuple[str, str]
"""(the store's number of what was bought or empty, SKU as the store sent it or empty)"""


def resolve(connection_id: int, items: Iterable[Item]) -> dict[Item, Product]:
    """The products that a store's items mean, in two statements for any number; unknown ones are left out.

    A person's alias comes before the listing, the listing before the SKU: whoever maps an item has the last word.
    """
    asked = set(items)
    numbers = {number for number, _ in asked if number}
    skus = {sku for _, sku in asked if sku}
    listings = (
        Listing.objects.filter(connection_id=connection_id, product__isnull=False)
        .filter(Q(external_id__in=numbers) & ~Q(external_id="") | Q(external_id="", sku__in=skus))
        .select_related("product")
    )
    by_number: dict[str, Product] = {}
    by_alias: dict[str, Product] = {}
    for listing in listings:
        if listing.product is None:
            continue
        if listing.external_id:
            by_number[listing.external_id] = listing.product
        else:
            by_alias[listing.sku] = listing.product
    by_sku = {product.sku: product for product in Product.objects.filter(sku__in=skus)} if skus else {}
    found = {}
    for number, sku in asked:
        product = by_alias.get(sku) or by_number.get(number) or by_sku.get(sku)
        if product is not None:
            found[number, sku] = product
    return found


def map_sku(connection_id: int, sku: str, product: Product) -> Listing:
    """From now on this SKU of that store means `product`. ValueError where the SKU is empty."""
    if not sku.strip():
        raise ValueError("Say which SKU of the store is meant.")
    return Listing.objects.update_or_create(
        connection_id=connection_id, external_id="", sku=sku, defaults={"product": product, "name": product.name}
    )[0]
