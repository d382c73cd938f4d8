"""What is in a kit is changed: the catalogue, and what the stores are told of it, in one transaction."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from inventory import kits
from inventory.models import KitComponent, Product
from orders import publishing


def set_components(kit: Product, components: Mapping[int, int]) -> None:
    """From now on one `kit` holds so many of each product. ValueError with a sentence where that cannot be."""
    with transaction.atomic():
        kits.set_components(kit, components)
        tell([kit.pk])


def tell(kit_ids: Iterable[int]) -> None:
    """The stores hear how many of these kits, and of the kits that hold them, can be sold now."""
    known: set[int] = set()
    fresh = set(kit_ids)
    while fresh:
        known |= fresh
        fresh = set(KitComponent.objects.filter(component__in=fresh).values_list("kit", flat=True)) - known
    publishing.stock_changed(known)
