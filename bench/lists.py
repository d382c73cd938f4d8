"""Each list page that staff look at, at a hundred times the products, movements and orders: at most 1.5 times as long.

FULL=1: 100,000 products, 2,000,000 movements, 50,000 open lines against a hundredth of it. Otherwise a tenth of it.
Every list of the rooms for stock, orders and parcels is found by itself; what they are filtered and searched by is said here.

The plan of everything at once is no list page: it deals out anew all that is there of all products that somebody waits for,
so it grows with the shop. It is held to a time of its own: 2 seconds with all 50,000 open lines.

ONLY=release measures only the pages with this word in their name.
"""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import report, shop
from bench.large_shop import MOVEMENTS, Shop

CEILING = 1.5
EVERYTHING_CEILING = 2_000.0
"""Milliseconds for a plan of everything."""
ONLY = os.environ.get("ONLY", "")
FULL = bool(os.environ.get("FULL"))
LARGE = 100_000 if FULL else 10_000
SMALL = 1_000
ROUNDS = 10 if FULL else 4
ROOMS = ("inventory", "orders", "shipping")
NO_LIST = ("merchant",)
"""There is one, and its list leads to it."""
WAYS = {
    "inventory_product": [
        "q=SKU-000050",
        "q=Alpine",
        "kind=kits",
        "supplier={supplier}",
        "branch={category}",
        "p=5",
    ],
    "inventory_stocklevel": ["q=SKU-000050", "q=Alpine", "location__id__exact={place}", "o=1"],
    "inventory_movement": [
        "q=SKU-000050",
        "q=broken",
        "reason__exact=scrap",
        "location__id__exact={place}",
        "product__id__exact=100",
    ],
    "orders_order": ["work=to-pack", "work=waiting", "work=held", "q=SKU-000050", "q=Smith", "state__exact=backorder"],
    "orders_customer": ["q=Smith"],
    "inventory_orderlistline": ["sort=sku", "supplier={supplier}", "q=Alpine"],
    "inventory_purchaseorder": ["state__exact=sent", "q=P-7", "q=Supplier 0", "supplier__id__exact={supplier}"],
    "inventory_countsheet": ["state__exact=open", "q=SKU-000100"],
    "inventory_lot": ["q=L-15", "q=L-", "q=SKU-000015"],
    "inventory_listing": ["q=SKU-50", "q=SKU-"],
    "inventory_transfer": ["q=T-10", "q=T-"],
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
    "release plan, further on": ("admin:orders_order_release", "after=SKU-000300"),
    "today": ("admin:index", ""),
    "search box, a name": ("admin:search", "q=Smith"),
    "search box, a SKU": ("admin:search", "q=SKU-000040"),
    "search box, a supplier": ("admin:search", "q=Supplier 1"),
}
EVERYTHING = {
    "release plan of everything": ("admin:orders_order_release", "all=1"),
    "release plan of everything, whole orders": ("admin:orders_order_release", "all=1&rule=complete"),
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
    for name, (view, query) in {**OWN, **EVERYTHING}.items():
        yield name, f"{reverse(view)}?{query}"
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        if model._meta.app_label in ROOMS and model._meta.model_name not in NO_LIST:
            for query in ["", *WAYS.get(name, [])]:
                said = query.format(**ids)
                yield f"{model._meta.model_name} {query}".strip(), f"{reverse(f'admin:{name}_changelist')}?{said}"


def other_database() -> tuple[str, str]:
    """The names of this database and of a copy of it as it stands now."""
    from django.db import connection as database

    here = str(database.settings_dict["NAME"])
    there = f"{here}_small"
    _on(here)
    with _server() as cursor:
        cursor.execute(f'CREATE DATABASE "{there}" TEMPLATE "{here}"')
    return here, there


def _on(name: str) -> None:
    """From here on pages read this database."""
    from django.db import connection as database

    database.close()
    database.settings_dict["NAME"] = name


@contextmanager
def _server() -> Iterator[Any]:
    import psycopg
    from django.db import connection as database

    words = {**database.get_connection_params(), "dbname": "postgres", "autocommit": True}
    with psycopg.connect(**{k: v for k, v in words.items() if k not in ("cursor_factory", "context")}) as server:
        yield server.cursor()


def used() -> float:
    """Seconds that this process and its server process have worked: what else the machine does is not the page's time.

    Where the server is another machine's, or the system tells no such thing, it is the clock's time.
    """
    from django.db import connection as database

    if database.connection is None:
        database.ensure_connection()
    try:
        with open(f"/proc/{database.connection.info.backend_pid}/schedstat") as told:
            return time.process_time() + int(told.read().split()[0]) / 1e9
    except OSError:
        return time.perf_counter()


def measured(client: Any, databases: dict[str, dict[str, str]]) -> dict[str, dict[str, float]]:
    """By database the best of some rounds of each page, in milliseconds; the databases take turns."""
    # What filling the tables left in this process is not gone through again with every page.
    gc.collect()
    gc.freeze()
    times: dict[str, dict[str, float]] = {name: {} for name in databases}
    for turn in range(ROUNDS + 1):
        for name, addresses in databases.items():
            _on(name)
            for page, address in addresses.items():
                start = used()
                answer = client.get(address)
                took = (used() - start) * 1000
                assert answer.status_code == 200, (address, answer.status_code)
                if turn:
                    times[name][page] = min(took, times[name].get(page, took))
    return times


def main() -> None:
    shop.start()
    from django.conf import settings
    from django.test import Client

    from backoffice import proof
    from tests.staff import make_person

    settings.ALLOWED_HOSTS = ["*"]
    made = Shop()
    made.grow(SMALL)
    proven = proof.prove()
    assert proven.ok, proven.faults
    client = Client()
    client.force_login(make_person("administrator"), backend="django.contrib.auth.backends.ModelBackend")
    addresses = {name: address for name, address in pages() if ONLY in name}
    here, there = other_database()
    try:
        made.grow(LARGE)
        times = measured(client, {there: addresses, here: addresses})
    finally:
        _on(here)
        with _server() as cursor:
            cursor.execute(f'DROP DATABASE "{there}" WITH (FORCE)')
    _report(times[there], times[here])


def _report(small: dict[str, float], large: dict[str, float]) -> None:
    whole = {name: large.pop(name) for name in EVERYTHING if name in large}
    ratios = {name: took / small[name] for name, took in large.items()}
    report.table(
        ["page", f"{SMALL:,} products, ms", f"{LARGE:,} products, ms", "ratio"],
        [[name, small[name], large[name], ratios[name]] for name in sorted(ratios, key=lambda name: -ratios[name])],
    )
    worst, longest = max(ratios.values(), default=0.0), max(whole.values(), default=0.0)
    print(f"\n{LARGE:,} products, {LARGE * MOVEMENTS:,} movements, {LARGE // 2:,} open lines.")
    for name, took in whole.items():
        print(f"No list page: {name}, {took:,.0f} ms (at most {EVERYTHING_CEILING:,.0f}).")
    if not FULL:
        print("This is a tenth of the whole; FULL=1 is all of it, against a hundredth.")
    report.conclude(
        "lists",
        figure=round(worst, 2),
        floor=CEILING,
        holds=worst <= CEILING and longest <= EVERYTHING_CEILING,
        more={
            "ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
            "everything_ms": {name: round(took) for name, took in whole.items()},
        },
    )


if __name__ == "__main__":
    main()
