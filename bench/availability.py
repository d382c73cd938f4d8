"""Availability of 200 SKUs, as a store's pages ask for it: at most 4 statements, and how long it takes.

Two thousand products, a third of them with goods on order, one in ten on backorder with orders that wait, kits and dozens among
them. Asked through the API, without a key, each time anew; then once more, while nothing has changed, with and without the tag.
Beside it stands the barest way to ask: one hand-written statement for the units that are free, no days and no words.
"""

import os
import time
from statistics import median

from bench import report, shop

SKUS, PRODUCTS, ROUNDS = 200, 2000, 15
MOST = 4

# Stock, terms and an order for each third product; 600 products have none and are waited for.
FILLED = """
    INSERT INTO inventory_supplierproduct (supplier_id, product_id, supplier_sku, pack, minimum, price, rank)
    SELECT %(supplier)s, id, '', 1, 0, 5, 1 FROM inventory_product WHERE sku LIKE 'AV-%%' AND stocked;
    INSERT INTO inventory_purchaseorderline (order_id, position, product_id, supplier_sku, ordered, received, cancelled,
                                             unit_price, note)
    SELECT %(purchase)s, row_number() OVER (ORDER BY id), id, '', 40, 0, 0, 5, ''
      FROM inventory_product WHERE sku LIKE 'AV-%%' AND stocked AND id %% 3 = 0;
"""


def main() -> None:
    shop.start()
    from django.core.cache import cache, caches
    from django.db import connection as database
    from django.test import Client

    from bench.statements import Counted
    from orders.models import Merchant

    skus = _fill()
    Merchant.objects.update(publishes_availability=True)
    shop.settle_down()
    client, address = Client(headers={"host": "127.0.0.1"}), f"/api/v1/availability?sku={','.join(skus)}"

    def ask(**headers: str) -> object:
        # Whoever asks in a browser is slowed down before the database is; here nobody is.
        cache.clear()
        return client.get(address, headers=headers)

    first = ask()
    assert first.status_code == 200, first.content  # type: ignore[attr-defined]
    states = {row["state"] for row in first.json()["results"]}  # type: ignore[attr-defined]
    assert {"in_stock", "backorder"} <= states, states
    ours, kept, unchanged, bare = [], [], [], []
    for _ in range(ROUNDS):
        caches["answers"].clear()
        began = time.perf_counter()
        answer = ask()
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        ask()
        kept.append(time.perf_counter() - began)
        began = time.perf_counter()
        again = ask(**{"if-none-match": answer["ETag"]})  # type: ignore[index]
        unchanged.append(time.perf_counter() - began)
        assert again.status_code == 304  # type: ignore[attr-defined]
        began = time.perf_counter()
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT product.sku, sum(level.available) FROM inventory_product product"
                " JOIN inventory_stocklevel level ON level.product_id = product.id WHERE product.sku = ANY(%s) GROUP BY 1",
                [skus],
            )
            cursor.fetchall()
        bare.append(time.perf_counter() - began)
    caches["answers"].clear()
    with Counted() as counted:
        ask()
    _report(ours, kept, unchanged, bare, counted.number)


def _fill() -> list[str]:
    from datetime import date, timedelta
    from decimal import Decimal

    from django.db import connection as database

    from backoffice import goods
    from inventory import kits, ledger, purchasing
    from inventory.models import Product, PurchaseOrder, SellingUnit, Supplier
    from tests.making import make_record, take_in

    shop.make()
    products = Product.objects.bulk_create(
        [Product(sku=f"AV-{n:05}", name=f"Product {n}", price=Decimal("9.99")) for n in range(PRODUCTS)]
    )
    goods.receive(
        [goods.Goods(p.pk, 50, Decimal(5)) for n, p in enumerate(products) if n % 10], key="bench availability"
    )
    supplier = Supplier.objects.create(code="BENCH", name="Bench supplier", lead_time_days=7)
    purchase = purchasing.draft(
        supplier_id=supplier.pk,
        warehouse_id=ledger.default_location().pk,
        lines=[purchasing.Wanted(products[0].pk, 1)],
        by=None,
    )
    purchase.lines.all().delete()
    PurchaseOrder.objects.filter(pk=purchase.pk).update(
        state="confirmed",
        expected_on=date.today() + timedelta(days=9),  # noqa: DTZ011
    )
    with database.cursor() as cursor:
        for statement in FILLED.split(";")[:-1]:
            cursor.execute(statement, {"supplier": supplier.pk, "purchase": purchase.pk})
    for start in range(0, PRODUCTS, 500):
        lines = [(p.sku, 3, "9.99") for n, p in enumerate(products) if start <= n < start + 500 and n % 10 == 0]
        take_in([make_record(lines=lines[at : at + 5]) for at in range(0, len(lines), 5)])
    chosen = [p.sku for p in products[: SKUS - 20]]
    for n in range(10):
        kit = Product.objects.create(sku=f"AVK-{n}", name=f"Kit {n}", stocked=False)
        kits.set_components(kit, {products[n].pk: 1, products[n + 50].pk: 2})
        SellingUnit.objects.create(product=products[n + 100], name="dozen", quantity=12, sku=f"AVD-{n}")
        chosen += [f"AVK-{n}", f"AVD-{n}"]
    return chosen


def _report(ours: list[float], kept: list[float], unchanged: list[float], bare: list[float], statements: int) -> None:
    measured = {
        "answered": ours,
        "answered again, nothing changed": kept,
        "unchanged (304)": unchanged,
        "units only, by hand": bare,
    }
    milliseconds = {name: 1000 * median(times) for name, times in measured.items()}
    report.table(["200 SKUs", "ms (median)"], [[name, spent] for name, spent in milliseconds.items()])
    report.conclude(
        "availability",
        figure=statements,
        floor=MOST,
        holds=statements <= MOST,
        more={
            "statements": statements,
            "ms": round(milliseconds["answered"], 1),
            "ms_kept": round(milliseconds["answered again, nothing changed"], 1),
            "ms_unchanged": round(milliseconds["unchanged (304)"], 1),
            "ms_bare": round(milliseconds["units only, by hand"], 2),
            "full": bool(os.environ.get("FULL")),
        },
    )


if __name__ == "__main__":
    main()
