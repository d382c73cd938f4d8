"""Each list page that staff look at, at a hundred times the products, movements and orders: at most 1.5 times as long.

FULL=1: 100,000 products, 2,000,000 movements, 50,000 open lines against a hundredth of it. Otherwise a fifth of both.
Every list of the rooms for stock, orders and parcels is found by itself; what they are filtered and searched by is said here.
"""

import gc
import os
import statistics
import time
from collections.abc import Iterator

from bench import report, shop
from bench.large_shop import MOVEMENTS, Shop

CEILING = 1.5
FULL = bool(os.environ.get("FULL"))
LARGE = 100_000 if FULL else 20_000
SMALL = LARGE // 100 if FULL else 1_000
ROUNDS = 15 if FULL else 7
ROOMS = ("inventory", "orders", "shipping")
NO_LIST = ("merchant",)
"""There is one, and its list leads to it."""
WAYS = {
    "inventory_product": [
        "q=SKU-000050",
        "q=Product 77",
        "kind=kits",
        "supplier={supplier}",
        "branch={category}",
        "p=5",
    ],
    "inventory_stocklevel": ["q=SKU-000050", "q=Product 77", "location__id__exact={place}", "o=1"],
    "inventory_movement": [
        "q=SKU-000050",
        "q=broken",
        "reason__exact=scrap",
        "location__id__exact={place}",
        "product__id__exact=100",
    ],
    "orders_order": ["work=to-pack", "work=waiting", "work=held", "q=SKU-000050", "q=Smith", "state__exact=backorder"],
    "orders_customer": ["q=Smith"],
    "inventory_orderlistline": ["sort=sku", "supplier={supplier}", "q=Product 77"],
    "inventory_purchaseorder": ["state__exact=sent", "q=P-7", "supplier__id__exact={supplier}"],
    "inventory_countsheet": ["state__exact=open", "q=SKU-000100"],
    "inventory_lot": ["q=L-15", "q=SKU-000015"],
    "inventory_listing": ["q=SKU-50"],
    "inventory_transfer": ["q=T-10"],
}
OWN = {
    "backorders by product": ("admin:orders_order_waiting", ""),
    "backorders by age": ("admin:orders_order_waiting", "by=age"),
    "backorders by customer": ("admin:orders_order_waiting", "by=customer"),
    "backorders of one product": ("admin:orders_order_waiting", "by=product&product=80"),
    "backorders, searched": ("admin:orders_order_waiting", "by=product&q=SKU-000040"),
    "release plan": ("admin:orders_order_release", ""),
    "release plan, whole orders": ("admin:orders_order_release", "rule=complete"),
    "release plan of one product": ("admin:orders_order_release", "product=SKU-000040"),
    "today": ("admin:index", ""),
}


def pages() -> Iterator[tuple[str, str]]:
    from django.contrib import admin
    from django.urls import reverse

    from inventory.models import Category, Location, Supplier

    ids = {
        "supplier": Supplier.objects.earliest("pk").pk,
        "category": Category.objects.earliest("pk").pk,
        "place": Location.objects.get(code="W1").pk,
    }
    for name, (view, query) in OWN.items():
        yield name, f"{reverse(view)}?{query}"
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        if model._meta.app_label in ROOMS and model._meta.model_name not in NO_LIST:
            for query in ["", *WAYS.get(name, [])]:
                said = query.format(**ids)
                yield f"{model._meta.model_name} {query}".strip(), f"{reverse(f'admin:{name}_changelist')}?{said}"


def measured() -> dict[str, float]:
    """The middle of some rounds, in milliseconds."""
    from django.test import Client

    from tests.staff import make_person

    client = Client()
    client.force_login(make_person("administrator"), backend="django.contrib.auth.backends.ModelBackend")
    addresses = dict(pages())
    # What filling the tables left in this process is not gone through again with every page.
    gc.collect()
    gc.freeze()
    times: dict[str, list[float]] = {name: [] for name in addresses}
    for turn in range(ROUNDS + 1):
        for name, address in addresses.items():
            start = time.perf_counter()
            answer = client.get(address)
            if turn:
                times[name].append((time.perf_counter() - start) * 1000)
            assert answer.status_code == 200, (address, answer.status_code)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    shop.start()
    from django.conf import settings

    from backoffice import proof

    settings.ALLOWED_HOSTS = ["*"]
    made = Shop()
    made.grow(SMALL)
    proven = proof.prove()
    assert proven.ok, proven.faults
    small = measured()
    made.grow(LARGE)
    large = measured()
    ratios = {name: large[name] / small[name] for name in small}
    report.table(
        ["page", f"{SMALL:,} products, ms", f"{LARGE:,} products, ms", "ratio"],
        [[name, small[name], large[name], ratios[name]] for name in small],
    )
    worst = max(ratios.values())
    if not FULL:
        print("\nThis is a fifth of the whole, against a twentieth of it; FULL=1 is all of it against a hundredth.")
    print(f"\n{LARGE:,} products, {LARGE * MOVEMENTS:,} movements, {LARGE // 2:,} open lines.")
    report.conclude(
        "lists",
        figure=round(worst, 2),
        floor=CEILING,
        holds=worst <= CEILING,
        more={"ratios": {name: round(ratio, 2) for name, ratio in ratios.items()}},
    )


if __name__ == "__main__":
    main()
