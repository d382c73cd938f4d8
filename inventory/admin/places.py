"""The staff's pages on warehouses and the places in them."""

from django.contrib import admin

from backoffice import desk
from inventory.models import Location


@admin.register(Location)
class LocationAdmin(desk.DeskAdmin):
    list_display = ("code", "name", "sellable", "pick_order")
    fields = ("code", "name", "sellable", "pick_order")
    ordering = ("pick_order", "code")
