"""What stands in the columns of a report, for its page and for its file alike."""

from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _


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


SKU = Column("sku", _("SKU"))
PRODUCT = Column("name", _("Product"))
CATEGORY = Column("category", _("Category"))
ON_HAND = Column("on_hand", _("On hand"), Kind.UNITS)
VALUE = Column("value", _("Value"), Kind.AMOUNT, guarded=True)
