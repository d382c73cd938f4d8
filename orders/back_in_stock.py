"""“Tell me when it is back”: who signs up is mailed once, in the order of sign-up, not more people than there is stock for.

Of each product as many are called as units can be sold now, less those called in the last two days: they are taken to be about
to buy. Who is still waiting is called when more comes, or when those two days are over and units are left.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection as database
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from backoffice.lib import cards
from backoffice.lib.text import email_key
from backoffice.sync import connections, deliveries
from backoffice.sync.models import Connection
from inventory.availability import available
from inventory.models import Product
from orders.models import BackInStockSignup

TOPIC = "back_in_stock"
TIME_TO_BUY = timedelta(hours=48)
LOCK = 718_211_003
"""One worker at a time decides who is called: two would call more people than there are units."""


def product_of(sku: str) -> Product | None:
    """What somebody may sign up for: sold, and not archived; by the product's SKU or a selling unit's."""
    known = Product.objects.filter(archived_at=None)
    found = known.filter(sku=sku).first() or known.filter(selling_units__sku=sku).exclude(selling_units__sku="").first()
    return found if found is not None and found.is_shipped else None


def sign_up(
    product: Product, email: str, *, language: str = "en", connection: Connection | None = None
) -> BackInStockSignup | None:
    """Somebody waits for a product; the same address twice waits once, and gets None the second time.

    ValueError with a sentence where the address is none.
    """
    typed = email.strip()
    try:
        validate_email(typed)
    except ValidationError:
        raise ValueError(f"“{typed[:80]}” is no mail address. Type it again.") from None
    if len(typed) > 254 or cards.find_card_number(typed):
        raise ValueError("This cannot be a mail address. Type it again.")
    key = email_key(typed)
    token = secrets.token_urlsafe(32)
    # Whoever waits already, or signs up at the same instant, has the one row that may wait.
    BackInStockSignup.objects.bulk_create(
        [
            BackInStockSignup(
                product=product,
                email=typed,
                email_key=key,
                language="fr" if language.lower().startswith("fr") else "en",
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
    """Wish for a mail to everybody whose turn it is; how many. Six statements for any number, one where nobody waits."""
    open_now = BackInStockSignup.objects.filter(called_at=None, cancelled_at=None, product__archived_at=None)
    if not open_now.exists():
        return 0
    now = timezone.now()
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        free = available(open_now.order_by().values_list("product_id", flat=True).distinct())
        there = {pk: units for pk, units in free.items() if units > 0}
        called = BackInStockSignup.objects.filter(product__in=there, called_at__gt=now - TIME_TO_BUY, cancelled_at=None)
        for product_id, count in called.order_by().values_list("product_id").annotate(Count("pk")):
            there[product_id] -= count
        turn: dict[int, list[int]] = defaultdict(list)
        for pk, product_id in open_now.filter(product__in=there).order_by("id").values_list("pk", "product_id"):
            if len(turn[product_id]) < there[product_id]:
                turn[product_id].append(pk)
        chosen = [pk for ids in turn.values() for pk in ids]
        BackInStockSignup.objects.filter(pk__in=chosen).update(called_at=now)
        if chosen:
            door = connections.own("mail")["mail"].pk
            deliveries.want([(door, TOPIC, pk) for pk in chosen])
    return len(chosen)
