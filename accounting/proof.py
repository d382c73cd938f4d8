"""What must hold of invoices, their numbers and the books (rules: A1, A2, A4)."""

from accounting import chart
from backoffice.lib.invariant import Invariant
from orders.proof import rounded

_accounts = ", ".join(f"({code!r}, {account!r})" for code, account in chart.TAXES.items())
_tax_accounts = ", ".join(repr(account) for account in sorted({*chart.TAXES.values(), chart.tax("")}))

INVARIANTS = (
    Invariant(
        name="paid orders are invoiced",
        what="Every paid order that no hold stops has its invoice, and no order from before has one.",
        over="orders_order WHERE paid_at IS NOT NULL",
        faults="""
            SELECT CASE WHEN o.history THEN format('Order %s is history and has an invoice all the same.', o.number)
                        ELSE format('Order %s is paid and has no invoice.', o.number) END
              FROM orders_order o LEFT JOIN accounting_invoice invoice ON invoice.order_id = o.id
             WHERE (o.history AND invoice.id IS NOT NULL)
                OR (o.paid_at IS NOT NULL AND NOT o.history AND invoice.id IS NULL
                    AND NOT EXISTS (SELECT 1 FROM orders_hold hold WHERE hold.order_id = o.id
                                       AND hold.released_at IS NULL AND hold.stops = 'everything'))
        """,
    ),
    Invariant(
        name="one invoice an order",
        what="No order has two invoices.",
        over="accounting_invoice",
        faults="""
            SELECT format('Order %s has the invoices %s.', min(o.number), string_agg(invoice.label, ', ' ORDER BY invoice.id))
              FROM accounting_invoice invoice JOIN orders_order o ON o.id = invoice.order_id
             GROUP BY invoice.order_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        name="invoice numbers",
        what="The numbers of a series run from 1 to the last one drawn, without a gap and without a double.",
        over="accounting_invoice",
        faults="""
            SELECT CASE WHEN count(invoice.id) = 0 THEN format('Number %s of the series %s is missing.', number, series.code)
                        WHEN number >= series.next_number OR number < 1
                        THEN format('Number %s of the series %s was never drawn.', number, series.code)
                        ELSE format('Number %s of the series %s is there %s times.', number, series.code,
                                    count(invoice.id)) END
              FROM (SELECT id AS series_id, generate_series(1, next_number - 1) AS number FROM accounting_series) drawn
              FULL JOIN accounting_invoice invoice USING (series_id, number)
              JOIN accounting_series series ON series.id = series_id
             GROUP BY series.id, number
            HAVING count(invoice.id) <> 1 OR number >= series.next_number OR number < 1
        """,
    ),
    Invariant(
        name="invoice documents",
        what="An invoice's total and taxes are those that its frozen document says and its order has.",
        over="accounting_invoice",
        faults="""
            SELECT format('Invoice %s: %s of %s %s, but %s %s.', invoice.label, sums.what, sums.said, invoice.currency,
                          sums.whose, sums.owed)
              FROM accounting_invoice invoice
              JOIN orders_order o ON o.id = invoice.order_id
              LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM orders_ordertax GROUP BY order_id) tax
                ON tax.order_id = o.id
             CROSS JOIN LATERAL (
                   VALUES ('a total', invoice.total, 'its document says', (invoice.document->>'total')::numeric),
                          ('a total', invoice.total, format('order %s has', o.number), o.total),
                          ('taxes', (SELECT coalesce(sum((row->>'amount')::numeric), 0)
                                       FROM jsonb_array_elements(invoice.document->'taxes') AS row),
                           format('order %s has', o.number), coalesce(tax.amount, 0))) AS sums(what, said, whose, owed)
             WHERE sums.said IS DISTINCT FROM sums.owed
        """,
    ),
    Invariant(
        name="sales are booked",
        what="Each invoice has its sale in the books, over its total; and no sale is booked without an invoice.",
        over="accounting_invoice",
        faults=f"""
            SELECT CASE WHEN invoice.id IS NULL THEN format('Order %s: a sale is booked and there is no invoice.', o.number)
                        WHEN booked.key IS NULL THEN format('Invoice %s is not booked.', invoice.label)
                        ELSE format('Invoice %s over %s %s is booked as %s %s receivable.', invoice.label,
                                    invoice.total, invoice.currency, booked.owed, booked.currency) END
              FROM accounting_invoice invoice
              FULL JOIN (SELECT entry.id, entry.key, entry.order_id, entry.currency,
                                coalesce(sum(line.amount) FILTER (WHERE account.code = '{chart.RECEIVABLE}'), 0) AS owed
                           FROM accounting_entry entry
                           LEFT JOIN accounting_entryline line ON line.entry_id = entry.id
                           LEFT JOIN accounting_account account ON account.id = line.account_id
                          WHERE entry.kind = 'sale' GROUP BY entry.id) booked
                ON booked.key = 'sale:' || invoice.order_id
              LEFT JOIN orders_order o ON o.id = coalesce(invoice.order_id, booked.order_id)
             WHERE invoice.id IS NULL
                OR booked.owed <> {rounded("invoice.total", "invoice.currency")} OR booked.currency <> invoice.currency
                OR (booked.key IS NULL AND (invoice.total <> 0 OR o.items_total <> 0 OR o.discount_total <> 0
                                            OR o.shipping_total <> 0 OR o.fee_total <> 0 OR o.tax_total <> 0))
        """,
    ),
    Invariant(
        name="taxes are booked",
        what="Each tax of an invoice is owed in its own account, to the cent.",
        over="orders_ordertax JOIN accounting_invoice USING (order_id)",
        faults=f"""
            SELECT format('Invoice %s: tax of %s %s belongs in account %s, %s are booked there.', invoice.label,
                          coalesce(owed.amount, 0), invoice.currency, coalesce(owed.account, booked.account),
                          coalesce(booked.amount, 0))
              FROM (SELECT order_id, account, sum(amount) AS amount
                      FROM (SELECT tax.order_id, coalesce(known.account, '{chart.tax("")}') AS account,
                                   {rounded("sum(tax.amount)", "min(o.currency)")} AS amount
                              FROM orders_ordertax tax
                              JOIN accounting_invoice invoice ON invoice.order_id = tax.order_id
                              JOIN orders_order o ON o.id = tax.order_id
                              LEFT JOIN (VALUES {_accounts}) AS known(code, account) ON known.code = tax.code
                             GROUP BY tax.order_id, coalesce(nullif(tax.code, ''), tax.name), known.account) each_tax
                     GROUP BY order_id, account HAVING sum(amount) <> 0) owed
              FULL JOIN (SELECT entry.order_id, account.code AS account, -sum(line.amount) AS amount
                           FROM accounting_entry entry
                           JOIN accounting_entryline line ON line.entry_id = entry.id
                           JOIN accounting_account account ON account.id = line.account_id
                          WHERE entry.kind = 'sale' AND account.code IN ({_tax_accounts})
                          GROUP BY entry.order_id, account.code) booked
                ON booked.order_id = owed.order_id AND booked.account = owed.account
              JOIN accounting_invoice invoice ON invoice.order_id = coalesce(owed.order_id, booked.order_id)
             WHERE owed.amount IS DISTINCT FROM booked.amount
        """,
    ),
    Invariant(
        name="payments are booked",
        what="Each payment and refund of an invoiced order is in the books, over its amount and its tax.",
        over="orders_payment JOIN accounting_invoice USING (order_id)",
        faults=f"""
            SELECT CASE WHEN booked.payment_id IS NULL
                        THEN format('Order %s: the payment of %s %s on %s is not booked.', o.number, paid.amount,
                                    paid.currency, paid.at::date)
                        ELSE format('Order %s: the payment of %s %s (tax %s) is booked as %s (tax %s).', o.number,
                                    paid.amount, paid.currency, paid.tax, booked.money, booked.tax) END
              FROM orders_payment paid
              JOIN accounting_invoice invoice ON invoice.order_id = paid.order_id
              JOIN orders_order o ON o.id = paid.order_id
              LEFT JOIN (SELECT entry.payment_id,
                                coalesce(sum(line.amount) FILTER (WHERE account.code = '{chart.CLEARING}'), 0) AS money,
                                -coalesce(sum(line.amount) FILTER (WHERE account.code IN ({_tax_accounts})), 0) AS tax
                           FROM accounting_entry entry
                           JOIN accounting_entryline line ON line.entry_id = entry.id
                           JOIN accounting_account account ON account.id = line.account_id
                          WHERE entry.payment_id IS NOT NULL GROUP BY entry.payment_id) booked
                ON booked.payment_id = paid.id
             WHERE paid.amount <> 0
               AND (booked.money IS DISTINCT FROM {rounded("paid.amount", "paid.currency")}
                    OR (paid.amount < 0 AND booked.tax <> {rounded("paid.tax", "paid.currency")}
                        AND EXISTS (SELECT 1 FROM orders_ordertax tax WHERE tax.order_id = o.id)))
        """,
    ),
    Invariant(
        name="entries balance",
        what="Every entry has two lines or more, and its debits are its credits.",
        over="accounting_entry",
        faults="""
            SELECT CASE WHEN count(line.id) < 2
                        THEN format('Entry %s (%s) has %s lines.', entry.id, entry.description, count(line.id))
                        ELSE format('Entry %s (%s): debits and credits differ by %s %s.', entry.id, entry.description,
                                    sum(line.amount), entry.currency) END
              FROM accounting_entry entry LEFT JOIN accounting_entryline line ON line.entry_id = entry.id
             GROUP BY entry.id HAVING count(line.id) < 2 OR sum(line.amount) <> 0
        """,
    ),
    Invariant(
        name="trial balance",
        what="The trial balance of each currency adds up to zero.",
        over="accounting_entryline",
        faults="""
            SELECT format('The books in %s are off by %s.', entry.currency, sum(line.amount))
              FROM accounting_entryline line JOIN accounting_entry entry ON entry.id = line.entry_id
             GROUP BY entry.currency HAVING sum(line.amount) <> 0
        """,
    ),
    Invariant(
        name="stock is booked",
        what="Each movement that changes the value of the stock, other than a shipment, is in the books with that value.",
        # What moves from one place to another comes and leaves at one cost: see the proof of moves.
        over="inventory_movement WHERE reason NOT IN ('shipment', 'move', 'transfer')",
        faults=f"""
            SELECT format('Movement %s: %s × %s at %s each is booked as %s.', moved.key, moved.quantity, product.sku,
                          moved.unit_cost, coalesce(booked.amount::text, 'nothing'))
              FROM (SELECT movement.*, coalesce((SELECT currency FROM orders_merchant WHERE id = 1), 'CAD') AS currency
                      FROM inventory_movement movement
                     WHERE movement.reason NOT IN ('shipment', 'move', 'transfer')) moved
              JOIN inventory_product product ON product.id = moved.product_id
              LEFT JOIN (SELECT entry.key, entry.currency, sum(line.amount) AS amount
                           FROM accounting_entry entry
                           JOIN accounting_entryline line ON line.entry_id = entry.id
                           JOIN accounting_account account ON account.id = line.account_id
                          WHERE account.code = '{chart.INVENTORY}' GROUP BY entry.id) booked
                ON booked.key = 'movement:' || moved.key
             WHERE coalesce(booked.amount, 0)
                <> {rounded("moved.quantity * moved.unit_cost", "coalesce(booked.currency, moved.currency)")}
        """,
    ),
)

PDFS = 1000


def pdfs(*, full: bool) -> Invariant:
    """The papers as they were sent. Each must be read whole, so only the newest are unless `full`."""
    newest = "" if full else f" ORDER BY id DESC LIMIT {PDFS}"
    return Invariant(
        name="invoice papers",
        what="Each invoice's PDF is the one that was made: its hash says so"
        + ("." if full else f" (the newest {PDFS} that there are; all with --full)."),
        over=f"(SELECT id FROM accounting_invoice WHERE pdf IS NOT NULL{newest}) AS kept",
        faults=f"""
            SELECT CASE WHEN invoice.pdf IS NULL THEN format('Invoice %s has a hash and no PDF.', invoice.label)
                        ELSE format('The PDF of invoice %s is not the one that was made.', invoice.label) END
              FROM accounting_invoice invoice
             WHERE (invoice.pdf IS NULL AND invoice.pdf_sha256 <> '')
                OR (invoice.id IN (SELECT id FROM accounting_invoice WHERE pdf IS NOT NULL{newest})
                    AND encode(sha256(invoice.pdf), 'hex') <> invoice.pdf_sha256)
        """,
    )
