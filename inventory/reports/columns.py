"""What stands in the columns of a report, for its page and for its file alike."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.lib import money
from inventory.models import Movement


class Kind(Enum):
    TEXT = "text"
    UNITS = "units"
    CHANGE = "change"  # units with their sign
    AMOUNT = "amount"  # in the merchant's currency, shown to the cent
    COST = "cost"  # of one, with as many decimals as it has
    DAY = "day"
    MOMENT = "moment"
    SHARE = "share"  # of one hundred
    TIMES = "times"  # a ratio
    DAYS = "days"

    @property
    def is_number(self) -> bool:
        return self not in (Kind.TEXT, Kind.DAY, Kind.MOMENT)


@dataclass(frozen=True, slots=True)
class Column:
    """`field` is where a row has it, like `on_hand` or `row.on_hand`; its last word is the heading in a file."""

    field: str
    title: Any
    kind: Kind = Kind.TEXT
    guarded: bool = False
    """Shown only to who may see costs."""

    @property
    def heading(self) -> str:
        return self.field.rpartition(".")[2]

    def of(self, row: Any) -> Any:
        return attrgetter(self.field)(row)

    def told(self, value: Any, currency: str) -> Any:
        """A value as page and file alike tell it: rounded half up, shares in per cent, reasons in words."""
        if value is None:
            return None
        match self.kind:
            case Kind.AMOUNT:
                return money.rounded(value, currency)
            case Kind.SHARE:
                return _half_up(value * 100, "0.1")
            case Kind.TIMES:
                return _half_up(value, "0.01")
            case Kind.DAYS:
                return int(_half_up(value, "1"))
            case Kind.TEXT if self.heading == "reason":
                return str(REASONS.get(value, value))
        return value


def _half_up(value: Any, step: str) -> Decimal:
    return Decimal(value).quantize(Decimal(step), ROUND_HALF_UP)


REASONS: dict[str, Any] = {**dict(Movement.Reason.choices), "revaluation": _("value changed later")}

SKU = Column("sku", _("SKU"))
PRODUCT = Column("name", _("Product"))
CATEGORY = Column("category", _("Category"))
ON_HAND = Column("on_hand", _("On hand"), Kind.UNITS)
VALUE = Column("value", _("Value"), Kind.AMOUNT, guarded=True)
