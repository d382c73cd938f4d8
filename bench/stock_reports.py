"""Each page of the reports on stock, at a hundred times the products and movements: at most 1.5 times as long.

Also how long the whole report takes as a file, where a page is all that must not grow, and what memory that needs.
"""

import gc
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bench import report, shop

CEILING = 1.5
FULL = bool(os.environ.get("FULL"))
LARGE = 100_000 if FULL else 20_000
SMALL = LARGE // 100
EACH = 20
"""Movements of a product."""
ROUNDS = 15


def fill(first: int, last: int) -> None:
    """Products with a year of movements each, put in by COPY; one in ten is dead, one in twelve is sold out."""
    from django.db import connection
    from django.utils import timezone

    from inventory.models import Category, Location, Product

    chance, now = random.Random(first), timezone.now()
    categories = [Category.objects.get_or_create(name=f"C{n}", defaults={"path": f"C{n}"})[0] for n in range(20)]
    places = [Location.objects.get_or_create(code=f"W{n}", defaults={"name": f"Warehouse {n}"})[0].pk for n in (1, 2)]
    products = Product.objects.bulk_create(
        [
            Product(sku=f"SKU-{n:06d}", name=f"Product {n}", category=categories[n % 20], average_cost=Decimal("4.00"))
            for n in range(first, last)
        ],
        batch_size=5_000,
    )

    def movements() -> Iterator[tuple[Any, ...]]:
        for number, product in enumerate(products):
            place = places[number % 2]
            there = 100
            yield product.pk, place, there, "receipt", "4.00", now - timedelta(days=400), f"{product.pk}-0", ""
            dead = number % 10 == 0
            for step in range(1, EACH):
                gone = there if step == EACH - 1 and number % 12 == 1 else chance.randint(1, 3)
                there -= gone
                day = 400 - step * (10 if dead else 20)
                yield (
                    product.pk,
                    place,
                    -gone,
                    "shipment",
                    "4.00",
                    now - timedelta(days=day),
                    f"{product.pk}-{step}",
                    "",
                )

    with connection.cursor() as cursor:
        names = "product_id, location_id, quantity, reason, unit_cost, at, key, note"
        with cursor.copy(f"COPY inventory_movement ({names}) FROM STDIN") as copy:
            for row in movements():
                copy.write_row(row)
        cursor.execute(
            """INSERT INTO inventory_stocklevel (product_id, location_id, on_hand, reserved)
               SELECT product_id, location_id, sum(quantity), 0 FROM inventory_movement
                WHERE product_id >= %s GROUP BY 1, 2 ON CONFLICT DO NOTHING""",
            [products[0].pk],
        )
        cursor.execute("VACUUM ANALYZE")


def measured(addresses: dict[str, str]) -> dict[str, float]:
    """The middle of some rounds, in milliseconds."""
    from django.test import Client

    from tests.staff import make_person

    client = Client()
    client.force_login(make_person("administrator"), backend="django.contrib.auth.backends.ModelBackend")
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


def pages() -> dict[str, str]:
    from django.urls import reverse

    middle = "?after=SKU-000100"
    named = {
        "stock": ("stock", ""), "stock, later page": ("stock", middle), "stock by place": ("stock", "?by=place"),
        "stock, last year": ("stock", "?last=2026-01-01&everything=1"), "stock, searched": ("stock", "?q=SKU-00001"),
        "value": ("valuation", ""), "value, one warehouse": ("valuation", "?warehouse={warehouse}"),
        "card": ("card", "?product=SKU-000050&first=2025-01-01"), "dead": ("dead", "?idle=150"), "abc": ("abc", ""),
        "abc, later page": ("abc", "?after=100"), "turnover": ("turnover", ""),
    }  # fmt: skip
    from inventory.models import Location

    place = Location.objects.get(code="W1").pk
    return {
        name: reverse(f"admin:inventory_report_{report}") + query.format(warehouse=place)
        for name, (report, query) in named.items()
    }


def exported() -> tuple[float, float]:
    """Megabytes that the value of all stock as a file needs more than one of a day without any, and the seconds."""

    def needed(*more: str) -> float:
        command = [sys.executable, "manage.py", "stock_report", "valuation", "--format=xlsx", f"--output={os.devnull}"]
        subprocess.run([*command, *more], check=True, stderr=subprocess.DEVNULL)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024

    empty = needed("--at=2001-01-01")
    start = time.perf_counter()
    return needed() - empty, time.perf_counter() - start


def main() -> None:
    shop.start()
    from django.conf import settings

    from inventory.reports import abc

    settings.ALLOWED_HOSTS = ["*"]
    fill(0, SMALL)
    abc.work_out()
    addresses = pages()
    small = measured(addresses)
    fill(SMALL, LARGE)
    start = time.perf_counter()
    abc.work_out()
    ranked = time.perf_counter() - start
    large = measured(addresses)
    ratios = {name: large[name] / small[name] for name in addresses}
    report.table(
        ["page", f"{SMALL:,} products, ms", f"{LARGE:,} products, ms", "ratio"],
        [[name, small[name], large[name], ratios[name]] for name in addresses],
    )
    megabytes, seconds = exported()
    print(
        f"\nThe value of all stock as XLSX: {seconds:.1f} s, {megabytes:.0f} MB more; all ranks anew: {ranked:.1f} s."
    )
    worst = max(ratios.values())
    report.conclude(
        "stock_reports",
        figure=round(worst, 2),
        floor=CEILING,
        holds=worst <= CEILING and megabytes < 100,
        more={
            "ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
            "export_seconds": round(seconds, 1),
            "export_megabytes": round(megabytes),
            "ranking_seconds": round(ranked, 1),
        },
    )


if __name__ == "__main__":
    main()
