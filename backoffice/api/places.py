"""Places, moves inside a warehouse and transfers between warehouses by API."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import moving
from backoffice.api import once
from backoffice.api.base import Guarded, Query, Room, Strict, rows
from backoffice.api.permissions import SEE_COSTS
from inventory.lots import known as known_lots
from inventory.models import Location, Movement, Product, Transfer, TransferLine
from inventory.places import usable

MOVE = "move"


# --- places --------------------------------------------------------------------------------------------------------------
class LocationOut(serializers.ModelSerializer[Location]):
    warehouse = serializers.CharField(
        source="warehouse.code",
        default="",
        read_only=True,
        help_text="The code of the warehouse it is in; empty for one.",
    )

    class Meta:
        model = Location
        fields = (
            "id", "code", "name", "kind", "warehouse", "sellable", "pick_order", "handling_days", "cut_off", "working_days",
            "holiday_region", "archived_at",
        )  # fmt: skip
        read_only_fields = fields


class LocationQuery(Query):
    kind = serializers.ChoiceField(choices=Location.Kind.choices, required=False)
    warehouse = serializers.CharField(required=False, help_text="The code of a warehouse: the places in it.")
    archived = serializers.BooleanField(required=False, help_text="Without it, both.")
    lookups = {"warehouse": "warehouse__code"}

    def by_archived(self, places: QuerySet[Location], asked: bool) -> QuerySet[Location]:
        return places.filter(archived_at__isnull=not asked)


@extend_schema_view(
    list=extend_schema(summary="List warehouses and the places in them", parameters=[LocationQuery]),
    retrieve=extend_schema(summary="Read a place by its code"),
)
@extend_schema(tags=["places"])
class Locations(mixins.ListModelMixin, mixins.RetrieveModelMixin, Room):
    queryset = Location.objects.select_related("warehouse")
    serializer_class = LocationOut
    lookup_field = "code"
    lookup_value_regex = "[^/]+"
    query_class = LocationQuery
    needs: ClassVar = {"list": ("inventory.view_location",), "retrieve": ("inventory.view_location",)}


# --- moves ---------------------------------------------------------------------------------------------------------------
class MoveLineIn(Strict):
    sku = serializers.CharField(max_length=80)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)
    from_location = serializers.CharField(max_length=40, help_text="The code of the place where it lies.")
    to_location = serializers.CharField(
        max_length=40, help_text="The code of the place where it goes, in the same warehouse."
    )
    lot = serializers.CharField(
        max_length=80, required=False, help_text="Its code; needed where several lots of the product lie there."
    )


class MoveIn(Strict):
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    lines = rows(MoveLineIn)

    def moves(self) -> list[moving.Moving]:
        """The lines as moves; a 400 that names each line whose SKU, place or lot is not known."""
        lines = self.validated_data["lines"]
        products = {p.sku: p for p in Product.objects.filter(sku__in={line["sku"] for line in lines})}
        places = {place.code: place.pk for place in usable()}
        named = [(products[line["sku"]].pk, line["lot"]) for line in lines if "lot" in line and line["sku"] in products]
        lots = {spot: lot.pk for spot, lot in known_lots(named).items()}
        wrong: Any = {at: found for at, line in enumerate(lines) if (found := _problems(line, products, places, lots))}
        if wrong:
            raise serializers.ValidationError({"lines": wrong})
        return [
            moving.Moving(
                product_id=products[line["sku"]].pk,
                quantity=line["quantity"],
                from_id=places[line["from_location"]],
                to_id=places[line["to_location"]],
                lot_id=lots[products[line["sku"]].pk, line["lot"]] if "lot" in line else None,
            )
            for line in lines
        ]


def _problems(
    line: Mapping[str, Any],
    products: Mapping[str, Product],
    places: Mapping[str, int],
    lots: Mapping[tuple[int, str], int],
) -> dict[str, list[str]]:
    found = {}
    product = products.get(line["sku"])
    if product is None:
        found["sku"] = [f"SKU {line['sku']} is no product here. Create it first, or correct the SKU."]
    elif "lot" in line and (product.pk, line["lot"]) not in lots:
        found["lot"] = [f"{line['sku']} has no lot {line['lot']}."]
    for name in ("from_location", "to_location"):
        if line[name] not in places:
            found[name] = [f"There is no place {line[name]} in use. `GET /api/v1/locations/` lists them."]
    return found


class MoveLegOut(Guarded, serializers.ModelSerializer[Movement]):
    guarded = {SEE_COSTS: ("unit_cost",)}
    sku = serializers.CharField(source="product.sku", read_only=True)
    location = serializers.CharField(source="location.code", read_only=True)
    lot = serializers.CharField(source="lot.code", default="", read_only=True)

    class Meta:
        model = Movement
        fields = ("id", "sku", "location", "lot", "quantity", "reason", "unit_cost", "at", "note")
        read_only_fields = fields


class MoveOut(serializers.Serializer[Any]):
    movements = MoveLegOut(many=True, read_only=True)


@extend_schema(tags=["places"])
class Moves(Room):
    serializer_class = MoveOut
    needs: ClassVar = {"create": ("inventory.move_stock",)}

    @extend_schema(
        summary="Move goods inside a warehouse",
        description="All lines or none, booked once by the Idempotency-Key. What is promised stays promised to the same "
        "orders; what goes to quarantine is taken from them.",
        parameters=[once.PARAMETER],
        request=MoveIn,
        responses={201: MoveOut, 200: OpenApiResponse(MoveOut, description="It was booked already.")},
    )
    def create(self, request: Request) -> Response:
        booked_as, now = once.booked(
            self,
            MoveIn,
            MOVE,
            lambda sent, key: moving.move(sent.moves(), key=key, note=sent.validated_data["note"], by=request.user),
        )
        movements = (
            Movement.objects.filter(key__startswith=f"{Movement.Reason.MOVE.value}:{booked_as}:")
            .select_related("product", "location", "lot")
            .order_by("id")
        )
        answer = MoveOut({"movements": movements}, context=self.get_serializer_context())
        return Response(answer.data, status=status.HTTP_201_CREATED if now else status.HTTP_200_OK)


# --- transfers -----------------------------------------------------------------------------------------------------------
class TransferLineOut(serializers.ModelSerializer[TransferLine]):
    sku = serializers.CharField(source="product.sku", read_only=True)
    lot = serializers.CharField(source="lot.code", default="", read_only=True)

    class Meta:
        model = TransferLine
        fields = ("sku", "lot", "wanted", "sent", "received", "lost")
        read_only_fields = fields


class TransferOut(serializers.ModelSerializer[Transfer]):
    from_warehouse = serializers.CharField(source="source.code", read_only=True)
    to_warehouse = serializers.CharField(source="destination.code", read_only=True)
    lines = TransferLineOut(many=True, read_only=True)

    class Meta:
        model = Transfer
        fields = (
            "id", "number", "from_warehouse", "to_warehouse", "state", "expected_on", "note", "created_at", "sent_at",
            "received_at", "lines",
        )  # fmt: skip
        read_only_fields = fields


class TransferQuery(Query):
    state = serializers.ChoiceField(choices=Transfer.State.choices, required=False)
    from_warehouse = serializers.CharField(required=False, help_text="The code of a warehouse.")
    to_warehouse = serializers.CharField(required=False, help_text="The code of a warehouse.")
    lookups = {"from_warehouse": "source__code", "to_warehouse": "destination__code"}


@extend_schema_view(
    list=extend_schema(summary="List transfers between warehouses", parameters=[TransferQuery]),
    retrieve=extend_schema(summary="Read a transfer by its number"),
)
@extend_schema(tags=["places"])
class Transfers(mixins.ListModelMixin, mixins.RetrieveModelMixin, Room):
    queryset = Transfer.objects.select_related("source", "destination").prefetch_related(
        Prefetch("lines", TransferLine.objects.select_related("product", "lot").order_by("id"))
    )
    serializer_class = TransferOut
    lookup_field = "number"
    query_class = TransferQuery
    needs: ClassVar = {"list": ("inventory.view_transfer",), "retrieve": ("inventory.view_transfer",)}
