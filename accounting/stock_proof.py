"""What must hold between stock and books beside each movement: costs of getting goods here, and the whole value (rule: A4)."""

from accounting import chart
from backoffice.lib.invariant import Invariant

_lines = """
    accounting_entryline line
    JOIN accounting_entry entry ON entry.id = line.entry_id
    JOIN accounting_account account ON account.id = line.account_id
"""

INVARIANTS = (
    Invariant(
        name="landed costs",
        what="Freight, duty and other prices on the invoice of a receipt are owed to the cent, spread over its goods or cost of"
        " what was sold.",
        over="inventory_landedcost",
        faults=f"""
            SELECT format('Receipt %s: %s of freight and duty are noted, %s are booked.', receipt_id, coalesce(noted.amount, 0),
                          coalesce(booked.amount, 0))
              FROM (SELECT receipt_id, CASE kind WHEN 'price' THEN '{chart.RECEIVED}' ELSE '{chart.LANDED}' END AS owed_in,
                           sum(amount) AS amount FROM inventory_landedcost GROUP BY 1, 2) noted
              FULL JOIN (SELECT receipt_id, owed_in, -sum(amount) AS amount FROM (
                    SELECT item.receipt_id, account.code AS owed_in, line.amount
                      FROM {_lines}
                      JOIN inventory_movement moved ON 'movement:' || moved.key = entry.key
                      JOIN inventory_goodsreceiptline item ON item.movement_id = moved.id
                     WHERE account.code = '{chart.LANDED}'
                     UNION ALL
                    SELECT cost.receipt_id, account.code, line.amount
                      FROM {_lines}
                      JOIN inventory_landedcost cost
                        ON cost.id::text = split_part(regexp_replace(entry.key, '^revaluation:', ''), ':', 2)
                     WHERE account.code IN ('{chart.LANDED}', '{chart.RECEIVED}') AND entry.key ~ '^(revaluation:)?landed:'
                    ) each_line GROUP BY 1, 2) booked USING (receipt_id, owed_in)
             WHERE coalesce(noted.amount, 0) <> coalesce(booked.amount, 0)
        """,
    ),
    Invariant(
        name="revaluations are booked",
        what="Each change of the value of stock without a unit moving is in the books with that value.",
        over="inventory_revaluation",
        faults=f"""
            SELECT format('Revaluation %s of %s is booked as %s.', coalesce(changed.key, booked.key),
                          coalesce(changed.amount, 0), coalesce(booked.amount, 0))
              FROM inventory_revaluation changed
              FULL JOIN (SELECT entry.key, sum(line.amount) AS amount FROM {_lines}
                          WHERE account.code = '{chart.INVENTORY}' AND entry.key LIKE 'revaluation:%' GROUP BY entry.id) booked
                ON booked.key = 'revaluation:' || changed.key
             WHERE coalesce(changed.amount, 0) <> coalesce(booked.amount, 0)
        """,
    ),
)
