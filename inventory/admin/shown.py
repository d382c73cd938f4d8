"""How products and tables are shown on the staff's pages of stock."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice import desk
from inventory.models import Product, StockLevel


def drawn_once(draw: Callable[[Any, Any], SafeString]) -> Callable[[Any, Any], SafeString]:
    """For what a page shows of a row by asking the database: unfold's templates draw a field seven times."""

    @wraps(draw)
    def drawn(pages: Any, row: Any) -> SafeString:
        kept: dict[str, SafeString] = row.__dict__.setdefault("_drawn", {})
        if draw.__name__ not in kept:
            kept[draw.__name__] = draw(pages, row)
        return kept[draw.__name__]

    return drawn


def named(product: Product) -> str:
    return f"{product.name}, {product.variation}" if product.variation else product.name


def available(level: StockLevel) -> Any:
    """What orders may have of what lies in a place, as its cell shows it."""
    if not level.location.sellable:
        return _("–, not sold from here")
    return level.available if level.available > 0 else desk.badge(level.available, "warn")


def table(heads: Iterable[Any], rows: SafeString) -> SafeString:
    head = format_html_join("", "<th scope='col'>{}</th>", ((name,) for name in heads))
    return format_html(
        '<div class="desk-scroll"><table class="desk-table desk-plain"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        head,
        rows,
    )
