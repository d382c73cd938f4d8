"""Goods that come back: as a program says it, and what of a line's parts is back."""

from typing import Any

from rest_framework import serializers

from backoffice.api.base import Strict, rows
from backoffice.returning import Part, To
from inventory.models import Location
from orders.models import LineComponent, Order, OrderLine
from shipping.coming_back import Said

RETURN = "return"


class PartOut(serializers.ModelSerializer[LineComponent]):
    sku = serializers.CharField(source="product.sku", read_only=True)

    class Meta:
        model = LineComponent
        fields = ("sku", "quantity", "returned")
        read_only_fields = fields


class ReturnedLineIn(Strict):
    position = serializers.IntegerField(min_value=1, help_text="Of the order's line.")
    part = serializers.CharField(
        max_length=120,
        required=False,
        help_text="The SKU of a part of a kit, or of what a dozen is of. Without it, whole units of the line.",
    )
    quantity = serializers.IntegerField(
        min_value=1, max_value=1_000_000, help_text="In the line's units; of a part in stock units."
    )
    lot = serializers.CharField(
        max_length=80, required=False, allow_blank=True, help_text="Lot or serial number, where it is followed."
    )
    expires_on = serializers.DateField(
        required=False, allow_null=True, help_text="Of a lot that is not known: it left before it was followed."
    )


class ReturnIn(Strict):
    lines = rows(ReturnedLineIn)
    to = serializers.ChoiceField(choices=To.choices, default=To.STOCK)
    location = serializers.CharField(
        max_length=40, required=False, help_text="The code of a place; without it, where the goods left from."
    )

    def booking(self, order: Order) -> dict[str, Any]:
        """What `returning.return_to_stock` is told; a 400 that names each line or place that is not known."""
        lines = {line.position: line for line in order.lines.prefetch_related("components__product")}
        wrong: Any = {}
        quantities: dict[int, int] = {}
        parts: dict[Part, int] = {}
        counts: dict[Part, dict[str, int]] = {}
        days: dict[Part, Any] = {}
        for at, said in enumerate(self.validated_data["lines"]):
            line, units, lot = lines.get(said["position"]), said["quantity"], said.get("lot", "").strip()
            product_id = _product(line, said.get("part")) if line else None
            if line is None:
                wrong[at] = {"position": [f"Order {order.number} has no line {said['position']}."]}
            elif "part" in said and product_id is None:
                known = ", ".join(part.product.sku for part in line.components.all()) or "none, so leave it out"
                wrong[at] = {"part": [f"Line {line.position} has no part {said['part']}. Its parts: {known}."]}
            elif lot and product_id is None:
                wrong[at] = {"lot": ["Name each part of a kit on a line of its own, with its lot."]}
            else:
                if "part" in said and product_id is not None:
                    part = Part(line.pk, product_id)
                    parts[part] = parts.get(part, 0) + units
                else:
                    quantities[line.pk] = quantities.get(line.pk, 0) + units
                if lot and product_id is not None:
                    of = counts.setdefault(Part(line.pk, product_id), {})
                    of[lot] = of.get(lot, 0) + units
                    days[Part(line.pk, product_id)] = said.get("expires_on")
        if wrong:
            raise serializers.ValidationError({"lines": wrong})
        return {
            "quantities": quantities,
            "parts": parts,
            "part_lots": {part: Said(counts=of, expires_on=days[part]) for part, of in counts.items()},
            "to": To(self.validated_data["to"]),
            "place_id": self._place(),
        }

    def _place(self) -> int | None:
        code = self.validated_data.get("location")
        if code is None:
            return None
        place = Location.objects.filter(code=code, archived_at=None).first()
        if place is None:
            raise serializers.ValidationError(
                {"location": f"There is no place {code} in use. `GET /api/v1/locations/` lists them."}
            )
        return int(place.pk)


def _product(line: OrderLine, part: str | None) -> int | None:
    """The product that a line of the request is of: one of a line's parts, or the line's own where it has none."""
    parts = {component.product.sku: component.product_id for component in line.components.all()}
    return parts.get(part) if part is not None else None if parts else line.product_id
