"""What a customer reads of his order: its lines, what became of each, and when the rest comes (rules: U2, S10).

The promise is that of the slip, the mails and the API: the same function, the same words.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Prefetch

from backoffice.lib.formats import number
from backoffice.lib.text import email_key
from inventory.availability import available
from inventory.models import Product
from inventory.promise import IN_STOCK, Promise
from orders import back_in_stock, promise_words, promises
from orders.models import BackInStockSignup, LineComponent, Order, OrderLine
from orders.portal.words import WORDS

FIGURES = {"ordered": "ordered", "sent": "shipped", "prepared": "allocated", "cancelled": "cancelled",
           "returned": "returned"}  # fmt: skip
"""Word → quantity of the line; one that is 0 is not spoken of."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line in the customer's language."""

    pk: int
    position: int
    name: str
    notes: str
    figures: tuple[str, ...]
    waiting: str
    """What is still to come of it, and when."""
    may_ask: bool
    """Whether “tell me when it is back” is offered."""
    is_told: bool
    """Whether his address waits for that mail already."""


def lines_of(order: Order, language: str) -> list[Shown]:
    """The order's lines in a constant number of statements."""
    back = LineComponent.objects.filter(returned__gt=0).select_related("product").order_by("id")
    found = list(
        OrderLine.objects.filter(order=order, ordered__gt=0)
        .select_related("product")
        .prefetch_related(Prefetch("components", back))
        .order_by("position")
    )
    told = promises.for_lines([line.pk for line in found if line.backordered > 0 and line.needs_shipping])
    missing = _missing(order, found, told)
    waited_for = _waited_for(order, list(missing.values()))
    return [_shown(line, language, told.get(line.pk), missing.get(line.pk), waited_for) for line in found]


def tell_me(order: Order, position: int, language: str) -> None:
    """His address waits for what is missing of this line; nothing happens where nothing is, or where it waits already."""
    found = [line for line in lines_of(order, language) if line.position == position and line.may_ask]
    line = (
        OrderLine.objects.select_related("product", "selling_unit").filter(pk__in=[line.pk for line in found]).first()
    )
    if line is not None and line.product is not None:
        unit = line.selling_unit.quantity if line.selling_unit else 1
        back_in_stock.sign_up(line.product, order.mail_to, unit=unit, language=language, connection=order.connection)


def _missing(order: Order, lines: list[OrderLine], told: dict[int, Promise]) -> dict[int, Product]:
    """By line, what he may ask to be told of: it is on backorder, or was cancelled and is not to be had now either."""
    try:
        validate_email(order.mail_to)
    except ValidationError:
        return {}
    sold = {
        line.pk: line.product
        for line in lines
        if line.product is not None and line.product.archived_at is None and line.product.is_shipped
    }
    cancelled = {sold[line.pk].pk for line in lines if line.cancelled > 0 and line.pk in sold}
    free = available(cancelled) if cancelled else {}
    return {
        line.pk: sold[line.pk]
        for line in lines
        if line.pk in sold and (_is_short(told.get(line.pk)) or (line.cancelled and free[sold[line.pk].pk] <= 0))
    }


def _is_short(promise: Promise | None) -> bool:
    """An order that nobody has paid waits for stock only where there is none."""
    return promise is not None and promise.kind != IN_STOCK


def _waited_for(order: Order, wanted: list[Product]) -> set[int]:
    if not wanted:
        return set()
    waiting = BackInStockSignup.objects.filter(
        product__in=wanted, email_key=email_key(order.mail_to), called_at=None, cancelled_at=None
    )
    return set(waiting.values_list("product_id", flat=True))


def _shown(
    line: OrderLine, language: str, promise: Promise | None, missing: Product | None, waited_for: set[int]
) -> Shown:
    words = WORDS[language]
    waiting = ""
    if promise is not None:
        waiting = words["backorder" if _is_short(promise) else "to_come"].format(
            count=number(line.backordered, language), promise=promise_words.phrase(promise, language)
        )
    figures = [
        words[word].format(count=number(units, language))
        for word, field in FIGURES.items()
        if (units := getattr(line, field))
    ]
    if parts := _parts_back(line, language):
        figures.append(words["returned_parts"].format(parts=parts))
    is_told = missing is not None and missing.pk in waited_for
    return Shown(
        line.pk,
        line.position,
        line.name,
        " · ".join(filter(None, (line.variation, line.sku))),
        tuple(figures),
        waiting,
        may_ask=missing is not None and not is_told,
        is_told=is_told,
    )


def _parts_back(line: OrderLine, language: str) -> str:
    """Of a kit or a dozen, what came back beside whole ones."""
    return ", ".join(
        f"{number(loose, language)} × {(language == 'fr' and part.product.name_fr) or part.product.name}"
        for part in line.components.all()
        if (loose := part.returned - line.returned * part.quantity) > 0
    )
