"""Parcels by API: read, packed, shipped."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import journey
from backoffice.api import once
from backoffice.api.base import Query, Room, Strict, rows
from backoffice.api.errors import Conflict, said
from orders.models import Order
from shipping.models import Shipment, ShipmentLine


class ShipmentLineOut(serializers.ModelSerializer[ShipmentLine]):
    position = serializers.IntegerField(source="line.position", read_only=True, help_text="Of the order's line.")
    external_id = serializers.CharField(source="line.external_id", read_only=True)
    sku = serializers.CharField(source="line.sku", read_only=True)
    name = serializers.CharField(source="line.name", read_only=True)
    location = serializers.CharField(source="level.location.code", default=None, read_only=True, allow_null=True)

    class Meta:
        model = ShipmentLine
        fields = ("position", "external_id", "sku", "name", "quantity", "location")
        read_only_fields = fields


class ShipmentOut(serializers.ModelSerializer[Shipment]):
    order = serializers.SerializerMethodField()
    state = serializers.CharField(read_only=True, help_text="packed, shipped, or unpacked again.")
    state_words = serializers.CharField(source="get_state_display", read_only=True)
    lines = ShipmentLineOut(many=True, read_only=True)

    class Meta:
        model = Shipment
        fields = (
            "number", "order", "state", "state_words", "carrier", "tracking_number", "tracking_url", "packed_at",
            "shipped_at", "lines",
        )  # fmt: skip
        read_only_fields = fields

    def get_order(self, shipment: Shipment) -> str:
        # The parcel's number is the order's with a count behind it (shipping/packing.py): no look-up for each row.
        return shipment.number.rpartition("-")[0]


class PackLineIn(Strict):
    position = serializers.IntegerField(min_value=1, help_text="Of the order's line.")
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)


class PackIn(Strict):
    lines = rows(PackLineIn, required=False)

    def quantities(self, order: Order) -> dict[int, int] | None:
        """Units by line's id; None where all is meant."""
        asked = self.validated_data.get("lines")
        if asked is None:
            return None
        ids = dict(order.lines.values_list("position", "pk"))
        wrong: Any = {
            at: {"position": [f"Order {order.number} has no line {line['position']}."]}
            for at, line in enumerate(asked)
            if line["position"] not in ids
        }
        positions = [line["position"] for line in asked]
        if wrong:
            raise serializers.ValidationError({"lines": wrong})
        if len(set(positions)) != len(positions):
            raise serializers.ValidationError({"lines": "A line is named twice: name each once, with all its units."})
        return {ids[line["position"]]: line["quantity"] for line in asked}


def shown() -> QuerySet[Shipment]:
    return Shipment.objects.prefetch_related("lines__line", "lines__level__location")


def packed(order: Order, made: Sequence[Shipment]) -> tuple[Shipment, int]:
    """The parcel to answer with: made now, or still there from before."""
    if made:
        return shown().get(pk=made[0].pk), status.HTTP_201_CREATED
    there = shown().filter(order=order, state=Shipment.State.PACKED).order_by("-id").first()
    if there is None:
        raise Conflict(f"Nothing of order {order.number} is allocated and unpacked: it is {order.get_state_display()}.")
    return there, status.HTTP_200_OK


class ShipIn(Strict):
    carrier = serializers.CharField(max_length=60, required=False, allow_blank=True)
    tracking_number = serializers.CharField(max_length=60, required=False, allow_blank=True)
    tracking_url = serializers.URLField(max_length=400, required=False, allow_blank=True)


class ShipmentQuery(Query):
    state = serializers.ChoiceField(choices=Shipment.State.choices, required=False)
    order = serializers.CharField(required=False, help_text="The order's number.")
    tracking_number = serializers.CharField(required=False)
    shipped_after = serializers.DateTimeField(required=False)
    lookups = {"order": "order__number", "shipped_after": "shipped_at__gte"}


@extend_schema_view(
    list=extend_schema(summary="List parcels, the newest first", parameters=[ShipmentQuery]),
    retrieve=extend_schema(summary="Read a parcel"),
)
@extend_schema(tags=["shipments"])
class Shipments(mixins.ListModelMixin, mixins.RetrieveModelMixin, Room):
    queryset = Shipment.objects.all()
    serializer_class = ShipmentOut
    lookup_field = "number"
    lookup_value_regex = "[0-9A-Za-z-]+"
    query_class = ShipmentQuery
    needs: ClassVar = {
        "list": ("shipping.view_shipment",),
        "retrieve": ("shipping.view_shipment",),
        "ship": ("shipping.ship_shipment",),
    }

    def get_queryset(self) -> QuerySet[Shipment]:
        return shown()

    @extend_schema(
        summary="Ship a packed parcel",
        description="Stock leaves, its cost is booked, the customer and the store are told. Asked again, it ships "
        "nothing twice; another tracking number corrects the one that is there.",
        request=ShipIn,
        responses=ShipmentOut,
    )
    @action(detail=True, methods=["post"])
    def ship(self, request: Request, number: str) -> Response:
        shipment = self.get_object()
        once.refuse_cards(request)
        sent = ShipIn(data=request.data)
        sent.is_valid(raise_exception=True)
        said_of = sent.validated_data
        tracking = journey.Tracking(
            carrier=said_of.get("carrier", shipment.carrier),
            number=said_of.get("tracking_number", shipment.tracking_number),
            url=said_of.get("tracking_url", shipment.tracking_url),
        )
        with said():
            if shipment.state == Shipment.State.SHIPPED:
                journey.track(shipment, tracking, who=self.who())
            else:
                journey.ship([shipment.pk], tracking={shipment.pk: tracking}, by=request.user, who=self.who())
        again: Any = shown().get(pk=shipment.pk)
        return Response(ShipmentOut(again, context=self.get_serializer_context()).data)
