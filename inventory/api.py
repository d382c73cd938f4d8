"""Products and stock by API: read, and goods that come in."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Prefetch, Q, QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import goods
from backoffice.api import once
from backoffice.api.base import Guarded, Query, Room, Strict, rows
from backoffice.api.permissions import SEE_AMOUNTS, SEE_COSTS, may
from inventory import categories, gtin, lots
from inventory.models import (
    Category,
    KitComponent,
    Movement,
    Product,
    SellingUnit,
    StockLevel,
    Supplier,
    SupplierProduct,
)
from inventory.places import usable

RECEIPT = "receipt"
MOST_SKUS = 200
MOST_VALUE = Decimal(10) ** 11
"""Of one line: the columns of the books hold some thousand times as much."""


# --- products ------------------------------------------------------------------------------------------------------------
class SellingUnitOut(Guarded, serializers.ModelSerializer[SellingUnit]):
    guarded = {SEE_AMOUNTS: ("price",)}

    class Meta:
        model = SellingUnit
        fields = ("name", "name_fr", "quantity", "sku", "barcode", "price")
        read_only_fields = fields


class TermsOut(Guarded, serializers.ModelSerializer[SupplierProduct]):
    guarded = {SEE_COSTS: ("price",)}
    supplier = serializers.CharField(source="supplier.code", read_only=True, help_text="Its code.")

    class Meta:
        model = SupplierProduct
        fields = ("supplier", "supplier_sku", "pack", "minimum", "price", "lead_time_days", "rank")
        read_only_fields = fields


class ComponentOut(serializers.ModelSerializer[KitComponent]):
    sku = serializers.CharField(source="component.sku", read_only=True)

    class Meta:
        model = KitComponent
        fields = ("sku", "quantity")
        read_only_fields = fields


class ProductOut(Guarded, serializers.ModelSerializer[Product]):
    guarded = {SEE_AMOUNTS: ("price",), SEE_COSTS: ("average_cost",)}
    family = serializers.CharField(source="family.code", default=None, read_only=True, help_text="Its code, or null.")
    category = serializers.CharField(
        source="category.path", default=None, read_only=True, help_text="Its path, as “Camping › Tents”, or null."
    )
    selling_units = SellingUnitOut(many=True, read_only=True)
    suppliers = TermsOut(many=True, read_only=True)
    components = ComponentOut(many=True, read_only=True, help_text="What is in one kit; of other products nothing.")

    class Meta:
        model = Product
        fields = (
            "id", "sku", "name", "name_fr", "variation", "family", "category", "barcode", "price", "average_cost", "tax_class",
            "weight_grams", "length_mm", "width_mm", "height_mm", "hs_code", "origin_country", "customs_description", "stocked",
            "is_kit", "tracking", "expires", "backorder_policy", "selling_units", "suppliers", "components", "archived_at",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields


class ProductQuery(Query):
    sku = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=MOST_SKUS, help_text="May be given several times."
    )
    barcode = serializers.CharField(required=False, help_text="Its own or a selling unit's, in any of its spellings.")
    family = serializers.CharField(required=False, help_text="The family's code.")
    category = serializers.CharField(required=False, help_text="A path; with all that hangs in it.")
    supplier = serializers.CharField(required=False, help_text="The code of one that sells it.")
    kit = serializers.BooleanField(required=False)
    archived = serializers.BooleanField(required=False, help_text="Without it, both.")
    repeated = frozenset({"sku"})
    lookups = {"sku": "sku__in", "family": "family__code", "kit": "is_kit"}

    def by_barcode(self, products: QuerySet[Product], code: str) -> QuerySet[Product]:
        codes = gtin.same_gtin(code) if code.isascii() and code.isdecimal() else {code}
        units = SellingUnit.objects.filter(barcode__in=codes).values("product")
        return products.filter(Q(barcode__in=codes) | Q(pk__in=units))

    def by_category(self, products: QuerySet[Product], path: str) -> QuerySet[Product]:
        try:
            plain = categories.plain_path(path)
        except ValueError as error:
            raise serializers.ValidationError({"category": str(error)}) from None
        return products.filter(categories.in_branch(plain, through="category__"))

    def by_supplier(self, products: QuerySet[Product], code: str) -> QuerySet[Product]:
        return products.filter(pk__in=SupplierProduct.objects.filter(supplier__code=code).values("product"))

    def by_archived(self, products: QuerySet[Product], asked: bool) -> QuerySet[Product]:
        return products.filter(archived_at__isnull=not asked)


@extend_schema_view(
    list=extend_schema(summary="List products", parameters=[ProductQuery]),
    retrieve=extend_schema(summary="Read a product by its SKU"),
)
@extend_schema(tags=["products"])
class Products(mixins.ListModelMixin, mixins.RetrieveModelMixin, Room):
    queryset = Product.objects.select_related("family", "category").prefetch_related(
        "selling_units",
        Prefetch("suppliers", SupplierProduct.objects.select_related("supplier").order_by("rank", "id")),
        Prefetch("components", KitComponent.objects.select_related("component").order_by("id")),
    )
    serializer_class = ProductOut
    lookup_field = "sku"
    lookup_value_regex = "[^/]+"
    query_class = ProductQuery
    needs: ClassVar = {"list": ("inventory.view_product",), "retrieve": ("inventory.view_product",)}


# --- categories and suppliers --------------------------------------------------------------------------------------------
class CategoryOut(serializers.ModelSerializer[Category]):
    parent_path = serializers.CharField(
        source="parent.path", default=None, read_only=True, help_text="What it is in, or null."
    )

    class Meta:
        model = Category
        fields = ("id", "path", "name", "name_fr", "parent_path")
        read_only_fields = fields


class CategoryQuery(Query):
    under = serializers.CharField(required=False, help_text="A path: it and all that hangs in it.")

    def by_under(self, rows: QuerySet[Category], path: str) -> QuerySet[Category]:
        try:
            return rows.filter(categories.in_branch(categories.plain_path(path)))
        except ValueError as error:
            raise serializers.ValidationError({"under": str(error)}) from None


@extend_schema_view(list=extend_schema(summary="List categories", parameters=[CategoryQuery]))
@extend_schema(tags=["products"])
class Categories(mixins.ListModelMixin, Room):
    queryset = Category.objects.select_related("parent")
    serializer_class = CategoryOut
    query_class = CategoryQuery
    needs: ClassVar = {"list": ("inventory.view_category",)}


class SupplierOut(Guarded, serializers.ModelSerializer[Supplier]):
    guarded = {SEE_COSTS: ("minimum_order",)}

    class Meta:
        model = Supplier
        fields = (
            "id", "code", "name", "email", "phone", "address", "language", "currency", "lead_time_days", "holiday_region",
            "minimum_order", "account_number", "payment_terms", "archived_at",
        )  # fmt: skip
        read_only_fields = fields


class SupplierQuery(Query):
    code = serializers.CharField(required=False)
    archived = serializers.BooleanField(required=False, help_text="Without it, both.")

    def by_archived(self, rows: QuerySet[Supplier], asked: bool) -> QuerySet[Supplier]:
        return rows.filter(archived_at__isnull=not asked)


@extend_schema_view(list=extend_schema(summary="List suppliers", parameters=[SupplierQuery]))
@extend_schema(tags=["products"])
class Suppliers(mixins.ListModelMixin, Room):
    queryset = Supplier.objects.all()
    serializer_class = SupplierOut
    query_class = SupplierQuery
    needs: ClassVar = {"list": ("inventory.view_supplier",)}


# --- stock ---------------------------------------------------------------------------------------------------------------
class LevelOut(serializers.ModelSerializer[StockLevel]):
    location = serializers.CharField(source="location.code", read_only=True)
    warehouse = serializers.SerializerMethodField(help_text="The code of the warehouse that the place is in.")
    sellable = serializers.BooleanField(source="location.sellable", read_only=True)
    available = serializers.SerializerMethodField(help_text="On hand and not promised; 0 where nothing is sold from.")

    class Meta:
        model = StockLevel
        fields = ("location", "warehouse", "sellable", "on_hand", "reserved", "available")
        read_only_fields = fields

    def get_warehouse(self, level: StockLevel) -> str:
        return (level.location.warehouse or level.location).code

    def get_available(self, level: StockLevel) -> int:
        return level.available if level.location.sellable else 0


class StockOut(serializers.ModelSerializer[Product]):
    on_hand = serializers.SerializerMethodField(help_text="In all places.")
    reserved = serializers.SerializerMethodField(help_text="Promised to orders.")
    available = serializers.SerializerMethodField(
        help_text="On hand and not promised, in places that may be sold from."
    )
    locations = LevelOut(source="levels", many=True, read_only=True)

    class Meta:
        model = Product
        fields = ("sku", "name", "on_hand", "reserved", "available", "locations")
        read_only_fields = fields

    def get_on_hand(self, product: Product) -> int:
        return sum(level.on_hand for level in product.levels.all())

    def get_reserved(self, product: Product) -> int:
        return sum(level.reserved for level in product.levels.all())

    def get_available(self, product: Product) -> int:
        return sum(level.available for level in product.levels.all() if level.location.sellable)


class StockQuery(Query):
    sku = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=MOST_SKUS, help_text="May be given several times."
    )
    repeated = frozenset({"sku"})
    lookups = {"sku": "sku__in"}


class ReceiptLineIn(Strict):
    sku = serializers.CharField(max_length=80)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)
    unit_cost = serializers.DecimalField(
        max_digits=11,
        decimal_places=4,
        min_value=0,
        required=False,
        help_text="Without it, the product's average. Less than ten million.",
    )
    location = serializers.CharField(
        max_length=40, required=False, help_text="Its code; without it, the default place."
    )

    lot = serializers.CharField(
        max_length=80, required=False, help_text="Lot or serial number; needed for products that are followed by it."
    )
    expires_on = serializers.DateField(required=False, help_text="Needed for a new lot of a product whose lots expire.")

    def validate_unit_cost(self, cost: Any) -> Any:
        if not may(self.context, SEE_COSTS):
            raise serializers.ValidationError("This user may not set costs: leave unit_cost out.")
        return cost


class ReceiptIn(Strict):
    note = serializers.CharField(max_length=250, required=False, allow_blank=True, default="")
    lines = rows(ReceiptLineIn)

    def goods(self) -> list[goods.Goods]:
        """The lines as goods; a 400 that names each line whose SKU or place is not known."""
        lines = self.validated_data["lines"]
        products = {p.sku: p for p in Product.objects.filter(sku__in={line["sku"] for line in lines})}
        places = {place.code: place.pk for place in usable()}
        wrong: Any = {at: problems for at, line in enumerate(lines) if (problems := _problems(line, products, places))}
        if wrong:
            raise serializers.ValidationError({"lines": wrong})
        known = lots.take_in(
            lots.Named(products[line["sku"]].pk, line["lot"].strip(), line.get("expires_on"))
            for line in lines
            if line.get("lot", "").strip()
        )
        return [
            goods.Goods(
                product_id=products[line["sku"]].pk,
                quantity=line["quantity"],
                unit_cost=line.get("unit_cost"),
                location_id=places[line["location"]] if "location" in line else None,
                lot_id=lot.pk if (lot := known.get((products[line["sku"]].pk, line.get("lot", "").strip()))) else None,
            )
            for line in lines
        ]


def _problems(
    line: Mapping[str, Any], products: Mapping[str, Product], places: Mapping[str, int]
) -> dict[str, list[str]]:
    found = {}
    product = products.get(line["sku"])
    if product is None:
        found["sku"] = [f"SKU {line['sku']} is no product here. Create it first, or correct the SKU."]
    elif not product.stocked:
        found["sku"] = [f"{line['sku']} is not stocked: nothing of it can come in."]
    elif line["quantity"] * line.get("unit_cost", product.average_cost) >= MOST_VALUE:
        found["quantity"] = ["The goods of a line are worth less than 100,000,000,000 in all. Check quantity and cost."]
    if product is not None and (wrong := lots.refused(product, line.get("lot", ""), line["quantity"])):
        found["lot"] = [wrong]
    if line.get("location", "") not in {"", *places}:
        found["location"] = [f"There is no place {line['location']}. Known are: {', '.join(sorted(places))}."]
    return found


class MovementOut(Guarded, serializers.ModelSerializer[Movement]):
    guarded = {SEE_COSTS: ("unit_cost",)}
    sku = serializers.CharField(source="product.sku", read_only=True)
    location = serializers.CharField(source="location.code", read_only=True)

    class Meta:
        model = Movement
        fields = ("id", "sku", "location", "quantity", "reason", "unit_cost", "at", "note")
        read_only_fields = fields


class ReceiptOut(serializers.Serializer[Any]):
    movements = MovementOut(many=True, read_only=True)


@extend_schema(tags=["stock"])
class Stock(mixins.ListModelMixin, Room):
    queryset = Product.objects.all()
    serializer_class = StockOut
    query_class = StockQuery
    needs: ClassVar = {
        "list": ("inventory.view_product", "inventory.view_stocklevel"),
        "receipts": ("inventory.receive_goods",),
    }

    def get_queryset(self) -> QuerySet[Product]:
        levels = StockLevel.objects.select_related("location").order_by("location__pick_order", "location__code")
        return Product.objects.filter(stocked=True, archived_at=None).prefetch_related(Prefetch("levels", levels))

    @extend_schema(summary="Read the stock of products, by place and in all", parameters=[StockQuery])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(
        summary="Goods come in",
        description="They are booked once by the Idempotency-Key, and given to the orders that wait for them.",
        parameters=[once.PARAMETER],
        request=ReceiptIn,
        responses={201: ReceiptOut, 200: OpenApiResponse(ReceiptOut, description="It was booked already.")},
    )
    @action(detail=False, methods=["post"])
    def receipts(self, request: Request) -> Response:
        booked_as, now = once.booked(
            self,
            ReceiptIn,
            RECEIPT,
            lambda sent, key: goods.receive(sent.goods(), key=key, note=sent.validated_data["note"], by=request.user),
        )
        movements = (
            Movement.objects.filter(key__startswith=f"{Movement.Reason.RECEIPT.value}:{booked_as}:")
            .select_related("product", "location")
            .order_by("id")
        )
        answer = ReceiptOut({"movements": movements}, context=self.get_serializer_context())
        return Response(answer.data, status=status.HTTP_201_CREATED if now else status.HTTP_200_OK)
