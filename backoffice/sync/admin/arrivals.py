"""What came in, kept as it came: its sentence, its body, try again, skip, open the order it became."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from backoffice.sync import arrivals, waking
from backoffice.sync.admin.traffic import TrafficAdmin, legible
from backoffice.sync.models import Arrival

State = Arrival.State
RECEIPT = "receipt"
"""The topic of goods received by API."""


@admin.register(Arrival)
class ArrivalAdmin(TrafficAdmin):
    may: ClassVar[str] = "sync.retry_arrival"
    room: ClassVar[Any] = arrivals
    template: ClassVar[str] = "admin/sync/arrival.html"
    tones: ClassVar = {
        State.WAITING: "info",
        State.DONE: "good",
        State.OLD: "quiet",
        State.IGNORED: "quiet",
        State.FAILED: "danger",
        State.SKIPPED: "quiet",
    }
    list_display = ("received_at", "what", "connection", "shown_state", "shown_sentence", "repeats")
    list_filter = (("state", ChoicesDropdownFilter), ("connection", RelatedDropdownFilter))
    list_select_related = ("connection",)
    search_fields = ("=external_id",)
    search_help_text = _("The store's number")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Arrival]:
        found: QuerySet[Arrival] = super().get_queryset(request)
        # A page of bodies can be megabytes, and a list shows none of them.
        return found if "/change/" in request.path else found.defer("body")

    def wake(self) -> None:
        waking.wake(waking.WORK)

    def more(self, request: HttpRequest, thing: Arrival) -> dict[str, Any]:
        # Goods that came in carry what each unit cost, and a clerk opens every arrival.
        hidden = thing.topic == RECEIPT and not request.user.has_perm("inventory.see_costs")
        body, whole = (
            (_("It holds costs, which your role does not see."), True) if hidden else legible(bytes(thing.body))
        )
        order = thing.object_id if thing.object_type == "order" else None
        return {
            "body": body,
            "whole": whole,
            "size": len(thing.body),
            "object_url": reverse("admin:orders_order_change", args=[order]) if order else "",
        }

    @admin.display(description=_("what"))
    def what(self, arrival: Arrival) -> str:
        return f"{arrival.topic} {arrival.external_id}".strip()

    @admin.display(description=_("what became of it"))
    def shown_sentence(self, arrival: Arrival) -> SafeString:
        return self.sentence_column(arrival.sentence)
