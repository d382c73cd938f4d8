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
    meant = Listing.objects.filter(connection_id=connection_id, product__isnull=False).filter(
        Q(external_id__in=numbers) & ~Q(external_id="") | Q(external_id="", sku__in=skus)
    )
    by_number: dict[str, int] = {}
    by_alias: dict[str, int] = {}
    for number, sku, product_id in meant.values_list("external_id", "sku", "product_id"):
        if number:
            by_number[number] = product_id
        else:
            by_alias[sku] = product_id
    chosen = {(number, sku): by_alias.get(sku) or by_number.get(number) for number, sku in asked}
    unlisted = {sku for (_, sku), product_id in chosen.items() if product_id is None and sku}
    products = Product.objects.filter(Q(pk__in=set(chosen.values()) - {None}) | Q(sku__in=unlisted))
    by_id = {product.pk: product for product in products}
    by_sku = {product.sku: product for product in by_id.values()}
    found = {item: by_id[pk] if pk is not None else by_sku.get(item[1]) for item, pk in chosen.items()}
    return {item: product for item, product in found.items() if product is not None}


def map_sku(connection_id: int, sku: str, product: Product) -> Listing:
    """From now on this SKU of that store means `product`. ValueError where the SKU is empty."""
    if not sku.strip():
        raise ValueError("Say which SKU of the store is meant.")
    return Listing.objects.update_or_create(
        connection_id=connection_id, external_id="", sku=sku, defaults={"product": product, "name": product.name}
    )[0]
