"""Purchase orders as a table, a row for each line: all go out, lines of drafts come in (rules: U5, S9; docs/tables.md)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from import_export.fields import Field

from backoffice import buying
from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.files import CHUNK
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Amount, Day, Whole
from backoffice.lib import cells
from inventory import expected, ledger, places, purchasing
from inventory.models import Location, Product, PurchaseOrder, PurchaseOrderLine, Supplier, SupplierProduct
from inventory.purchasing import Change, Wanted
from inventory.resources.words import NO_PRODUCT
from orders import merchant
from orders.models import Merchant

COLUMNS = (
    "number", "supplier", "supplier_name", "supplier_reference", "state", "warehouse", "sent_on", "promised_on",
    "expected_on", "line", "sku", "supplier_sku", "name", "ordered", "pack", "packs", "received", "cancelled",
    "outstanding", "currency", "unit_price", "amount",
)  # fmt: skip
SAID = ("ordered", "packs", "unit_price", "expected_on")


class PurchaseOrderResource(TableResource):
    """What is ordered, what came of it and what is still to come.

    A row that names an order changes a line of that draft, or adds one; rows without a number make a new draft for each
    supplier and warehouse. `ordered` is in stock units, `packs` in packs as the supplier sells them: a row says one of the two.
    """

    guarded = {SEE_COSTS: ("currency", "unit_price", "amount")}
    plain = tuple(name for name in COLUMNS if name not in SAID)

    ordered = Field("ordered", "ordered", Whole(), saves_null_values=False)
    packs = Field("packs", "packs", Whole(), saves_null_values=False)
    unit_price = Field("unit_price", "unit_price", Amount(), saves_null_values=False)
    expected_on = Field("due", "expected_on", Day(), saves_null_values=False)

    class Meta(TableResource.Meta):
        model = PurchaseOrder
        name = "Purchase orders"
        import_id_fields = ("number",)
        fields: ClassVar = SAID

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields = {name: self.fields[name] for name in COLUMNS if name in self.fields}
        self._orders: dict[str, PurchaseOrder] = {}
        self._lines: dict[int, list[PurchaseOrderLine]] = {}
        self._suppliers: dict[str, Supplier] = {}
        self._warehouses: dict[str, Location] = {}
        self._products: dict[str, Product] = {}
        self._theirs: dict[tuple[int, str], Product] = {}
        self._terms: dict[tuple[int, int], SupplierProduct] = {}
        self._changed: dict[int, list[Change]] = defaultdict(list)
        self._added: dict[int, list[Wanted]] = defaultdict(list)
        self._new: dict[tuple[int, int], list[Wanted]] = defaultdict(list)

    def get_import_order(self) -> tuple[str, ...]:
        return tuple(self.fields)

    # --- import ----------------------------------------------------------------------------------------------------------
    def load(self, rows: list[dict[str, str]]) -> None:
        def named(column: str) -> set[str]:
            return {row.get(column, "").strip() for row in rows} - {""}

        orders = PurchaseOrder.objects.filter(number__in=named("number")).select_related("supplier", "warehouse")
        self._orders = {order.number: order for order in orders.defer("pdf")}
        self._lines = {order.pk: [] for order in self._orders.values()}
        lines = PurchaseOrderLine.objects.filter(order__in=self._lines).select_related("product")
        for line in lines.order_by("order_id", "position"):
            self._lines[line.order_id].append(line)
        self._suppliers = {one.code: one for one in Supplier.objects.filter(code__in=named("supplier"))}
        if not self._warehouses:
            self._warehouses = {place.code: place for place in places.warehouses()}
            self._warehouses[""] = ledger.default_location()
        self._products = {product.sku: product for product in Product.objects.filter(sku__in=named("sku"))}
        suppliers = {one.pk for one in self._suppliers.values()} | {o.supplier_id for o in self._orders.values()}
        terms = SupplierProduct.objects.filter(supplier__in=suppliers).select_related("product")
        known = {line.product_id for of in self._lines.values() for line in of}
        known |= {product.pk for product in self._products.values()}
        self._theirs = {
            (t.supplier_id, t.supplier_sku): t.product for t in terms.filter(supplier_sku__in=named("supplier_sku"))
        }
        known |= {product.pk for product in self._theirs.values()}
        self._terms = {(term.supplier_id, term.product_id): term for term in terms.filter(product__in=known)}

    def identity(self, row: dict[str, str]) -> Any:
        where = (
            (row.get("line"),) if row.get("line") else (row.get("sku"), row.get("supplier_sku"), row.get("expected_on"))
        )
        return (row.get("number", ""), row.get("supplier", ""), row.get("warehouse", ""), *where)

    def known(self, row: dict[str, str]) -> PurchaseOrderLine | None:
        number = row.get("number", "").strip()
        if not number:
            return None
        order = self._orders.get(number)
        if order is None:
            raise ValidationError(
                {"number": f"There is no purchase order {number}. Leave the number empty to draft a new one."}
            )
        product = self._product(row, order.supplier_id)
        lines, position = self._lines[order.pk], row.get("line", "").strip()
        if position:
            lines = [line for line in lines if str(line.position) == position]
            if not lines or (product is not None and lines[0].product_id != product.pk):
                raise ValidationError(
                    {"line": f"{number} has no line {position} of this product. Leave the line empty to add one."}
                )
        elif product is not None:
            lines = [line for line in lines if line.product_id == product.pk]
        else:
            raise ValidationError({"sku": "Say our SKU, or the supplier's."})
        if len(lines) > 1:
            raise ValidationError({"line": f"{number} has several lines of this product: say which, by its line."})
        if not lines:
            return None
        line = lines[0]
        return self._shown(line, order, line.product)

    def init_instance(self, row: Any = None) -> PurchaseOrderLine:
        order = self._orders.get(row.get("number", "").strip())
        if order is None:
            order = self._draft(row)
        product = self._product(row, order.supplier_id)
        if product is None:
            raise ValidationError({"sku": "Say our SKU, or the supplier's."})
        if not product.stocked or product.archived_at is not None:
            raise ValidationError(
                {
                    "sku": f"{product.sku} cannot be ordered: it is archived, or not stocked as kits and services are not."
                }
            )
        term = self._terms.get((order.supplier_id, product.pk))
        line = PurchaseOrderLine(
            order=order, product=product, supplier_sku=term.supplier_sku if term else "", ordered=0,
            unit_price=term.price if term else None,
        )  # fmt: skip
        return self._shown(line, order, product)

    def _draft(self, row: Mapping[str, str]) -> PurchaseOrder:
        """The order that is not there yet, as far as a row says what it will be."""
        supplier = self._suppliers.get(row.get("supplier", "").strip())
        if supplier is None:
            raise ValidationError(
                {
                    "supplier": f"There is no supplier “{row.get('supplier', '')}”. A row without a number needs its code."
                }
            )
        if supplier.archived_at is not None:
            raise ValidationError({"supplier": f"{supplier.name} is archived: nothing is ordered there any more."})
        warehouse = self._warehouses.get(row.get("warehouse", "").strip())
        if warehouse is None:
            known = ", ".join(sorted(code for code in self._warehouses if code))
            raise ValidationError({"warehouse": f"There is no warehouse “{row['warehouse']}”. Known are: {known}."})
        return PurchaseOrder(supplier=supplier, warehouse=warehouse, currency=supplier.currency)

    def _product(self, row: Mapping[str, str], supplier_id: int) -> Product | None:
        """What a row is about: by our SKU, else by the supplier's, which is read only where ours is left out."""
        sku, theirs = row.get("sku", "").strip(), row.get("supplier_sku", "").strip()
        by_ours, by_theirs = self._products.get(sku), self._theirs.get((supplier_id, theirs))
        if sku and by_ours is None:
            raise ValidationError({"sku": NO_PRODUCT.format(code=sku)})
        if theirs and not sku and by_theirs is None:
            raise ValidationError(
                {"supplier_sku": f"The supplier has no {theirs} here. Say our SKU, or add it to what it sells."}
            )
        return by_ours or by_theirs

    def _shown(self, line: PurchaseOrderLine, order: PurchaseOrder, product: Product) -> PurchaseOrderLine:
        """A line with all that its row shows."""
        told: Any = line
        term = self._terms.get((order.supplier_id, product.pk))
        told.number, told.supplier, told.supplier_name = order.number, order.supplier.code, order.supplier.name
        told.state, told.warehouse, told.supplier_reference = (
            order.state,
            order.warehouse.code,
            order.supplier_reference,
        )
        told.sku, told.name, told.line, told.currency = product.sku, product.name, line.position, order.currency
        told.pack, told.packs, told.due = term.pack if term else 1, None, expected.due(order, line)
        told.said = (line.ordered, line.unit_price, told.due)
        told.is_new = line.pk is None
        return line

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        units = row.get("ordered", "").strip()
        super().import_instance(instance, row, **kwargs)
        if instance.packs is not None:
            if units and instance.ordered != instance.packs * instance.pack:
                raise ValidationError(
                    {"packs": f"{instance.packs} packs of {instance.pack} are {instance.packs * instance.pack} units, not "
                     f"{instance.ordered}. Say ordered in stock units, or packs, and leave the other empty."}
                )  # fmt: skip
            # What is compared and shown is in stock units; the packs have said theirs.
            instance.ordered, instance.packs = instance.packs * instance.pack, None

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)
        if instance.is_new and not instance.ordered:
            raise ValidationError(
                {"ordered": "Say how many: in stock units here, or in the supplier's packs under packs."}
            )
        if not 0 < instance.ordered <= purchasing.MOST:
            raise ValidationError(
                {"ordered": f"{instance.ordered} cannot be ordered; say a number from 1 to 1,000,000."}
            )
        if instance.unit_price is not None and instance.unit_price >= 10_000_000:
            raise ValidationError({"unit_price": f"{instance.unit_price} cannot be the price of one."})
        differs = instance.is_new or instance.said != (instance.ordered, instance.unit_price, instance.due)
        if differs and instance.order.state != PurchaseOrder.State.DRAFT:
            raise ValidationError(
                {"number": f"{instance.number} is no draft any more ({instance.state}). Change it on its own page, so that "
                 "the supplier gets the new revision."}
            )  # fmt: skip

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        # Only noted: purchasing writes orders, and locks them first.
        units, price, due = instance.said
        day = instance.due if instance.due != due else None
        priced = instance.unit_price if instance.unit_price != price else None
        if not is_create:
            ordered = instance.ordered if instance.ordered != units else None
            self._changed[instance.order.pk].append(Change(instance.pk, ordered, priced, day))
            return
        wanted = Wanted(instance.product.pk, instance.ordered, priced, day)
        if instance.number:
            self._added[instance.order.pk].append(wanted)
        else:
            self._new[instance.order.supplier.pk, instance.order.warehouse.pk].append(wanted)

    def written(self, user: Any) -> None:
        for order_id in sorted({*self._changed, *self._added}):
            buying.change(order_id, self._changed[order_id], self._added[order_id])
        for (supplier_id, warehouse_id), lines in self._new.items():
            purchasing.draft(supplier_id=supplier_id, warehouse_id=warehouse_id, lines=lines, by=user)
        self._changed, self._added, self._new = defaultdict(list), defaultdict(list), defaultdict(list)

    # --- export ----------------------------------------------------------------------------------------------------------
    def headers(self, queryset: QuerySet[Any]) -> list[str]:
        return list(self.fields)

    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        seller = merchant.current()
        lines = PurchaseOrderLine.objects.select_related("product").order_by("position")
        orders = queryset.select_related("supplier", "warehouse").prefetch_related(Prefetch("lines", lines))
        found = orders.defer("pdf").iterator(chunk_size=CHUNK)
        while chunk := list(islice(found, CHUNK)):
            terms = SupplierProduct.objects.filter(
                supplier__in={order.supplier_id for order in chunk},
                product__in={line.product_id for order in chunk for line in order.lines.all()},
            )
            packs = {
                (supplier, product): pack
                for supplier, product, pack in terms.values_list("supplier", "product", "pack")
            }
            for order in chunk:
                for line in order.lines.all():
                    row = _row(order, line, packs.get((order.supplier_id, line.product_id), 1), seller)
                    yield [cells.shown(row[name]) for name in self.fields]


def _row(order: PurchaseOrder, line: PurchaseOrderLine, pack: int, seller: Merchant) -> dict[str, Any]:
    return {
        "number": order.number,
        "supplier": order.supplier.code,
        "supplier_name": order.supplier.name,
        "supplier_reference": order.supplier_reference,
        "state": order.state,
        "warehouse": order.warehouse.code,
        "sent_on": merchant.local_day(order.sent_at, seller) if order.sent_at else None,
        "promised_on": line.promised_on,
        "expected_on": expected.due(order, line),
        "line": line.position,
        "sku": line.product.sku,
        "supplier_sku": line.supplier_sku,
        "name": line.product.name,
        "ordered": line.ordered,
        "pack": pack,
        "packs": "",
        "received": line.received,
        "cancelled": line.cancelled,
        "outstanding": line.outstanding,
        "currency": order.currency,
        "unit_price": line.unit_price,
        "amount": None if line.unit_price is None else purchasing.worth(line),
    }
