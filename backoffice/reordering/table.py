"""The order list as a table file."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

from backoffice.exchange import figures
from backoffice.reordering import words
from backoffice.reordering.needs import Line

COLUMNS = (
    "sku", "name", "variation", "warehouse", "kind", "on_hand", "allocated", "backordered", "on_order", "in_transit",
    "projected", "point", "target", "in_draft", "quantity", "supplier", "supplier_sku", "pack", "minimum", "lead_days",
    "suggested_point", "suggested_target",
)  # fmt: skip
COSTS = ("currency", "price", "value")
FORMATS = figures.FORMATS


def headers(*, costs: bool) -> list[str]:
    return [*COLUMNS, *(COSTS if costs else ()), "why"]


def rows(lines: Iterable[Line], *, service_level: Decimal, costs: bool) -> Iterator[list[Any]]:
    for line in lines:
        names = (*COLUMNS, *(COSTS if costs else ()))
        yield [*(getattr(line, name) for name in names), " ".join(words.why(line, service_level))]


def file(form: str, lines: Iterable[Line], *, service_level: Decimal, costs: bool) -> IO[bytes]:
    """A CSV or XLSX file, a row at a time; in XLSX figures are numbers to reckon with."""
    return figures.written(form, headers(costs=costs), rows(lines, service_level=service_level, costs=costs))
