"""What others should know and whether they do: last words, attempts, try again, skip, open the object."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from accounting.models import Invoice
from backoffice import desk, journey
from backoffice.sync import deliveries, waking
from backoffice.sync.admin.traffic import TrafficAdmin
from backoffice.sync.models import Delivery
from inventory.models import Listing
from orders import publishing
from orders.models import Order
from shipping.models import Shipment

State = Delivery.State
TOPICS = {
    publishing.TOPIC: _("stock"),
    journey.FULFILMENT: _("state and parcels of order"),
    journey.INVOICE_PDF: _("PDF of invoice"),
    journey.INVOICE_MAIL: _("mail with invoice"),
    journey.SHIPMENT_MAIL: _("mail on parcel"),
}


class TopicFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(TOPICS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(topic=self.value()) if self.value() else queryset


class NamedChangeList(desk.DeskChangeList):
    """Names what the page's deliveries are about, one statement for each kind of thing."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        self.result_list = rows
        names = {topic: _names(topic, [row.object_id for row in rows if row.topic == topic]) for topic in TOPICS}
        for delivery in rows:
            delivery.named = names.get(delivery.topic, {}).get(delivery.object_id, str(delivery.object_id))


def _names(topic: str, ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    if topic == publishing.TOPIC:
        return {
            pk: f"{sku or number}"
            for pk, sku, number in Listing.objects.filter(pk__in=ids).values_list("pk", "sku", "external_id")
        }
    if topic == journey.FULFILMENT:
        return dict(Order.objects.filter(pk__in=ids).values_list("pk", "number"))
    if topic == journey.SHIPMENT_MAIL:
        return dict(Shipment.objects.filter(pk__in=ids).values_list("pk", "number"))
    return dict(Invoice.objects.filter(pk__in=ids).values_list("pk", "label"))


@admin.register(Delivery)
class DeliveryAdmin(TrafficAdmin):
    may: ClassVar[str] = "sync.retry_delivery"
    room: ClassVar[Any] = deliveries
    template: ClassVar[str] = "admin/sync/delivery.html"
    tones: ClassVar = {
        State.WAITING: "info",
        State.CLAIMED: "info",
        State.DONE: "good",
        State.FAILED: "danger",
        State.UNCLEAR: "danger",
        State.SKIPPED: "quiet",
    }
    list_display = ("wanted_at", "what", "connection", "shown_state", "shown_words", "attempts", "delivered_at")
    list_filter = (("state", ChoicesDropdownFilter), TopicFilter, ("connection", RelatedDropdownFilter))
    list_select_related = ("connection",)
    search_fields = ("=external_id",)
    search_help_text = _("Number at the other system")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return NamedChangeList

    def wake(self) -> None:
        waking.wake(waking.DELIVER)

    def more(self, request: HttpRequest, thing: Delivery) -> dict[str, Any]:
        words, url = object_of(thing)
        return {"object_words": words, "object_url": url, "topic": TOPICS.get(thing.topic, thing.topic)}

    @admin.display(description=_("what"))
    def what(self, delivery: Any) -> str:
        return f"{TOPICS.get(delivery.topic, delivery.topic)} {delivery.named}"

    @admin.display(description=_("last words"))
    def shown_words(self, delivery: Delivery) -> SafeString:
        return self.sentence_column(delivery.last_words)


def object_of(delivery: Delivery) -> tuple[str, str]:
    """What a delivery is about, in words, and its page."""
    pk = delivery.object_id
    if delivery.topic == publishing.TOPIC:
        listing = Listing.objects.select_related("product").filter(pk=pk).first()
        if listing is not None and listing.product is not None:
            return str(listing.product), reverse("admin:inventory_product_change", args=[listing.product_id])
        return str(listing or pk), ""
    order: Order | None = None
    if delivery.topic == journey.FULFILMENT:
        order = Order.objects.filter(pk=pk).first()
    elif delivery.topic == journey.SHIPMENT_MAIL:
        parcel = Shipment.objects.select_related("order").filter(pk=pk).first()
        order = parcel.order if parcel else None
    elif delivery.topic in (journey.INVOICE_PDF, journey.INVOICE_MAIL):
        invoice = Invoice.objects.select_related("order").defer("pdf", "document").filter(pk=pk).first()
        order = invoice.order if invoice else None
    if order is None:
        return str(pk), ""
    return str(_("Order %(number)s") % {"number": order.number}), reverse("admin:orders_order_change", args=[order.pk])
