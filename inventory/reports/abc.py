"""ABC: products by what the units shipped in the last 365 days had cost. A is the first 80 % of it, B the next 15 %, C the rest.

The classes are those of `inventory.value_class`. A rank among all products cannot be told from fifty of them; so the ranks are
worked out once a day, or when somebody asks, and kept with the moment at which that was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory import value_class
from inventory.models import ValueRank
from inventory.reports import asked as asking
from inventory.reports.asked import Asked
from inventory.reports.by_product import CHUNK, PAGE, Page
from inventory.reports.columns import CATEGORY, PRODUCT, SKU, Column, Kind


@dataclass(frozen=True, slots=True)
class RankRow:
    rank: int
    sku: str
    name: str
    category: str
    value_class: str
    units: int
    value: Decimal
    share: Decimal
    cumulative: Decimal


@dataclass(frozen=True, slots=True)
class ClassSum:
    value_class: str
    products: int
    units: int
    value: Decimal
    share: Decimal


COLUMNS = (
    Column("rank", _("Rank"), Kind.UNITS),
    SKU, PRODUCT, CATEGORY,
    Column("value_class", _("Class")),
    Column("units", _("Shipped in a year, less returns"), Kind.UNITS),
    Column("value", _("Cost of goods shipped"), Kind.AMOUNT, guarded=True),
    Column("share", _("Share"), Kind.SHARE, guarded=True),
    Column("cumulative", _("Up to here"), Kind.SHARE, guarded=True),
)  # fmt: skip


def work_out() -> int:
    """Rank all stocked products anew, in two statements; how many there are."""
    now = timezone.now()
    with transaction.atomic(), database.cursor() as cursor:
        # Who works them out at the same time waits here and then does it again, on what is there by then.
        cursor.execute("LOCK TABLE inventory_valuerank IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM inventory_valuerank")
        cursor.execute(
            f"""
            INSERT INTO inventory_valuerank
                        (product_id, rank, units, value, share, cumulative, value_class, worked_out_at)
            SELECT product_id, row_number() OVER best, units, value,
                   coalesce(value / nullif(sum(value) OVER (), 0), 0),
                   coalesce(sum(value) OVER best / nullif(sum(value) OVER (), 0), 0), class, %s
              FROM ({value_class.CLASSES}) classed
            WINDOW best AS (ORDER BY value DESC, product_id ROWS UNBOUNDED PRECEDING)
            """,
            [now, value_class.since(now)],
        )
        return int(cursor.rowcount)


def worked_out_at() -> datetime | None:
    return ValueRank.objects.order_by("rank").values_list("worked_out_at", flat=True).first()


def page(asked: Asked, after: Sequence[str] = (), *, size: int = PAGE) -> Page[RankRow]:
    """The products that come after a rank, in one statement."""
    with database.cursor() as cursor:
        cursor.execute(*_sql(asked, after=int(after[0]) if after else 0, size=size + 1))
        rows = [RankRow(*row) for row in cursor.fetchall()]
    return Page(rows[:size], (str(rows[size - 1].rank),) if len(rows) > size else None)


def rows(asked: Asked) -> Iterator[RankRow]:
    """All of them, a few hundred in memory at a time."""
    with database.chunked_cursor() as cursor:
        cursor.execute(*_sql(asked))
        while chunk := cursor.fetchmany(CHUNK):
            for row in chunk:
                yield RankRow(*row)


def by_class(asked: Asked) -> list[ClassSum]:
    """What each class comes to; the share is of all the value shipped, whatever was asked for."""
    sql, values = _sql(asked)
    with database.cursor() as cursor:
        cursor.execute(
            f"""SELECT value_class, count(*), sum(units)::bigint, sum(value), sum(share)
                  FROM ({sql}) report GROUP BY 1 ORDER BY 1""",
            values,
        )
        return [ClassSum(*row) for row in cursor.fetchall()]


def _sql(asked: Asked, *, after: int = 0, size: int | None = None) -> tuple[str, dict[str, Any]]:
    sql = f"""
        SELECT r.rank, p.sku, p.name || CASE WHEN p.variation = '' THEN '' ELSE ', ' || p.variation END AS name,
               coalesce((SELECT path FROM inventory_category category WHERE category.id = p.category_id), '') AS category,
               r.value_class, r.units, r.value, r.share, r.cumulative
          FROM inventory_valuerank r
          JOIN inventory_product p ON p.id = r.product_id
         WHERE r.rank > %(rank)s AND {asking.chosen(asked)} AND (r.value > 0 OR %(everything)s)
         ORDER BY r.rank {f"LIMIT {int(size)}" if size else ""}
    """
    return sql, {**asking.parameters(asked), "rank": after, "everything": asked.everything}
