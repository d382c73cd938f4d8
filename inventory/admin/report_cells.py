"""The cells of a report as people read them: amounts in the merchant's currency, days in words, marks where there is nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from backoffice.lib import formats
from inventory.reports.columns import PRODUCT, SKU, Column, Kind


@dataclass(frozen=True, slots=True)
class Cell:
    label: Any
    text: Any
    number: bool


@dataclass(frozen=True, slots=True)
class Style:
    currency: str
    zone: ZoneInfo

    def table(self, columns: Sequence[Column], rows: Iterable[Any]) -> list[list[Cell]]:
        """A product is one cell: its SKU, which leads to its card, with its name below."""
        return [[self._product(row) if c is SKU else self.cell(c, c.of(row)) for c in columns] for row in rows]

    def cell(self, column: Column, value: Any) -> Cell:
        return Cell(column.title, self._text(column, value), column.kind.is_number)

    @staticmethod
    def _product(row: Any) -> Cell:
        card = f"{reverse('admin:inventory_report_card')}?product={quote(row.sku)}"
        text = format_html('<a href="{}">{}</a> <span class="desk-under">{}</span>', card, row.sku, row.name)
        return Cell(SKU.title, text, False)

    def _text(self, column: Column, value: Any) -> Any:
        language = (get_language() or "en")[:2]
        if value is None or value == "":
            return self._nothing(column)
        value = column.told(value, self.currency)
        match column.kind:
            case Kind.AMOUNT:
                return formats.money(value, self.currency, language)
            case Kind.COST:
                return formats.money(value, self.currency, language)
            case Kind.UNITS | Kind.TIMES | Kind.DAYS:
                return formats.number(value, language)
            case Kind.CHANGE:
                sign = "+" if value > 0 else "−" if value < 0 else ""
                return f"{sign}{formats.number(abs(value), language)}"
            case Kind.SHARE:
                return formats.percent(value, language)
            case Kind.DAY:
                return day(value)
            case Kind.MOMENT:
                return moment(value.astimezone(self.zone))
        return value

    @staticmethod
    def _nothing(column: Column) -> str:
        names = {
            "category": _("without a category"),
            "warehouse": _("nowhere: left over from rounding costs"),
            "last_sale": _("never"),
        }
        return str(names.get(column.heading, "–"))


def day(value: date) -> str:
    return formats.day(value, (get_language() or "en")[:2])


def moment(value: datetime) -> str:
    return f"{day(value.date())}, {value:%H:%M}"


def on_page(columns: Sequence[Column]) -> list[Column]:
    """The columns of a table on a page, where a product needs only one."""
    return [column for column in columns if column is not PRODUCT]
