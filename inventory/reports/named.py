"""The reports by name: what each is asked, in which ways it can be looked at, and what its columns mean."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from inventory.reports import abc, movement_card
from inventory.reports.asked import Asked
from inventory.reports.by_product import ByProduct, Page
from inventory.reports.columns import CATEGORY, ON_HAND, VALUE, Column, Kind
from inventory.reports.dead_stock import DEAD_STOCK
from inventory.reports.stock_at import STOCK, STOCK_BY_PLACE
from inventory.reports.turnover import TURNOVER
from inventory.reports.valuation import VALUATION, by_warehouse

SEE_STOCK, SEE_MOVEMENTS, SEE_COSTS = "inventory.view_stocklevel", "inventory.view_movement", "inventory.see_costs"


@dataclass(frozen=True, slots=True)
class Way:
    """One way of looking at a report. Without a `page` it is a summary of everything, and is all shown at once."""

    title: Any
    columns: tuple[Column, ...]
    rows: Callable[[Asked], Iterable[Any]]
    page: Callable[..., Page[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    title: Any
    lead: Any
    """How it is worked out, for who reads it."""
    asks: tuple[str, ...]
    ways: dict[str, Way]
    permissions: tuple[str, ...] = (SEE_STOCK,)
    total: Callable[[Asked], Any] | None = None
    sums: tuple[Column, ...] = ()
    """What `total` says, beside how many products there are."""
    span: int = 0
    """So many days the report looks back, if it is not told from when."""


def _products(report: ByProduct[Any]) -> Way:
    return Way(_("By product"), report.columns, report.rows, report.page)


def _categories(report: ByProduct[Any]) -> Way:
    summed = tuple(
        Column(f"row.{column.field}", column.title, column.kind, column.guarded)
        for column in (CATEGORY, *report.columns[3:])
        if column is CATEGORY or column.field not in ("last_receipt", "last_sale", "idle_days")
    )
    return Way(_("By category"), (summed[0], PRODUCTS, *summed[1:]), report.by_category)


PRODUCTS = Column("products", _("Products"), Kind.UNITS)
GOODS = ("warehouse", "category", "supplier", "q")

REPORTS = {
    report.name: report
    for report in (
        Report(
            "stock",
            _("Stock at a date"),
            _("What was on hand at the end of the day: the sum of all movements up to then."),
            ("last", *GOODS, "everything"),
            {
                "product": _products(STOCK),
                "place": Way(_("By place"), STOCK_BY_PLACE.columns, STOCK_BY_PLACE.rows, STOCK_BY_PLACE.page),
                "category": _categories(STOCK),
            },
            total=STOCK.total,
            sums=(ON_HAND,),
        ),
        Report(
            "valuation",
            _("Value of stock"),
            _(
                "At the end of the day: quantity × unit cost of all movements up to then, plus costs added later, such as "
                "freight. A warehouse has the share of its units in the value of a product."
            ),
            ("last", *GOODS),
            {
                "product": _products(VALUATION),
                "category": _categories(VALUATION),
                "warehouse": Way(
                    _("By warehouse"), (Column("warehouse", _("Warehouse")), PRODUCTS, ON_HAND, VALUE), by_warehouse
                ),
            },
            permissions=(SEE_STOCK, SEE_COSTS),
            total=VALUATION.total,
            sums=(ON_HAND, VALUE),
        ),
        Report(
            "card",
            _("Movement card"),
            _("All that came and went of one product, with what was there after each."),
            ("product", "first", "last", "place"),
            {"movement": Way(_("By movement"), movement_card.COLUMNS, movement_card.card_rows)},
            permissions=(SEE_MOVEMENTS,),
            span=90,
        ),
        Report(
            "dead",
            _("Dead stock"),
            _(
                "On hand now, and nothing shipped for so many days. What was never shipped counts from the day on which "
                "the first of it came in."
            ),
            ("idle", *GOODS),
            {"product": _products(DEAD_STOCK), "category": _categories(DEAD_STOCK)},
            total=DEAD_STOCK.total,
            sums=(ON_HAND, VALUE),
        ),
        Report(
            "abc",
            _("ABC"),
            _(
                "Products by what the units shipped in the last 365 days had cost: A is the first 80 % of it, B the next "
                "15 %, C the rest."
            ),
            ("category", "supplier", "q", "everything"),
            {
                "product": Way(_("By product"), abc.COLUMNS, abc.rows, abc.page),
                "class": Way(
                    _("By class"),
                    (
                        Column("value_class", _("Class")),
                        PRODUCTS,
                        Column("units", _("Shipped in a year, less returns"), Kind.UNITS),
                        Column("value", _("Cost of goods shipped"), Kind.AMOUNT, guarded=True),
                        Column("share", _("Share"), Kind.SHARE, guarded=True),
                    ),
                    abc.by_class,
                ),
            },
        ),
        Report(
            "turnover",
            _("Turnover"),
            _(
                "Cost of the goods shipped in the span, less what customers sent back, divided by the average value of "
                "stock: the mean of the value before the first day and that after the last. Days of stock: days of the "
                "span divided by turnover."
            ),
            ("first", "last", *GOODS),
            {"product": _products(TURNOVER), "category": _categories(TURNOVER)},
            permissions=(SEE_STOCK, SEE_COSTS),
            total=TURNOVER.total,
            sums=TURNOVER.columns[3:],
            span=365,
        ),
    )
}


def shown(columns: Sequence[Column], *, costs: bool) -> list[Column]:
    """The columns for who may, or may not, see costs."""
    return [column for column in columns if costs or not column.guarded]
