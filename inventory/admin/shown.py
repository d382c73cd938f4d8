"""How products and tables are shown on the staff's pages of stock."""

from collections.abc import Iterable
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from inventory.models import Product


def named(product: Product) -> str:
    return f"{product.name}, {product.variation}" if product.variation else product.name


def table(heads: Iterable[Any], rows: SafeString) -> SafeString:
    head = format_html_join("", "<th scope='col'>{}</th>", ((name,) for name in heads))
    return format_html(
        '<div class="desk-scroll"><table class="desk-table desk-plain"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        head,
        rows,
    )
