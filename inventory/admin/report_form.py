"""What a person asked of a report, read from the address of its page: each part checked, with a sentence where it is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import desk
from inventory import catalogue
from inventory.models import Category, Location, Product, Supplier
from inventory.reports.asked import Asked
from inventory.reports.named import Report, Way
from orders import merchant
from orders.models import Merchant

EARLIEST = date(2000, 1, 1)
LISTS = {"warehouse": Location, "category": Category, "supplier": Supplier, "place": Location}
IDLE_DAYS = 180


@dataclass(slots=True)
class ReportForm:
    """`wrong` holds the sentence to show instead of the report."""

    report: Report
    seller: Merchant
    today: date
    values: dict[str, str] = field(default_factory=dict)
    """What was typed, by the name of the field."""
    choices: dict[str, Sequence[Any]] = field(default_factory=dict)
    asked: Asked | None = None
    product: Product | None = None
    place_id: int | None = None
    after: tuple[str, ...] = ()
    wrong: str = ""

    @property
    def by(self) -> str:
        return self.values.get("by") or next(iter(self.report.ways))

    @property
    def way(self) -> Way:
        return self.report.ways[self.by]

    @property
    def filtered(self) -> bool:
        """Whether some goods are left out."""
        return any(self.values.get(name) for name in ("warehouse", "category", "supplier", "q", "product", "place"))

    def address(self, **more: Any) -> str:
        """The same question, and more."""
        said = {name: value for name, value in self.values.items() if value}
        return "?" + urlencode({**said, **more}, doseq=True)


def read(request: HttpRequest, report: Report) -> ReportForm:
    seller = merchant.current()
    form = ReportForm(report, seller, merchant.local_day(timezone.now(), seller))
    names = (*report.asks, "by")
    form.values = {name: request.GET.get(name, "").strip()[:200] for name in names}
    form.after = tuple(request.GET.getlist("after")[:3])
    form.choices = _choices(report)
    try:
        if form.by not in report.ways:
            form.values["by"] = ""
        form.asked = _asked(form, request)
    except ValueError as error:
        form.wrong = str(error)
    if form.product is not None:
        there = Location.objects.filter(levels__product=form.product).select_related("warehouse").order_by("code")
        form.choices["place"] = [(place.pk, place.in_full) for place in there]
    return form


def _choices(report: Report) -> dict[str, Sequence[Any]]:
    found: dict[str, Sequence[Any]] = {}
    if "warehouse" in report.asks:
        found["warehouse"] = list(Location.objects.filter(warehouse=None).values_list("pk", "name"))
    if "category" in report.asks:
        found["category"] = list(Category.objects.values_list("pk", "path"))
    if "supplier" in report.asks:
        found["supplier"] = list(Supplier.objects.values_list("pk", "name"))
    return found


def _asked(form: ReportForm, request: HttpRequest) -> Asked:
    values, report = form.values, form.report
    last = _day(values.get("last", "")) or form.today
    first = _day(values.get("first", ""))
    if report.span and first is None:
        first = max(EARLIEST, last - timedelta(days=report.span - 1))
    if first is not None and first > last:
        raise ValueError(_("The first day is after the last one. Change one of the two."))
    if "last" in report.asks:
        values["last"] = last.isoformat()
    if report.span and first is not None:
        values["first"] = first.isoformat()
    idle = IDLE_DAYS
    if "idle" in report.asks:
        idle = desk.whole_number(values["idle"], least=1) if values["idle"] else IDLE_DAYS
        values["idle"] = str(idle)
    if values.get("product"):
        form.product = catalogue.find_by_code(values["product"])[0]
        values["product"] = form.product.sku
    chosen = {name: _row(values[name], name) for name in LISTS if values.get(name)}
    form.place_id = chosen.get("place")
    return Asked(
        last=last,
        first=first,
        zone=ZoneInfo(form.seller.time_zone),
        warehouse_id=chosen.get("warehouse"),
        category_id=chosen.get("category"),
        supplier_id=chosen.get("supplier"),
        product_id=form.product.pk if form.product else None,
        text=values.get("q", ""),
        idle_days=min(idle, 36_500),
        everything=bool(values.get("everything")),
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("“%(text)s” is no day; write it as 2026-12-31.") % {"text": text[:20]}) from None
    if not EARLIEST <= day <= date(2200, 1, 1):
        raise ValueError(_("%(text)s is too far away. Choose a day from the year 2000 on.") % {"text": text[:20]})
    return day


def _row(text: str, name: str) -> int:
    if not (desk.is_number(text) and LISTS[name]._default_manager.filter(pk=int(text)).exists()):
        raise ValueError(_("What was chosen from a list is not there any more. Choose again."))
    return int(text)
