"""The shape that most reports share: a line for each product, in the order of SKUs, some figures summed for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from django.db import connection as database

from inventory.reports import asked as asking
from inventory.reports.asked import Asked
from inventory.reports.columns import Column

PAGE = 50
LOOKED_THROUGH = 2_000
"""So many products are summed for one page at most, however few of them have anything to say."""
CHUNK = 1_000

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    rows: Sequence[R]
    after: tuple[str, ...] | None
    """What to ask the next page with; None where this is the last."""


@dataclass(frozen=True, slots=True)
class Group(Generic[R]):
    """Several products in one line. Of its row only the sums and the category are filled."""

    products: int
    row: R


@dataclass(frozen=True, slots=True)
class ByProduct(Generic[R]):
    """A report. `row` is a dataclass that begins with sku, name, category and goes on as `figures` does.

    `figures` is SQL for the product `p`, with {here} for whether a movement `m` is of the places asked for and {partly} for
    whether any were; `kept` tells which products are in.
    """

    row: type[R]
    columns: tuple[Column, ...]
    figures: str
    kept: str
    sums: tuple[str, ...] = ()
    """The figures that may be added up over products."""
    same: tuple[str, ...] = ()
    """Those that are the same for all products."""
    finer: str = ""
    """The figure by which a product has several lines, if it has."""

    def page(self, asked: Asked, after: Sequence[str] = (), *, size: int = PAGE) -> Page[R]:
        """The products after this one; two statements at most, whatever the size of the ledger."""
        rows = list(_run(*self._sql(asked, after=after, size=size + 1)))
        if len(rows) > size:
            last = rows[size - 1]
            finer = (str(last[self._names().index(self.finer)]),) if self.finer else ()
            return Page([self.row(*row) for row in rows[:size]], (str(last[0]), *finer))
        sku = self._looked_until(asked, after)
        return Page([self.row(*row) for row in rows], (sku,) if sku else None)

    def rows(self, asked: Asked) -> Iterator[R]:
        """All of them, a few hundred in memory at a time."""
        sql, values = self._sql(asked)
        with database.chunked_cursor() as cursor:
            cursor.execute(sql, values)
            while chunk := cursor.fetchmany(CHUNK):
                for row in chunk:
                    yield self.row(*row)

    def total(self, asked: Asked) -> Group[R]:
        """The sum over all products asked for. Goes through all their movements: only where somebody asks for it."""
        return next(self._groups(asked, "''", ""))

    def by_category(self, asked: Asked) -> list[Group[R]]:
        """The sums of each category, by its whole path. Like `total`, only where somebody asks."""
        return list(self._groups(asked, "category", "GROUP BY category ORDER BY category"))

    def _groups(self, asked: Asked, category: str, grouped: str) -> Iterator[Group[R]]:
        names = self._names()[3:]
        ways = {**dict.fromkeys(self.sums, "coalesce(sum({}), 0)"), **dict.fromkeys(self.same, "max({})")}
        summed = ", ".join(ways.get(name, "NULL").format(name) for name in names)
        sql, values = self._sql(asked)
        for count, *row in _run(f"SELECT count(*), '', '', {category}, {summed} FROM ({sql}) report {grouped}", values):
            yield Group(count, self.row(*row))

    def _names(self) -> list[str]:
        return [field.name for field in fields(self.row)]  # type: ignore[arg-type]

    def _sql(self, asked: Asked, *, after: Sequence[str] = (), size: int | None = None) -> tuple[str, dict[str, Any]]:
        names = self._names()[3:]
        from_here = "TRUE"
        if after:
            from_here = "p.sku >= %(sku)s" if len(after) > 1 else "p.sku > %(sku)s"
        finer = f", f.{self.finer}" if self.finer else ""
        behind = f"(p.sku{finer}) > (%(sku)s, %(finer)s)" if len(after) > 1 else "TRUE"
        kept = "TRUE" if asked.everything and not self.finer else self.kept
        figures = self.figures.format(here=asking.here(asked), partly=asked.warehouse_id is not None)
        # The products are cut off before their figures are summed, and come in order, so that a page sums no more than it
        # shows. The category is looked up and not joined: a hash join would lose the order.
        sql = f"""
            SELECT p.sku, p.name || CASE WHEN p.variation = '' THEN '' ELSE ', ' || p.variation END AS name,
                   coalesce((SELECT path FROM inventory_category category WHERE category.id = p.category_id), '') AS category
                   {"".join(f", f.{name}" for name in names)}
              FROM (SELECT * FROM inventory_product p WHERE {asking.chosen(asked)} AND {from_here} ORDER BY p.sku
                    {f"LIMIT {LOOKED_THROUGH}" if size else ""}) p
             CROSS JOIN LATERAL ({figures}) f
             WHERE {kept} AND {behind}
             ORDER BY p.sku{finer}
             {f"LIMIT {int(size)}" if size else ""}
        """
        values = asking.parameters(asked)
        values |= {"sku": after[0] if after else "", "finer": after[1] if len(after) > 1 else ""}
        return sql, values

    def _looked_until(self, asked: Asked, after: Sequence[str]) -> str | None:
        """The SKU at which a page stopped looking, if products remain behind it."""
        sign = ">=" if len(after) > 1 else ">"
        sql = f"""
            SELECT p.sku FROM inventory_product p WHERE {asking.chosen(asked)} AND p.sku {sign} %(sku)s
             ORDER BY p.sku OFFSET {LOOKED_THROUGH - 1} LIMIT 2
        """
        found = list(_run(sql, {**asking.parameters(asked), "sku": after[0] if after else ""}))
        return str(found[0][0]) if len(found) == 2 else None


def _run(sql: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()
