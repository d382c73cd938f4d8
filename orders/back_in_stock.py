"""“Tell me when it is back”: who signs up is mailed once, in the order of sign-up, not more people than there is stock for.

Stock is dealt out to them on paper, as orders would get it: from warehouses that serve the store, above its safety buffer, in
whole units, and what is in a kit is there once only. First to those called in the last two days who have not bought yet: they
are taken to be about to. Who is still waiting is called when more comes, or when those two days are over and units are left.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from backoffice.lib import cards
from backoffice.lib.text import email_key
from backoffice.sync import connections, deliveries
from backoffice.sync.models import Connection
from inventory import kits, reservations
from inventory.availability import available, offers
from inventory.models import Product
from inventory.reservations import Ask
from orders.models import BackInStockSignup, OrderLine

TOPIC = "back_in_stock"
TIME_TO_BUY = timedelta(hours=48)
NO_ADDRESS = {
    "en": "“{typed}” is no mail address. Type it again.",
    "fr": "« {typed} » n’est pas une adresse de courriel. Saisissez-la de nouveau.",
}
STRANGE_ADDRESS = {
    "en": "This cannot be a mail address. Type it again.",
    "fr": "Ce ne peut pas être une adresse de courriel. Saisissez-la de nouveau.",
}
LOCK = 718_211_003
"""One worker at a time decides who is called: two would call more people than there are units."""


def wanted(sku: str, *, connection_id: int | None = None) -> tuple[Product, int] | None:
    """What somebody may sign up for: a product that is sold and shipped, and how many of it at a time (a dozen is 12).

    By the product's SKU, a selling unit's, or what the store calls it.
    """
    found = offers([sku], connection_id=connection_id).get(sku)
    if found is None:
        return None
    product = Product.objects.get(pk=found.sold.product_id)
    return (product, found.sold.unit) if product.is_shipped else None


def sign_up(
    product: Product, email: str, *, unit: int = 1, language: str = "en", connection: Connection | None = None
) -> BackInStockSignup | None:
    """Somebody waits for a product; the same address twice waits once, and gets None the second time.

    ValueError with a sentence in their language where the address is none.
    """
    typed = email.strip()
    spoken = "fr" if language.lower().startswith("fr") else "en"
    try:
        validate_email(typed)
    except ValidationError:
        raise ValueError(NO_ADDRESS[spoken].format(typed=typed[:80])) from None
    if len(typed) > 254 or cards.find_card_number(typed):
        raise ValueError(STRANGE_ADDRESS[spoken])
    token = secrets.token_urlsafe(32)
    # Whoever waits already, or signs up at the same instant, has the one row that may wait.
    BackInStockSignup.objects.bulk_create(
        [
            BackInStockSignup(
                product=product,
                unit=unit,
                email=typed,
                email_key=email_key(typed),
                language=spoken,
                connection=connection,
                token=token,
            )
        ],
        ignore_conflicts=True,
    )
    return BackInStockSignup.objects.filter(token=token).first()


def by_token(token: str) -> BackInStockSignup | None:
    return BackInStockSignup.objects.select_related("product").filter(token=token).first()


def stop(signup_ids: Iterable[int]) -> int:
    """These wishes are taken back; how many were not before."""
    there = BackInStockSignup.objects.filter(pk__in=list(signup_ids), cancelled_at=None)
    return there.update(cancelled_at=timezone.now())


def call_waiting() -> int:
    """Wish for a mail to everybody whose turn it is; how many. A constant number of statements, one where nobody waits."""
    open_now = BackInStockSignup.objects.filter(called_at=None, cancelled_at=None, product__archived_at=None)
    if not open_now.exists():
        return 0
    now = timezone.now()
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        free = available(open_now.order_by().values_list("product_id", flat=True).distinct())
        there = [pk for pk, units in free.items() if units > 0]
        if not there:
            return 0
        waiting = _asking(open_now.filter(product__in=there).order_by("id"))
        # Who has ordered and not paid yet holds no unit: he may still be about to take the one that he was called for.
        bought = OrderLine.objects.filter(
            Q(allocated__gt=0) | Q(shipped__gt=0),
            product=OuterRef("product"),
            order__customer__email_key=OuterRef("email_key"),
            order__created_at__gt=OuterRef("called_at"),
        )
        lately = BackInStockSignup.objects.filter(called_at__gt=now - TIME_TO_BUY, cancelled_at=None)
        called = _asking(lately.exclude(Exists(bought)).order_by("called_at", "id"))
        chosen = _served(waiting, called)
        BackInStockSignup.objects.filter(pk__in=chosen).update(called_at=now)
        if chosen:
            door = connections.own("mail")["mail"].pk
            deliveries.want([(door, TOPIC, pk) for pk in chosen])
    return len(chosen)


class _Asking(NamedTuple):
    pk: int
    product_id: int
    unit: int
    connection_id: int | None
    safety_buffer: int | None


def _asking(signups: QuerySet[BackInStockSignup]) -> list[_Asking]:
    fields = ("pk", "product_id", "unit", "connection_id", "connection__safety_buffer")
    return [_Asking(*row) for row in signups.values_list(*fields)]


def _served(waiting: list[_Asking], called: list[_Asking]) -> list[int]:
    """Those of `waiting` for whom a unit is left, in their order, when those called before have taken theirs."""
    products = {one.product_id for one in (*waiting, *called)}
    inside = kits.contents(products)
    needs = {pk: inside.get(pk) or {pk: 1} for pk in products}
    free = reservations.look({part for parts in needs.values() for part in parts})
    table = reservations.Table(free)
    left = {spot.level_id: spot.units for spots in free.spots.values() for spot in spots}

    def served(one: _Asking) -> bool:
        parts = {part: each * one.unit for part, each in needs[one.product_id].items()}
        if one.safety_buffer:
            serving = free.serving.get(one.connection_id or 0)
            for part, units in parts.items():
                spots = [s for s in free.spots.get(part, ()) if serving is None or s.warehouse_id in serving]
                if sum(left[spot.level_id] for spot in spots) - one.safety_buffer < units:
                    return False
        grants = table.draw([Ask(one.pk, tuple(sorted(parts.items())), 1, one.connection_id or 0)])
        for grant in grants:
            left[grant.level_id] -= grant.quantity
        return bool(grants)

    for one in called:
        served(one)
    return [one.pk for one in waiting if served(one)]
