"""An admin with only the tables that go in and out, so that these pages are tested apart from the lists they stand on."""

from django.urls import path
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from backoffice import urls as everything
from inventory.import_export import ProductExchange, StockCountExchange
from inventory.models import Product, StockLevel
from orders.import_export import CustomerExchange, OrderExchange
from orders.models import Customer, Order


class ProductAdmin(ProductExchange, ModelAdmin):
    search_fields = ("sku",)


class StockAdmin(StockCountExchange, ModelAdmin):
    pass


class CustomerAdmin(CustomerExchange, ModelAdmin):
    pass


class OrderAdmin(OrderExchange, ModelAdmin):
    pass


site = UnfoldAdminSite(name="tables")
site.register(Product, ProductAdmin)
site.register(StockLevel, StockAdmin)
site.register(Customer, CustomerAdmin)
site.register(Order, OrderAdmin)
urlpatterns = [path("tables/", site.urls), *everything.urlpatterns]
