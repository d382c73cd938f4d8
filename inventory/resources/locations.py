"""Warehouses and the places in them as a table (rule: U5)."""

import re
from datetime import time
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.fields import Field

from backoffice import serving
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Choice, Text, Whole, YesNo
from backoffice.lib.working_days import is_known_region
from inventory.bin_patterns import NAME
from inventory.models import Location
from orders import promise_terms

Kind = Location.Kind
KINDS = (Kind.WAREHOUSE.value, Kind.BIN.value, Kind.QUARANTINE.value)


class TimeOfDay(Text):
    """Hours and minutes, 14:00; an empty cell changes nothing (with `saves_null_values=False`)."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        found = re.fullmatch(r"(\d{1,2})[:h](\d{2})(?::00)?", text)
        if found is None or int(found[1]) > 23 or int(found[2]) > 59:
            raise ValueError(f"“{value}” is no time of the day. Write it like 14:00.")
        return time(int(found[1]), int(found[2]))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.strftime("%H:%M") if isinstance(value, time) else str(value or "")


class LocationResource(TableResource):
    """Places, known by their code. What a place is, and in which warehouse, is said once, when it is new."""

    needed = ("code",)

    code = Field("code", "code", Text())
    name = Field("name", "name", Text())
    kind = Field("kind", "kind", Text(), readonly=True)
    warehouse = Field("warehouse__code", "warehouse", Text(), readonly=True)
    sellable = Field("sellable", "sellable", YesNo(), saves_null_values=False)
    pick_order = Field("pick_order", "pick_order", Whole(), saves_null_values=False)
    handling_days = Field("handling_days", "handling_days", Whole(), saves_null_values=False)
    cut_off = Field("cut_off", "cut_off", TimeOfDay(), saves_null_values=False)
    working_days = Field("working_days", "working_days", Text())
    holiday_region = Field("holiday_region", "holiday_region", Text())
    address = Field("address", "address", Text())

    class Meta(TableResource.Meta):
        model = Location
        name = "Places"
        import_id_fields = ("code",)
        fields: ClassVar = (
            "code", "name", "kind", "warehouse", "sellable", "pick_order", "handling_days", "cut_off", "working_days",
            "holiday_region", "address",
        )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._places: dict[str, Location] = {}
        self._warehouses: dict[str, Location] = {}
        self._switched: set[int] = set()
        self._other_days = False

    def load(self, rows: list[dict[str, str]]) -> None:
        codes = {row["code"] for row in rows}
        self._places = {
            place.code: place for place in Location.objects.filter(code__in=codes).select_related("warehouse")
        }
        self._warehouses = {place.code: place for place in Location.objects.filter(kind=Kind.WAREHOUSE)}

    def known(self, row: dict[str, str]) -> Location | None:
        place = self._places.get(row["code"])
        if place is None:
            self._kind(row)
            self._inside(row)
            return None
        if place.kind == Kind.TRANSIT:
            raise ValidationError({"code": f"{place.code} is where goods lie on their way; it is kept by the house."})
        said = (row.get("kind", "").strip().lower(), row.get("warehouse", "").strip())
        mine = (place.kind, place.warehouse.code if place.warehouse else "")
        if any(word and word != own for word, own in zip(said, mine, strict=True)):
            raise ValidationError(
                {"kind": f"{place.code} is a {mine[0]} {f'in {mine[1]}' if mine[1] else ''}".strip()
                 + " and stays so. Give the new place a code of its own."}
            )  # fmt: skip
        return place

    def init_instance(self, row: Any = None) -> Location:
        place = Location(kind=self._kind(row), warehouse=self._inside(row))
        if place.kind == Kind.QUARANTINE:
            place.sellable = False
        return place

    def _kind(self, row: dict[str, str]) -> str:
        try:
            said = Choice(KINDS).clean(row.get("kind"))
        except ValueError as error:
            raise ValidationError({"kind": str(error)}) from None
        return str(said or (Kind.BIN.value if row.get("warehouse") else Kind.WAREHOUSE.value))

    def _inside(self, row: dict[str, str]) -> Location | None:
        code = row.get("warehouse", "").strip()
        if self._kind(row) == Kind.WAREHOUSE:
            if code:
                raise ValidationError({"warehouse": "A warehouse is in no other warehouse. Leave this empty."})
            return None
        if code not in self._warehouses:
            known = ", ".join(sorted(self._warehouses)) or "none yet"
            raise ValidationError(
                {"warehouse": f"There is no warehouse “{code}”. Known are: {known}. Import new warehouses first."}
            )
        return self._warehouses[code]

    def identity(self, row: dict[str, str]) -> Any:
        return row["code"]

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        wrong: dict[str, Any] = dict(import_validation_errors or {})
        if not self._before and not NAME.fullmatch(instance.code):
            wrong["code"] = (
                "Letters, digits, points and hyphens only, without accents, so that it prints as a bar code."
            )
        if not self._before and not instance.name:
            instance.name = instance.code
        if instance.kind == Kind.QUARANTINE and instance.sellable:
            wrong["sellable"] = "Quarantine is never sold from. Write no, or leave it empty."
        instance.working_days = "".join(sorted(set(instance.working_days))) or "12345"
        if set(instance.working_days) - set("1234567"):
            wrong["working_days"] = "Write the days worked as digits, 1 for Monday to 7 for Sunday: 12345."
        instance.holiday_region = instance.holiday_region.strip().upper()
        if not is_known_region(instance.holiday_region):
            wrong["holiday_region"] = (
                f"The holidays of “{instance.holiday_region}” are not known. Write CA-ON, CA-QC or US."
            )
        super().validate_instance(instance, wrong, validate_unique)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        if not is_create and self._before["sellable"] != instance.sellable:
            self._switched.add(instance.pk)
        if not is_create and any(
            self._before[name] != getattr(instance, name) for name in promise_terms.OF_WAREHOUSE & set(self._before)
        ):
            self._other_days = True
        super().save_instance(instance, is_create, row, **kwargs)

    def written(self, user: Any) -> None:
        serving.places_switched(self._switched)
        if self._other_days:
            promise_terms.warehouses_changed()
        self._switched, self._other_days = set(), False

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("warehouse")
