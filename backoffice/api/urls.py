"""Addresses of the API: `/api/v1/…`, its description and its pages."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from accounting.api import Invoices
from backoffice.api.availability import Availability
from backoffice.api.back_in_stock import BackInStock
from backoffice.api.docs import docs
from backoffice.api.nowhere import Nowhere
from backoffice.api.places import Locations, Moves, Transfers
from backoffice.api.purchases import PurchaseOrders
from inventory.api import Categories, Products, Stock, Suppliers
from orders.api import Orders
from shipping.api import Shipments

rooms = SimpleRouter()
rooms.register("orders", Orders, basename="order")
rooms.register("products", Products, basename="product")
rooms.register("categories", Categories, basename="category")
rooms.register("suppliers", Suppliers, basename="supplier")
rooms.register("stock", Stock, basename="stock")
rooms.register("locations", Locations, basename="location")
rooms.register("moves", Moves, basename="move")
rooms.register("transfers", Transfers, basename="transfer")
rooms.register("purchase-orders", PurchaseOrders, basename="purchase-order")
rooms.register("shipments", Shipments, basename="shipment")
rooms.register("invoices", Invoices, basename="invoice")

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(rooms.urls)),
    path("v1/orders/<str:number>/slip.pdf", Orders.as_view({"get": "slip"}, detail=True), name="order-slip"),
    path("v1/orders/<str:number>/label.pdf", Orders.as_view({"get": "label"}, detail=True), name="order-label"),
    re_path(r"^v1/availability/?$", Availability.as_view(), name="availability"),
    re_path(r"^v1/back-in-stock/?$", BackInStock.as_view(), name="back_in_stock"),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", docs, name="api_docs"),
    re_path(r"^v1/.*$", Nowhere.as_view()),
]
