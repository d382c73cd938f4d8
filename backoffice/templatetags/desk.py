"""Words in colour, amounts and things of the house, for the templates of staff pages."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from backoffice.lib import formats
from backoffice.words import TONES
from backoffice.words import badge as in_colour

register = template.Library()


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """An amount as people write it: $1,234.56."""
    return "" if amount is None else formats.money(amount, currency or "CAD", (get_language() or "en")[:2])


@register.filter
def figure(thing: Any, name: str) -> Any:
    """An attribute by its name, where the template is told which one."""
    return getattr(thing, name)


@register.filter
def of_name(things: dict[str, Any], name: str) -> Any:
    return things.get(name)


@register.filter
def cut_words(text: str) -> list[str]:
    return text.split()


@register.simple_tag
def order_state(order: Any) -> SafeString:
    return in_colour(order.get_state_display(), TONES[order.state])


@register.simple_tag
def badge(text: Any, tone: str = "quiet") -> SafeString:
    return in_colour(text, tone)
