"""The admin's frame: colours, the sidebar in the order of the day's work, and who sees which entry of it (rule: U1)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

Item = dict[str, Any]


def _may(*permissions: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perms(permissions)


def _at(url: Any, **query: str) -> Callable[[HttpRequest], bool]:
    """Whether the page is this very entry: several entries are one list with different filters."""

    def active(request: HttpRequest) -> bool:
        if query:
            return request.path == str(url) and all(request.GET.get(name) == value for name, value in query.items())
        rest = request.path.removeprefix(str(url)) if request.path.startswith(str(url)) else None
        return (
            rest is not None
            and (rest in ("", "add/") or rest[:1].isdigit())
            and not {"work", "late"} & request.GET.keys()
        )

    return active


def _item(
    title: Any, icon: str, name: str, *permissions: str, badge: str = "", tone: str = "info", **query: str
) -> Item:
    url = reverse_lazy(name)
    item: Item = {
        "title": title,
        "icon": icon,
        "link": (lambda request: f"{url}?{'&'.join(f'{k}={v}' for k, v in query.items())}") if query else url,
        "permission": _may(*permissions),
        "active": _at(url, **query),
    }
    if badge:
        item |= {"badge": f"backoffice.badges.{badge}", "badge_variant": tone}
    return item


def _home(request: HttpRequest) -> bool:
    return request.path == str(reverse_lazy("admin:index"))


ORDERS, CHANGES = "admin:orders_order_changelist", "admin:orders_order"

NAVIGATION: list[Item] = [
    {
        "title": _("Work"),
        "items": [
            {"title": _("Today"), "icon": "home", "link": reverse_lazy("admin:index"), "active": _home},
            _item(_("To pack"), "package_2", ORDERS, "orders.view_order", badge="to_pack", work="to-pack"),
            _item(_("To ship"), "local_shipping", ORDERS, "orders.view_order", badge="to_ship", work="to-ship"),
            _item(
                _("Waiting for stock"),
                "hourglass",
                "admin:orders_order_waiting",
                "orders.view_order",
                badge="waiting",
                tone="warn",
            ),
            _item(
                _("Needs a person"),
                "front_hand",
                "admin:orders_hold_changelist",
                "orders.view_hold",
                badge="held",
                tone="danger",
            ),
            _item(_("Orders"), "receipt_long", ORDERS, "orders.view_order"),
            _item(_("Parcels"), "deployed_code", "admin:shipping_shipment_changelist", "shipping.view_shipment"),
        ],
    },
    {
        "title": _("Stock"),
        "items": [
            _item(_("Receive goods"), "input", "admin:inventory_product_receive", "inventory.receive_goods"),
            _item(_("Put away"), "move_down", "admin:inventory_location_put_away", "inventory.move_stock"),
            _item(_("Move goods"), "swap_horiz", "admin:inventory_location_move", "inventory.move_stock"),
            _item(_("Transfers"), "local_shipping", "admin:inventory_transfer_changelist", "inventory.view_transfer"),
            _item(_("Correct the stock"), "tune", "admin:inventory_product_correct", "inventory.adjust_stock"),
            _item(_("Products"), "inventory_2", "admin:inventory_product_changelist", "inventory.view_product"),
            _item(_("Stock levels"), "shelves", "admin:inventory_stocklevel_changelist", "inventory.view_stocklevel"),
            _item(_("Lots and serials"), "tag", "admin:inventory_lot_changelist", "inventory.view_lot"),
            _item(_("Places"), "warehouse", "admin:inventory_location_changelist", "inventory.view_location"),
            _item(_("Movements"), "swap_vert", "admin:inventory_movement_changelist", "inventory.view_movement"),
            _item(
                _("Counts"),
                "fact_check",
                "admin:inventory_countsheet_changelist",
                "inventory.view_countsheet",
                badge="counts_to_approve",
                tone="warn",
            ),
            _item(_("Count plans"), "event_repeat", "admin:inventory_countplan_changelist", "inventory.view_countplan"),
        ],
    },
    {
        "title": _("Purchasing"),
        "items": [
            _item(
                _("Order list"),
                "shopping_cart",
                "admin:inventory_orderlistline_changelist",
                "inventory.view_purchaseorder",
            ),
            _item(
                _("Purchase orders"),
                "request_page",
                "admin:inventory_purchaseorder_changelist",
                "inventory.view_purchaseorder",
            ),
            _item(
                _("Late purchase orders"),
                "running_with_errors",
                "admin:inventory_purchaseorder_changelist",
                "inventory.view_purchaseorder",
                late="yes",
            ),
            _item(
                _("Returns to suppliers"),
                "assignment_return",
                "admin:inventory_supplierreturn_changelist",
                "inventory.view_supplierreturn",
            ),
            _item(
                _("Punctuality"),
                "schedule",
                "admin:inventory_purchaseorder_punctuality",
                "inventory.view_purchaseorder",
                "inventory.view_supplier",
            ),
        ],
    },
    {
        "title": _("Floor"),
        "items": [
            _item(
                _("Scan with a phone"),
                "qr_code_scanner",
                "floor:home",
                "inventory.view_product",
                "inventory.view_stocklevel",
            ),
        ],
    },
    {
        "title": _("Stock reports"),
        "items": [
            _item(_("Stock at a date"), "event", "admin:inventory_report_stock", "inventory.view_stocklevel"),
            _item(
                _("Value of stock"),
                "savings",
                "admin:inventory_report_valuation",
                "inventory.view_stocklevel",
                "inventory.see_costs",
            ),
            _item(_("Movement card"), "swap_horiz", "admin:inventory_report_card", "inventory.view_movement"),
            _item(_("Dead stock"), "bedtime", "admin:inventory_report_dead", "inventory.view_stocklevel"),
            _item(_("ABC"), "leaderboard", "admin:inventory_report_abc", "inventory.view_stocklevel"),
            _item(
                _("Promises kept"),
                "handshake",
                "admin:orders_order_promises",
                "orders.view_order",
                "inventory.view_supplier",
            ),
            _item(
                _("Turnover"),
                "autorenew",
                "admin:inventory_report_turnover",
                "inventory.view_stocklevel",
                "inventory.see_costs",
            ),
        ],
    },
    {
        "title": _("Catalogue"),
        "items": [
            _item(_("Families"), "style", "admin:inventory_productfamily_changelist", "inventory.view_productfamily"),
            _item(_("Categories"), "account_tree", "admin:inventory_category_changelist", "inventory.view_category"),
            _item(
                _("Selling units"), "package", "admin:inventory_sellingunit_changelist", "inventory.view_sellingunit"
            ),
            _item(_("Kits"), "category", "admin:inventory_kitcomponent_changelist", "inventory.view_kitcomponent"),
            _item(_("Imports"), "upload_file", "admin:backoffice_importjob_changelist", "backoffice.view_importjob"),
            _item(_("Exports"), "download", "admin:backoffice_exportjob_changelist", "backoffice.view_exportjob"),
            _item(_("Suppliers"), "factory", "admin:inventory_supplier_changelist", "inventory.view_supplier"),
            _item(
                _("What suppliers sell"),
                "sell",
                "admin:inventory_supplierproduct_changelist",
                "inventory.view_supplierproduct",
            ),
            _item(
                _("Reorder points"),
                "production_quantity_limits",
                "admin:inventory_warehouseproduct_changelist",
                "inventory.view_warehouseproduct",
            ),
        ],
    },
    {
        "title": _("Customers"),
        "items": [
            _item(_("Customers"), "group", "admin:orders_customer_changelist", "orders.view_customer"),
            _item(
                _("Back-in-stock sign-ups"),
                "notifications",
                "admin:orders_backinstocksignup_changelist",
                "orders.view_backinstocksignup",
            ),
        ],
    },
    {
        "title": _("Money"),
        "items": [
            _item(_("Invoices"), "request_quote", "admin:accounting_invoice_changelist", "accounting.view_invoice"),
            _item(_("Trial balance"), "balance", "admin:accounting_trial_balance", "accounting.view_entry"),
            _item(_("Entries"), "menu_book", "admin:accounting_entry_changelist", "accounting.view_entry"),
            _item(_("Mail kept here"), "mail", "kept_mails", "accounting.view_invoice"),
        ],
    },
    {
        "title": _("Connections"),
        "items": [
            _item(_("Connections"), "hub", "admin:sync_connection_changelist", "sync.view_connection"),
            _item(
                _("What came in"),
                "move_to_inbox",
                "admin:sync_arrival_changelist",
                "sync.view_arrival",
                badge="failed_arrivals",
                tone="danger",
            ),
            _item(
                _("What was told"),
                "outbox",
                "admin:sync_delivery_changelist",
                "sync.view_delivery",
                badge="failed_deliveries",
                tone="danger",
            ),
            _item(
                _("Listings at stores"), "storefront", "admin:inventory_listing_changelist", "inventory.view_listing"
            ),
        ],
    },
    {
        "title": _("Settings"),
        "items": [
            _item(_("Who sells"), "badge", "admin:orders_merchant_changelist", "orders.view_merchant"),
            _item(
                _("Tax registrations"),
                "assured_workload",
                "admin:accounting_taxregistration_changelist",
                "accounting.view_taxregistration",
            ),
            _item(_("Tax names"), "translate", "admin:accounting_taxname_changelist", "accounting.view_taxname"),
            _item(_("API keys"), "key", "admin:backoffice_apikey_changelist", "backoffice.view_apikey"),
            _item(_("People"), "person", "admin:auth_user_changelist", "auth.view_user"),
            _item(
                _("Locked-out log-ins"), "lock_person", "admin:axes_accessattempt_changelist", "axes.view_accessattempt"
            ),
            _item(_("Background work"), "schedule", "admin:django_q_failure_changelist", "django_q.view_failure"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Backoffice"),
    "SITE_HEADER": _("Backoffice"),
    "SITE_SYMBOL": "inventory",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "DASHBOARD_CALLBACK": "backoffice.workboard.home",
    "STYLES": [lambda request: static("backoffice/desk.css")],
    "SCRIPTS": [lambda request: static("backoffice/keyboard.js")],
    "COLORS": {
        # A quiet spruce green; states have colours of their own and must stand out beside it.
        "primary": {
            "50": "oklch(97% .02 175)",
            "100": "oklch(93.5% .035 175)",
            "200": "oklch(88% .055 175)",
            "300": "oklch(79% .08 175)",
            "400": "oklch(68% .09 175)",
            "500": "oklch(57% .085 175)",
            "600": "oklch(48% .075 175)",
            "700": "oklch(41% .065 175)",
            "800": "oklch(35% .055 175)",
            "900": "oklch(30% .045 175)",
            "950": "oklch(22% .035 175)",
        },
    },
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": NAVIGATION},
}
