"""What a person may type about a product, and what is said when it cannot be."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backoffice.lib import cells
from inventory import catalogue, gtin, pictures
from inventory.models import Product


class PricedForm(forms.ModelForm):
    """A price is typed and shown with two decimals, though the database keeps four."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.price is not None:
            self.initial["price"] = cells.figure(self.instance.price)


class ProductForm(PricedForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "barcode" in self.fields:
            field = self.fields["barcode"]
            field.validators = [check for check in field.validators if check is not gtin.validate_gtin]

    def _get_validation_exclusions(self) -> set[str]:
        # A store may have brought a code that is no GTIN; the product's other fields can be mended all the same.
        return {*super()._get_validation_exclusions(), "barcode"}  # type: ignore[misc]

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"]
        # A store may have brought a product with such a SKU; its other fields can be mended all the same.
        if "sku" in self.changed_data:
            catalogue.check_sku(sku)
            if taken := catalogue.taken_by_units([sku]):
                raise ValidationError(taken[sku])
        return sku

    def clean_barcode(self) -> str:
        barcode: str = self.cleaned_data["barcode"].strip()
        if "barcode" in self.changed_data:
            gtin.validate_gtin(barcode)
        return barcode

    def clean_stocked(self) -> bool:
        stocked: bool = self.cleaned_data["stocked"]
        if self.instance.pk and "stocked" in self.changed_data:
            refused = catalogue.stocked_for_now([self.instance.pk]).get(self.instance.pk)
            if refused:
                raise ValidationError(refused)
        return stocked

    def clean_tracking(self) -> str:
        tracking: str = self.cleaned_data["tracking"]
        if self.instance.pk and "tracking" in self.changed_data:
            refused = catalogue.tracked_for_now([self.instance.pk]).get(self.instance.pk)
            if refused:
                raise ValidationError(refused)
        return tracking

    def clean_expires(self) -> bool:
        expires: bool = self.cleaned_data["expires"]
        if self.instance.pk and expires and "expires" in self.changed_data:
            refused = catalogue.expires_for_now([self.instance.pk]).get(self.instance.pk)
            if refused:
                raise ValidationError(refused)
        return expires

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        tracking = said.get("tracking", Product.Tracking.NONE)
        if said.get("expires") and tracking == Product.Tracking.NONE:
            self.add_error(
                "expires", _("Only goods that are followed by lot or serial number expire by it: choose how.")
            )
        if tracking != Product.Tracking.NONE and not said.get("stocked", True):
            self.add_error("tracking", _("What is not stocked has no lots: nothing of it lies anywhere."))
        return said


class SellingUnitForm(PricedForm):
    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        sku = said["sku"] = (said.get("sku") or "").strip()
        if sku:
            try:
                catalogue.check_sku(sku)
            except ValidationError as error:
                self.add_error("sku", error)
            taken = Product.objects.filter(sku=sku).first()
            if taken is not None:
                self.add_error("sku", _("%(sku)s is the SKU of a product. Choose another one.") % {"sku": sku})
        return said


class WarehouseProductForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        place, warehouse = said.get("put_away"), said.get("warehouse")
        if place is not None and warehouse is not None and place.warehouse_or_self != warehouse.pk:
            self.add_error(
                "put_away", _("%(bin)s is not in %(warehouse)s.") % {"bin": place.in_full, "warehouse": warehouse.name}
            )
        point, target = said.get("reorder_point"), said.get("target_level")
        if point is not None and target is not None and target < point:
            self.add_error(
                "target_level",
                _("Less than where ordering begins: say at least %(point)d.") % {"point": point},
            )
        return said


class PictureForm(forms.ModelForm):
    """The file that was uploaded is never kept itself: see inventory.pictures."""

    def clean_picture(self) -> Any:
        from_page = self.cleaned_data["picture"]
        if "picture" not in self.changed_data or not from_page:
            return from_page
        try:
            return pictures.drawn_anew(from_page)
        except ValueError as error:
            raise ValidationError(str(error)) from None
