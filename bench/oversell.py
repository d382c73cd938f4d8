"""Eight processes buying the same fifty products: no oversell, no deadlock left unhandled, `prove` green; and how fast.

The sale lasts 20 s, with FULL=1 the 60 s of the issue. Beside buyers' webhooks, one act in ten receives goods and one in ten
calls orders off; one line in six is a kit that shares its parts with single sales. The figure is what went wrong: it must be
none.
"""

import os

from bench import report, shop

BUYERS = 8


def main() -> None:
    shop.start()
    from tests import buyers

    seconds = 60.0 if os.environ.get("FULL") else 20.0
    store = buyers.open_shop()
    sale = buyers.buy_together(store, buyers=BUYERS, seconds=seconds)
    unhandled = sum(count for words, count in sale.counts.items() if words.startswith("unhandled"))
    faults = buyers.faults(store)
    for fault in faults[:10]:
        print(fault)
    report.table(
        ["processes", "seconds", "orders", "orders/s", "receipts", "cancelled", "unhandled", "faults"],
        [
            [
                BUYERS, sale.seconds, sale.counts["orders"], sale.orders_a_second, sale.counts["receipts"],
                sale.counts["cancelled"], unhandled, len(faults),
            ]
        ],
    )  # fmt: skip
    report.conclude(
        "oversell",
        figure=unhandled + len(faults),
        floor=0,
        holds=unhandled + len(faults) == 0,
        more={
            "processes": BUYERS,
            "seconds": round(sale.seconds, 1),
            "orders": sale.counts["orders"],
            "orders_per_second": round(sale.orders_a_second, 1),
            "unhandled": unhandled,
            "faults": len(faults),
        },
    )


if __name__ == "__main__":
    main()
