"""The proof: that stock, orders, parcels, invoices, numbers and books agree, looked at in one moment (rule: A8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import accounting.proof
import accounting.stock_proof
import backoffice.sync.proof
import inventory.proof
import inventory.purchase_proof
import orders.promise_proof
import orders.proof
import shipping.proof
from accounting import chart
from backoffice import journey
from backoffice.lib.invariant import Check, Invariant
from backoffice.lib.snapshot import snapshot
from orders.proof import rounded

BETWEEN_ROOMS = (
    Invariant(
        name="cost of goods",
        what="The goods in each shipped parcel are booked as sold, at what they had cost.",
        over="shipping_shipment WHERE state = 'shipped'",
        faults=f"""
            SELECT format('Parcel %s: goods worth %s left, %s are booked.', coalesce(parcel.number, booked.key),
                          coalesce(parcel.cost, 0), coalesce(booked.amount, 0))
              FROM (SELECT shipment.id, shipment.number, -sum(moved.quantity * moved.unit_cost) AS cost,
                           coalesce((SELECT currency FROM orders_merchant WHERE id = 1), 'CAD') AS currency
                      FROM shipping_shipment shipment
                      JOIN shipping_shipmentline item ON item.shipment_id = shipment.id
                      JOIN inventory_movement moved ON moved.key = 'shipment:' || item.id
                     WHERE shipment.state = 'shipped' GROUP BY shipment.id) parcel
              FULL JOIN (SELECT entry.key, entry.currency, sum(line.amount) AS amount
                           FROM accounting_entry entry
                           JOIN accounting_entryline line ON line.entry_id = entry.id
                           JOIN accounting_account account ON account.id = line.account_id
                          WHERE entry.key LIKE 'shipment:%' AND account.code = '{chart.COGS}' GROUP BY entry.id) booked
                ON booked.key = 'shipment:' || parcel.id
             WHERE {rounded("coalesce(parcel.cost, 0)", "coalesce(booked.currency, parcel.currency)")}
                <> coalesce(booked.amount, 0)
        """,
    ),
    Invariant(
        name="value of stock",
        what="The inventory account holds the value of all movements, parcel by parcel, and revaluations: nothing else.",
        over="inventory_movement",
        faults=f"""
            SELECT format('Stock is worth %s %s by its movements, %s by the books.', stock.amount, house.currency, books.amount)
              FROM (SELECT coalesce((SELECT currency FROM orders_merchant WHERE id = 1), 'CAD') AS currency) house,
                   LATERAL (SELECT coalesce(sum(part), 0) AS amount FROM (
                        SELECT {rounded("quantity * unit_cost", "house.currency")} AS part
                          FROM inventory_movement WHERE reason <> 'shipment'
                         UNION ALL
                        SELECT {rounded("sum(moved.quantity * moved.unit_cost)", "house.currency")}
                          FROM inventory_movement moved
                          LEFT JOIN shipping_shipmentline item ON moved.key = 'shipment:' || item.id
                         WHERE moved.reason = 'shipment' GROUP BY item.shipment_id
                         UNION ALL
                        SELECT amount FROM inventory_revaluation) AS parts(part)) stock,
                   LATERAL (SELECT coalesce(sum(line.amount), 0) AS amount
                              FROM accounting_entryline line
                              JOIN accounting_entry entry ON entry.id = line.entry_id
                              JOIN accounting_account account ON account.id = line.account_id
                             WHERE account.code = '{chart.INVENTORY}') books
             WHERE stock.amount <> books.amount
        """,
    ),
    Invariant(
        name="invoices are on their way",
        what="For each invoice its PDF is wished for, and its mail where the order came with an address to write to.",
        over="accounting_invoice",
        # An order that its store had cancelled when it was invoiced got no mail, though it may live again by now.
        faults=f"""
            SELECT format('Invoice %s: nobody was asked to %s.', invoice.label,
                          CASE WHEN paper.id IS NULL THEN 'make its PDF' ELSE 'mail it' END)
              FROM accounting_invoice invoice
              JOIN orders_order o ON o.id = invoice.order_id
              LEFT JOIN sync_delivery paper ON paper.topic = '{journey.INVOICE_PDF}' AND paper.object_id = invoice.id
              LEFT JOIN sync_delivery mail ON mail.topic = '{journey.INVOICE_MAIL}' AND mail.object_id = invoice.id
             WHERE paper.id IS NULL
                OR (mail.id IS NULL AND invoice.document->>'customer_email' <> '' AND NOT o.fulfilled_elsewhere
                    AND (o.cancelled_at IS NULL OR o.cancelled_at > invoice.issued_at)
                    AND NOT EXISTS (SELECT 1 FROM orders_timelineentry note
                                     WHERE note.order_id = o.id AND note.what = 'restored'))
        """,
    ),
    Invariant(
        name="arrivals",
        what="Each order and refund that came in and is said to be done is an order here.",
        over="sync_arrival WHERE topic IN ('order', 'refund') AND state IN ('done', 'old')",
        faults="""
            SELECT format('Arrival %s (%s %s of %s) is said to be %s and has become no order.', arrival.id, arrival.topic,
                          arrival.external_id, connection.name, arrival.state)
              FROM sync_arrival arrival
              JOIN sync_connection connection ON connection.id = arrival.connection_id
              LEFT JOIN orders_order o ON o.id = arrival.object_id AND arrival.object_type = 'order'
             WHERE arrival.topic IN ('order', 'refund') AND arrival.state IN ('done', 'old') AND o.id IS NULL
        """,
    ),
)


@dataclass(frozen=True, slots=True)
class Proof:
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    @property
    def faults(self) -> list[str]:
        """The faults that are named, each with the check that found it."""
        return [f"{check.name}: {fault}" for check in self.checks for fault in check.faults]

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "checks": [
                {"name": c.name, "what": c.what, "rows": c.rows, "ok": c.ok, "found": c.found, "faults": c.faults}
                for c in self.checks
            ],
        }


def invariants(*, full: bool = False) -> Iterator[Invariant]:
    yield from inventory.proof.INVARIANTS
    yield from inventory.purchase_proof.INVARIANTS
    yield from orders.proof.INVARIANTS
    yield from orders.promise_proof.INVARIANTS
    yield from shipping.proof.INVARIANTS
    yield from accounting.proof.INVARIANTS
    yield from accounting.stock_proof.INVARIANTS
    yield accounting.proof.pdfs(full=full)
    yield from BETWEEN_ROOMS
    yield from backoffice.sync.proof.INVARIANTS


def prove(*, full: bool = False) -> Proof:
    """Look at everything, in one moment: work that goes on meanwhile raises no false alarm."""
    with snapshot():
        return Proof(tuple(invariant.check() for invariant in invariants(full=full)))
