"""Orders by API: taken in through the same door as a store's webhooks, and read."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, OpenApiTypes, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import inward, journey, papers, returning
from backoffice.api import once
from backoffice.api.base import Query, Room, Strict, pdf
from backoffice.api.errors import Conflict, Unprocessable, said
from backoffice.api.orders_in import OrderIn
from backoffice.api.orders_out import TIMELINE, OrderOut, OrderSummary
from backoffice.api.returns import RETURN, ReturnIn
from backoffice.lib.text import email_key
from backoffice.sync import connections
from backoffice.sync.models import Arrival
from orders import priority
from orders.models import (
    Order,
    OrderLine,
    TimelineEntry,
)
from orders.stores.base import Incoming
from shipping.api import PackIn, ShipmentOut, packed
from shipping.models import Shipment


class PriorityIn(Strict):
    """The turn that an order takes."""

    priority = serializers.IntegerField(
        min_value=priority.LEAST, max_value=priority.MOST, help_text="The lowest is served first; 100 is usual."
    )


class OrderQuery(Query):
    """What the list of orders can be narrowed by."""

    state = serializers.ChoiceField(choices=Order.State.choices, required=False)
    connection = serializers.CharField(required=False, help_text="The connection's name or number.")
    number = serializers.CharField(required=False)
    external_number = serializers.CharField(required=False)
    external_id = serializers.CharField(required=False)
    email = serializers.CharField(required=False, help_text="The customer's.")
    sku = serializers.CharField(required=False, help_text="As the store sent it.")
    placed_after = serializers.DateTimeField(required=False)
    placed_before = serializers.DateTimeField(required=False)
    updated_after = serializers.DateTimeField(required=False, help_text="Something happened to it at or after this.")
    lookups = {"placed_after": "placed_at__gte", "placed_before": "placed_at__lt"}

    def by_connection(self, orders: QuerySet[Order], asked: str) -> QuerySet[Order]:
        if asked.isascii() and asked.isdigit() and len(asked) < 18:
            return orders.filter(connection_id=int(asked))
        return orders.filter(connection__name=asked)

    def by_email(self, orders: QuerySet[Order], asked: str) -> QuerySet[Order]:
        return orders.filter(customer__email_key=email_key(asked))

    def by_sku(self, orders: QuerySet[Order], asked: str) -> QuerySet[Order]:
        return orders.filter(pk__in=OrderLine.objects.filter(sku=asked).values("order_id"))

    def by_updated_after(self, orders: QuerySet[Order], asked: datetime) -> QuerySet[Order]:
        # Every change of an order is a line on its timeline (rule: O8).
        return orders.filter(pk__in=TimelineEntry.objects.filter(at__gte=asked).values("order_id"))


# --- what is done --------------------------------------------------------------------------------------------------------
@extend_schema_view(
    list=extend_schema(summary="List orders, the newest first", parameters=[OrderQuery], responses=OrderSummary),
    retrieve=extend_schema(summary="Read an order with all that belongs to it"),
)
@extend_schema(tags=["orders"])
class Orders(mixins.ListModelMixin, mixins.RetrieveModelMixin, Room):
    queryset = Order.objects.all()
    lookup_field = "number"
    lookup_value_regex = "[0-9A-Za-z-]+"
    query_class = OrderQuery
    needs: ClassVar = {
        "list": ("orders.view_order",),
        "retrieve": ("orders.view_order",),
        "create": ("sync.upload_orders",),
        "pack": ("orders.view_order", "shipping.pack_shipment"),
        "priority": ("orders.view_order", "orders.prioritise_order"),
        "returns": ("orders.view_order", "orders.take_back_order"),
        "slip": ("orders.view_order", "shipping.view_shipment"),
        "label": ("orders.view_order", "shipping.view_shipment"),
    }

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return OrderSummary if self.action == "list" else OrderOut

    def get_queryset(self) -> QuerySet[Order]:
        orders = Order.objects.select_related("connection", "customer")
        if self.action == "list":
            return orders
        newest = TimelineEntry.objects.order_by("-id")[:TIMELINE]
        return orders.select_related("billing_address", "shipping_address", "invoice").defer(
            "invoice__pdf", "invoice__document"
        ).prefetch_related(
            Prefetch("lines", OrderLine.objects.select_related("product").order_by("position")), "lines__components__product",
            "charges", "taxes", "payments", "holds",
            Prefetch("shipments", Shipment.objects.order_by("id").prefetch_related("lines__line", "lines__level__location")),
            Prefetch("timeline", newest, to_attr="newest"),
        )  # fmt: skip

    @extend_schema(
        summary="Take in an order",
        description="The order comes in by the same door as a store's own: it is kept as sent, and made from what was "
        "kept. An unknown SKU, a doubtful address or a total that does not add up loses no order: it is taken in and "
        "held, and the hold says what to do. The same `external_id` later is the same order: a newer version of it "
        "updates what may still change.",
        parameters=[once.PARAMETER],
        request=OrderIn,
        responses={201: OrderOut, 200: OpenApiResponse(OrderOut, description="It was known already.")},
    )
    def create(self, request: Request) -> Response:
        key = once.key_of(request)
        body = once.body_of(request)
        sent = OrderIn(data=request.data)
        sent.is_valid(raise_exception=True)
        number = sent.validated_data["external_id"]
        door = connections.own("api")["api"]
        before = once.known(door, "order", key, body)
        fresh = before is None and not Order.objects.filter(connection=door, external_id=number).exists()
        if before is None:
            came = {"received_at": timezone.now().isoformat()}
            # Kept and committed first: whatever happens from here, the worker finds it.
            kept = inward.keep(door, [Incoming("order", number, key, body, came)])
            before = once.known(door, "order", key, body)
            fresh = fresh and bool(kept)
        assert before is not None
        order = self._worked_on(before)
        code = status.HTTP_201_CREATED if fresh else status.HTTP_200_OK
        return Response(OrderOut(order, context=self.get_serializer_context()).data, status=code)

    def _worked_on(self, arrival: Arrival) -> Order:
        if arrival.state == Arrival.State.WAITING:
            inward.work_on_arrivals(ids=[arrival.pk])
            # Somebody else (the same request sent twice, the worker) may be at it just now.
            arrival = once.settled(arrival.pk)
            if arrival.state == Arrival.State.WAITING:
                inward.work_on_arrivals(ids=[arrival.pk])
                arrival = once.settled(arrival.pk)
        if arrival.object_type == "order" and arrival.object_id is not None:
            return self.get_queryset().get(pk=arrival.object_id)
        if arrival.state == Arrival.State.WAITING:
            raise Conflict("The order is kept and not made yet. Send the same request again in a moment.")
        raise Unprocessable(f"The order is kept (arrival {arrival.pk}) and cannot be made: {arrival.sentence}")

    @extend_schema(
        summary="Pack what is allocated to an order into a parcel",
        description="Without lines: all that is allocated and in no parcel yet. Asked again, it answers with the parcel "
        "that is packed already.",
        request=PackIn,
        responses={201: ShipmentOut, 200: OpenApiResponse(ShipmentOut, description="It was packed already.")},
    )
    @action(detail=True, methods=["post"])
    def pack(self, request: Request, number: str) -> Response:
        order = self.get_object()
        once.refuse_cards(request)
        sent = PackIn(data=request.data)
        sent.is_valid(raise_exception=True)
        quantities = sent.quantities(order)
        with said():
            made = journey.pack([order.pk], quantities=quantities, by=request.user, who=self.who())
        shipment, code = packed(order, made)
        return Response(ShipmentOut(shipment, context=self.get_serializer_context()).data, status=code)

    @extend_schema(
        summary="Say in which turn an order is served",
        description="What is reserved stays where it is; goods that come in go to the lowest number first, then to the oldest.",
        request=PriorityIn,
        responses=OrderOut,
    )
    @action(detail=True, methods=["post"])
    def priority(self, request: Request, number: str) -> Response:
        order = self.get_object()
        sent = PriorityIn(data=request.data)
        sent.is_valid(raise_exception=True)
        priority.put([order.pk], sent.validated_data["priority"], who=self.who())
        return Response(OrderOut(self.get_object(), context=self.get_serializer_context()).data)

    @extend_schema(
        summary="Shipped goods come back",
        description="All lines or none, booked once by the Idempotency-Key: back to stock, to quarantine, or thrown away. A kit "
        "counts as returned once all its parts are back.",
        parameters=[once.PARAMETER],
        request=ReturnIn,
        responses={201: OrderOut, 200: OpenApiResponse(OrderOut, description="It was booked already.")},
    )
    @action(detail=True, methods=["post"])
    def returns(self, request: Request, number: str) -> Response:
        order = self.get_object()

        def take_back(sent: ReturnIn, key: str) -> None:
            returning.return_to_stock(**sent.booking(order), key=key, who=self.who(), by=request.user)

        _key, now = once.booked(self, ReturnIn, RETURN, take_back, about=f"order {order.pk}")
        answer = OrderOut(self.get_queryset().get(pk=order.pk), context=self.get_serializer_context())
        return Response(answer.data, status=status.HTTP_201_CREATED if now else status.HTTP_200_OK)

    @extend_schema(summary="The packing slip, as PDF", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def slip(self, request: Request, number: str) -> Any:
        return self._paper("slip")

    @extend_schema(summary="The address label, as PDF", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def label(self, request: Request, number: str) -> Any:
        return self._paper("label")

    def _paper(self, kind: papers.Kind) -> Any:
        order = self.get_object()
        try:
            return pdf(*papers.paper(kind, [order.pk]))
        except papers.PaperError as error:
            raise Conflict(str(error)) from error
