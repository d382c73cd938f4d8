"""A shop of any size, in proportion: for each product 20 movements, and half an open line; the rest grows with them.

One product in four is sold out and waited for by two orders; of every fifth of these three units are there, promised to a
third order. One in ten is followed by lot, one in eight has a reorder point; one in twenty is a rarity of each kind, so that
even a shop of 1,000 products fills every page. All of it holds before the proof.
"""

from bench import large

MOVEMENTS = 20
SUPPLIERS = 20
TRACKED = "n % 10 = 5"


class Shop:
    """Filled in steps, so that it can be looked at when it is small."""

    def __init__(self) -> None:
        from backoffice.sync.models import Connection
        from inventory.models import Category, Location, Supplier

        self.products = 0
        self.store = Connection.objects.create(name="Bench", connector="woocommerce", url="http://127.0.0.1:9").pk
        for n in range(20):
            Category.objects.create(name=f"C{n}", path=f"C{n}")
        self.category = f"{Category.objects.earliest('pk').pk} + n % 20"
        for code in ("W1", "W2"):
            Location.objects.create(code=code, name=f"Warehouse {code}")
        self.place = f"{Location.objects.get(code='W1').pk} + n % 2"
        for n in range(SUPPLIERS):
            Supplier.objects.create(code=f"S{n}", name=f"Supplier {n}", lead_time_days=5)
        self.first_supplier = Supplier.objects.earliest("pk").pk
        self.supplier = f"{self.first_supplier} + n % {SUPPLIERS}"

    def grow(self, products: int) -> None:
        """To so many products; a multiple of 1,000 that is larger than before."""
        first, last = self.products + 1, products
        self.products = products
        self._catalogue(first, last)
        self._stock(first, last)
        self._orders(first, last)
        self._purchasing(first, last)
        self._counts(first, last)
        from inventory.models import Lot, Product, PurchaseOrder
        from orders.models import Address, Customer, Order

        large.settle(Product, Lot, Customer, Address, Order, PurchaseOrder)

    def _catalogue(self, first: int, last: int) -> None:
        from inventory.models import KitComponent, KitContent, Listing, Product, SupplierProduct, WarehouseProduct

        new = f"generate_series({first}, {last}) AS n"
        name = "CASE WHEN n % 20 = 9 THEN 'Alpine ' ELSE 'Product ' END || n"
        large.put(
            Product, new, id="n * 2", sku="'SKU-' || lpad(n::text, 6, '0')", name=name,
            category_id=self.category, tracking=f"CASE WHEN {TRACKED} THEN 'lot' ELSE 'none' END",
            barcode="lpad((n * 10)::text, 13, '4')",
        )  # fmt: skip
        large.put(
            Listing, new, connection_id=str(self.store), external_id="n::text", sku="'SKU-' || n", product_id="n * 2"
        )
        large.put(SupplierProduct, new, supplier_id=self.supplier, product_id="n * 2", price="4")
        large.put(
            WarehouseProduct, f"{new} WHERE n % 8 = 0", product_id="n * 2", warehouse_id=self.place, reorder_point="5",
            target_level="20",
        )  # fmt: skip
        kits = f"{new} WHERE n % 20 = 1"
        large.put(
            Product, kits, id="n * 2 + 1", sku="'KIT-' || lpad(n::text, 6, '0')", name="'Kit ' || n", stocked="false",
            is_kit="true", category_id=self.category,
        )  # fmt: skip
        parts = f"{new}, (VALUES (1), (2)) AS part(at) WHERE n % 20 = 1"
        for model, column in ((KitComponent, "component_id"), (KitContent, "product_id")):
            large.put(model, parts, **{"kit_id": "n * 2 + 1", column: "(n + at) * 2", "quantity": "at"})

    def _stock(self, first: int, last: int) -> None:
        from inventory.models import Lot, LotLevel, Movement, StockLevel

        new = f"generate_series({first}, {last}) AS n"
        there = "CASE WHEN n % 20 = 0 THEN 3 WHEN n % 4 = 0 THEN 0 ELSE 40 END"
        large.put(
            Lot, f"{new} WHERE {TRACKED}", id="n", product_id="n * 2", code="'L-' || n",
            expires_on="current_date + (n % 700)::int",
        )  # fmt: skip
        # Of all products one movement after the other, as time passes.
        large.put(
            Movement,
            f"(SELECT n, m FROM generate_series(1, {MOVEMENTS}) AS m, {new} ORDER BY m, n) said",
            product_id="n * 2", location_id=self.place, lot_id=f"CASE WHEN {TRACKED} THEN n END",
            quantity=f"CASE m WHEN 1 THEN 60 WHEN {MOVEMENTS} THEN {there} - {60 - MOVEMENTS + 2} ELSE -1 END",
            reason="CASE WHEN m = 1 THEN 'opening' WHEN m = 7 AND n % 20 = 7 THEN 'scrap'"
            " ELSE (ARRAY['adjustment', 'elsewhere'])[1 + m % 2] END",
            at=f"now() - (20 * ({MOVEMENTS} - m) + 1) * interval '1 day' + n * interval '0.5 second'",
            key="'bench:' || n || ':' || m", note="CASE WHEN n % 20 = 3 AND m = 9 THEN 'broken' ELSE '' END",
        )  # fmt: skip
        large.put(
            StockLevel, new, product_id="n * 2", location_id=self.place, on_hand=there,
            reserved="CASE WHEN n % 20 = 0 THEN 3 ELSE 0 END",
        )  # fmt: skip
        large.put(LotLevel, f"{new} WHERE {TRACKED}", lot_id="n", location_id=self.place, units=there)

    def _orders(self, first: int, last: int) -> None:
        from orders.models import Allocation, LinePromise

        count = (last - first + 1) // 4
        age = "now() - interval '90 days' + n * interval '1 second'"
        one = (first + 3) // 4
        large.orders(one, count, connection_id=self.store, state="backorder", placed=age)
        numbers = f"generate_series({one}, {one + count - 1}) AS n, generate_series(0, 1) AS at"
        product = f"8 * ({one} + (n - {one} + at) % {count})"
        large.lines(f"(SELECT n, at + 1 AS position, {product} AS product, 1 + n % 3 AS units FROM {numbers}) said")
        large.put(
            LinePromise, f"orders_orderline line WHERE line.order_id BETWEEN {one} AND {one + count - 1}",
            line_id="line.id", made_at="now()", kind="'unknown'",
        )  # fmt: skip
        # Who has what is there.
        ready = 10_000_000 + (first + 19) // 20
        large.orders(ready, count // 5, connection_id=self.store, state="to_pack", placed=age)
        large.lines(
            f"(SELECT n, 1 AS position, (n - 10000000) * 40 AS product, 3 AS units"
            f" FROM generate_series({ready}, {ready + count // 5 - 1}) AS n) said",
            allocated="3",
        )  # fmt: skip
        large.put(
            Allocation, "orders_orderline line JOIN inventory_stocklevel level ON level.product_id = line.product_id"
            f" WHERE line.order_id BETWEEN {ready} AND {ready + count // 5 - 1}",
            line_id="line.id", level_id="level.id", quantity="3",
        )  # fmt: skip
        past = 20_000_000 + 3 * one
        large.orders(
            past, count * 3, connection_id=self.store, state="history", history="true",
            placed="now() - interval '400 days' + n * interval '1 second'",
        )  # fmt: skip

    def _purchasing(self, first: int, last: int) -> None:
        from inventory.models import PurchaseOrder, PurchaseOrderLine, Transfer, TransferLine

        one, count = (first + 9) // 10, (last - first + 1) // 10
        numbers = f"generate_series({one}, {one + count - 1}) AS n"
        sent = "n % 2 = 0"
        # Half of them are one supplier's: filtered by it even the small shop's list is a full page, like the large one's.
        # Five rows beside fifty would tell how long a row takes to draw, not how the page grows with the shop.
        supplier = f"CASE WHEN n % 4 < 2 THEN {self.first_supplier} ELSE {self.supplier} END"
        large.put(
            PurchaseOrder, numbers, id="n", number="'P-' || n", supplier_id=supplier, warehouse_id=self.place,
            state=f"CASE WHEN {sent} THEN 'sent' ELSE 'cancelled' END", currency="'CAD'", sent_at="now()",
            expected_on="current_date + (n % 60)::int",
        )  # fmt: skip
        large.put(
            PurchaseOrderLine, f"{numbers}, generate_series(1, 2) AS at", order_id="n", position="at",
            product_id="20 * n - 8 * at", ordered="10", cancelled=f"CASE WHEN {sent} THEN 0 ELSE 10 END", unit_price="4",
        )  # fmt: skip
        some = f"{numbers} WHERE n % 2 = 0"
        to = self.place.replace("n % 2", "(n / 2 + 1) % 2")
        source = self.place.replace("n % 2", "n / 2 % 2")
        large.put(Transfer, some, number="'T-' || n", source_id=source, destination_id=to)
        large.put(
            TransferLine, f"inventory_transfer transfer, {some} AND transfer.number = 'T-' || n",
            transfer_id="transfer.id", product_id="2 * n", wanted="1",
        )  # fmt: skip

    def _counts(self, first: int, last: int) -> None:
        from inventory.models import CountLine, CountSheet

        one, count = (first + 19) // 20, (last - first + 1) // 20
        numbers = f"generate_series({one}, {one + count - 1}) AS n"
        large.put(
            CountSheet, numbers, number="'C-' || n", warehouse_id=self.place, state="'booked'", booked_at="now()",
            submitted_at="now()",
        )  # fmt: skip
        large.put(
            CountLine,
            f"(SELECT sheet.id, at, level.product_id, level.location_id, level.on_hand FROM {numbers}"
            " JOIN inventory_countsheet sheet ON sheet.number = 'C-' || n CROSS JOIN generate_series(1, 5) AS at"
            " JOIN inventory_stocklevel level ON level.product_id = 40 * n - 2 * at)"
            " said(sheet, at, product, place, units)",
            sheet_id="sheet", position="at", product_id="product", location_id="place", counted="units", expected="units",
            counted_at="now()",
        )  # fmt: skip
