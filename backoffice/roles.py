"""Who may do what: one table (rule: U1). Each role is a group; the administrator is Django's superuser and may do all.

A permission is `app.codename`: Django's own `view`, `add`, `change`, and ours, which models name in their Meta. Money
(`see_amounts`, `see_costs`, invoices, books) and credentials are never open to the warehouse; a clerk sees what a
customer pays and the customer's invoice, and neither costs, books nor credentials.
"""

from typing import Any

from django.apps import apps

SEE_ORDERS = {
    "orders.view_order",
    "orders.view_hold",
    "orders.view_customer",
    "inventory.view_product",
    "inventory.view_stocklevel",
    "inventory.view_movement",
    "inventory.view_location",
    "shipping.view_shipment",
}
SEE_CATALOGUE = {
    f"inventory.view_{name}"
    for name in (
        "category", "productfamily", "sellingunit", "kitcomponent", "productpicture", "warehouseproduct", "servedstore", "lot",
        "supplier", "supplierproduct", "purchaseorder", "purchaseorderline", "goodsreceipt", "supplierreturn", "transfer",
    )
}  # fmt: skip
"""What is sold, where it lies, what is coming: names and quantities. Prices and costs are guarded by themselves."""
KEPT_BY_MANAGERS = (
    "category", "productfamily", "sellingunit", "kitcomponent", "productpicture", "warehouseproduct", "servedstore",
    "supplier", "supplierproduct", "purchaseorder", "purchaseorderline", "supplierreturn", "countplan", "countsheet", "lot",
    "landedcost", "listing",
)  # fmt: skip
COUNTS = {"inventory.view_countsheet", "inventory.view_countplan", "inventory.enter_count"}
SEE_SYSTEMS = {"sync.view_connection", "sync.view_arrival", "sync.view_delivery", "inventory.view_listing"}
SEE_BOOKS = {
    "inventory.see_costs",
    "accounting.view_entry",
    "accounting.view_account",
    "accounting.export_books",
    "accounting.view_taxregistration",
    "accounting.view_taxname",
}
WAREHOUSE = (
    SEE_ORDERS
    | SEE_CATALOGUE
    | COUNTS
    | {
        "shipping.pack_shipment",
        "shipping.ship_shipment",
        "orders.take_back_order",
        "inventory.receive_goods",
        "inventory.adjust_stock",
        "inventory.move_stock",
        "backoffice.view_importjob",
        "backoffice.view_exportjob",
        "inventory.add_transfer",
        "inventory.change_transfer",
    }
)
CLERK = (
    SEE_ORDERS
    | SEE_CATALOGUE
    | SEE_SYSTEMS
    | {
        "orders.view_backinstocksignup",
        "orders.add_backinstocksignup",
        "orders.change_backinstocksignup",
        "orders.see_amounts",
        "orders.cancel_order",
        "orders.prioritise_order",
        "orders.release_hold",
        "orders.add_customer",
        "orders.change_customer",
        "inventory.map_sku",
        "backoffice.view_importjob",
        "backoffice.view_exportjob",
        "accounting.view_invoice",
        "accounting.mail_invoice",
        "shipping.track_shipment",
        "sync.upload_orders",
        "sync.retry_arrival",
        "sync.retry_delivery",
    }
)
ACCOUNTANT = (
    SEE_ORDERS
    | SEE_CATALOGUE
    | SEE_SYSTEMS
    | SEE_BOOKS
    | {
        "inventory.view_countsheet",
        "inventory.view_countplan",
        "inventory.add_landedcost",
        "backoffice.view_exportjob",
        "orders.see_amounts",
        "accounting.view_invoice",
        "accounting.mail_invoice",
        "accounting.explain_tax",
        "accounting.add_taxregistration",
        "accounting.change_taxregistration",
    }
)
MANAGER = (
    WAREHOUSE
    | CLERK
    | ACCOUNTANT
    | {
        "orders.view_merchant",
        "orders.change_merchant",
        "inventory.add_product",
        "inventory.change_product",
        "inventory.add_location",
        "inventory.change_location",
        *(f"inventory.{verb}_{name}" for verb in ("add", "change") for name in KEPT_BY_MANAGERS),
        # Rows of a product's tables, which say what is so now; what was bought or sold by them has its own copy.
        *(
            f"inventory.delete_{name}"
            for name in ("productpicture", "sellingunit", "supplierproduct", "warehouseproduct", "servedstore")
        ),
        "inventory.send_purchaseorder",
        "inventory.approve_count",
        "inventory.recall_lot",
        "sync.add_connection",
        "sync.change_connection",
        "sync.set_credentials",
        "backoffice.change_importjob",
        "backoffice.view_apikey",
        "backoffice.add_apikey",
        "backoffice.change_apikey",
    }
)
ROLES: dict[str, frozenset[str]] = {
    "warehouse": frozenset(WAREHOUSE),
    "clerk": frozenset(CLERK),
    "accountant": frozenset(ACCOUNTANT),
    "manager": frozenset(MANAGER),
}


def ensure_groups(using: str = "default") -> None:
    """Make the groups, and give each exactly what the table says; run as often as one likes."""
    groups = apps.get_model("auth", "Group").objects.using(using)
    known = {
        f"{app}.{codename}": pk
        for pk, app, codename in apps.get_model("auth", "Permission")
        .objects.using(using)
        .values_list("pk", "content_type__app_label", "codename")
    }
    for role, permissions in ROLES.items():
        missing = permissions - known.keys()
        if missing:
            raise LookupError(f"The role {role} names permissions that no model has: {', '.join(sorted(missing))}.")
        groups.get_or_create(name=role)[0].permissions.set(known[name] for name in permissions)


def after_migrate(sender: Any, using: str, **kwargs: Any) -> None:
    """Runs after the last app's tables and permissions are there."""
    last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]
    if sender is last:
        ensure_groups(using)
