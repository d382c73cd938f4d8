"""Who sells: one row, made with neutral words if nobody has filled it in."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Func, Subquery, TextField
from django.db.models.functions import Cast

from backoffice.lib.letterhead import Letterhead
from backoffice.sync.models import Connection
from orders.models import Merchant


def current() -> Merchant:
    merchant = Merchant.objects.filter(pk=1).first()
    return merchant or Merchant.objects.get_or_create(pk=1, defaults={"name": "Your shop", "address": ""})[0]


def with_state(connection_id: int | None = None) -> tuple[Merchant, str, int | None]:
    """The merchant, a word for the state of all that is kept, and the safety buffer of a connection; one statement.

    The word stays the same only as long as nothing was committed, and says nothing of what the caller's own transaction has
    written. The buffer is None where there is no such connection.
    """
    snapshot = Cast(Func(function="pg_current_snapshot"), TextField())
    buffer = Subquery(Connection.objects.filter(pk=connection_id or 0).values("safety_buffer"))
    found = Merchant.objects.annotate(state=snapshot, buffer=buffer).filter(pk=1).first()
    if found is None:
        current()
        return with_state(connection_id)
    return found, found.state, found.buffer


def local_day(at: datetime, merchant: Merchant) -> date:
    """The merchant's local day of an instant (rule: O6): 23:30 in Toronto is still that day."""
    return at.astimezone(ZoneInfo(merchant.time_zone)).date()


def shop_url(merchant: Merchant, store: Connection | None = None) -> str:
    """Where a customer can buy: the store, or the merchant's website, which may be written without https://; else empty."""
    found = store.url if store else ""
    if not found.startswith(("https://", "http://")):
        found = merchant.website.strip()
        if found and "://" not in found:
            found = f"https://{found}"
    return found if found.startswith(("https://", "http://")) else ""


def letterhead(merchant: Merchant) -> Letterhead:
    """The merchant as every paper prints it."""
    return Letterhead(
        name=merchant.name,
        address=tuple(line.strip() for line in merchant.address.splitlines() if line.strip()),
        email=merchant.email,
        phone=merchant.phone,
        website=merchant.website,
        language=merchant.language,
    )
