"""Movement card: all that came and went of one product in a span of days, with what was there after each.

Opening balance = Σ quantity before the first day; balance after a movement = opening + Σ of the movements up to it. The value
beside it likewise, with revaluations; per place it is left out, because a place has no value of its own. In the order in
which they happened, a hundred a page; what stands above a page is one sum through the index.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.utils.translation import gettext_lazy as _

from inventory.reports import asked as asking
from inventory.reports.asked import Asked
from inventory.reports.by_product import CHUNK, Page
from inventory.reports.columns import Column, Kind

PAGE = 100
MOVEMENT, REVALUATION = 0, 1


@dataclass(frozen=True, slots=True)
class Balance:
    units: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class CardRow:
    at: datetime
    sort: int
    id: int
    reason: str
    place: str
    quantity: int
    amount: Decimal
    note: str
    by: str
    on_hand: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class Card:
    opening: Balance
    """What was there before the first row of this page."""
    closing: Balance
    """What is there at the end of the last day, whatever page this is."""
    page: Page[CardRow]


COLUMNS = (
    Column("at", _("When"), Kind.MOMENT),
    Column("reason", _("What happened"), Kind.TEXT),
    Column("place", _("Place"), Kind.TEXT),
    Column("quantity", _("Units"), Kind.CHANGE),
    Column("on_hand", _("Balance"), Kind.UNITS),
    Column("amount", _("Value moved"), Kind.AMOUNT, guarded=True),
    Column("value", _("Value after"), Kind.AMOUNT, guarded=True),
    Column("note", _("Note"), Kind.TEXT),
    Column("by", _("By"), Kind.TEXT),
)


def card(asked: Asked, after: Sequence[str] = (), *, place_id: int | None = None, size: int = PAGE) -> Card:
    """One page, in three statements however long the history is."""
    behind = _key(after)
    opening = _balance(asked, place_id, behind)
    closing = _balance(asked, place_id, (asked.until, MOVEMENT, 0))
    with database.cursor() as cursor:
        cursor.execute(*_sql(asked, place_id, behind, size=size + 1))
        found = cursor.fetchall()
    rows = list(_running(found[:size], opening))
    last = rows[-1] if len(found) > size else None
    return Card(opening, closing, Page(rows, (last.at.isoformat(), str(last.sort), str(last.id)) if last else None))


def card_rows(asked: Asked, *, place_id: int | None = None) -> Iterator[CardRow]:
    """The whole span, a few hundred in memory at a time."""
    with database.chunked_cursor() as cursor:
        cursor.execute(*_sql(asked, place_id, None))
        yield from _running(_chunks(cursor), _balance(asked, place_id, None))


def _chunks(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while chunk := cursor.fetchmany(CHUNK):
        yield from chunk


def _running(found: Any, opening: Balance) -> Iterator[CardRow]:
    units, value = opening.units, opening.value
    for at, sort, pk, reason, place, quantity, amount, note, by in found:
        units, value = units + quantity, value + amount
        yield CardRow(at, sort, pk, reason, place, quantity, amount, note, by, units, value)


Key = tuple[datetime, int, int]


def _key(after: Sequence[str]) -> Key | None:
    """Which row a page follows; ValueError where an address says nonsense."""
    if not after:
        return None
    at, sort, pk = after
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError(at)
    return moment, int(sort), int(pk)


def _values(asked: Asked, place_id: int | None, key: Key | None) -> dict[str, Any]:
    at, sort, pk = key or (asked.since, MOVEMENT, 0)
    return {**asking.parameters(asked), "place": place_id, "at": at, "sort": sort, "id": pk}


def _within(asked: Asked, place_id: int | None) -> str:
    place = "m.location_id = %(place)s" if place_id is not None else "TRUE"
    return f"m.product_id = %(product)s AND {asking.here(asked)} AND {place}"


def _revalued(asked: Asked, place_id: int | None) -> str:
    return "TRUE" if place_id is None and asked.warehouse_id is None else "FALSE"


def _balance(asked: Asked, place_id: int | None, upto: Key | None) -> Balance:
    """Everything up to and with a row; before the first day where none is said."""
    with database.cursor() as cursor:
        # Split at the instant, so that all before it comes from the index on (product, at) alone.
        cursor.execute(
            f"""
            SELECT coalesce(sum(units), 0)::bigint, coalesce(sum(value), 0)
              FROM (SELECT sum(m.quantity) AS units, sum(m.quantity * m.unit_cost) AS value FROM inventory_movement m
                     WHERE {_within(asked, place_id)} AND m.at < %(at)s
                    UNION ALL
                    SELECT sum(m.quantity), sum(m.quantity * m.unit_cost) FROM inventory_movement m
                     WHERE {_within(asked, place_id)} AND m.at = %(at)s AND ({MOVEMENT}, m.id) <= (%(sort)s, %(id)s)
                    UNION ALL
                    SELECT 0, sum(r.amount) FROM inventory_revaluation r
                     WHERE {_revalued(asked, place_id)} AND r.product_id = %(product)s
                       AND r.at <= %(at)s AND (r.at, {REVALUATION}, r.id) <= (%(at)s, %(sort)s, %(id)s)) part
            """,
            _values(asked, place_id, upto),
        )
        units, value = cursor.fetchone()
    return Balance(units, value)


def _sql(
    asked: Asked, place_id: int | None, behind: Key | None, *, size: int | None = None
) -> tuple[str, dict[str, Any]]:
    limit = f"LIMIT {int(size)}" if size else ""
    sql = f"""
        SELECT at, sort, rows.id, reason, coalesce(place.name, ''), quantity, amount, rows.note, coalesce(person.username, '')
          FROM ((SELECT m.at, {MOVEMENT} AS sort, m.id, m.reason, m.location_id, m.quantity,
                        m.quantity * m.unit_cost AS amount, m.note, m.by_id
                   FROM inventory_movement m
                  WHERE {_within(asked, place_id)} AND m.at < %(until)s
                    AND m.at >= %(at)s AND (m.at, {MOVEMENT}, m.id) > (%(at)s, %(sort)s, %(id)s)
                  ORDER BY m.at, m.id {limit})
                UNION ALL
                (SELECT r.at, {REVALUATION}, r.id, 'revaluation', NULL, 0, r.amount, r.note, r.by_id
                   FROM inventory_revaluation r
                  WHERE {_revalued(asked, place_id)} AND r.product_id = %(product)s AND r.at < %(until)s
                    AND r.at >= %(at)s AND (r.at, {REVALUATION}, r.id) > (%(at)s, %(sort)s, %(id)s)
                  ORDER BY r.at, r.id {limit})) rows
          LEFT JOIN inventory_location place ON place.id = rows.location_id
          LEFT JOIN auth_user person ON person.id = rows.by_id
         ORDER BY at, sort, rows.id {limit}
    """
    return sql, _values(asked, place_id, behind)
