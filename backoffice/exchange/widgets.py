"""From a cell's text to a value: what cannot be read for sure is an error in a sentence, never a guess."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from import_export.widgets import Widget

from backoffice.lib import cells, money
from backoffice.lib.text import unaccented

YES = {"yes", "y", "true", "1", "x", "oui", "vrai"}
NO = {"no", "n", "false", "0", "non", "faux"}


class Text(Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return str(value or "")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return cells.shown(value)


class Amount(Text):
    """An amount of money or a cost; an empty cell is none."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = str(value or "").replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace("$", "")
        if not text:
            return None
        if "," in text:
            whole, _, decimals = text.rpartition(",")
            if "." in text or "," in whole or len(decimals) == 3:
                raise ValueError(f"“{value}” can be read in two ways; write it without a comma.")
            text = f"{whole}.{decimals}"
        try:
            amount = money.parsed(text)
        except ValueError:
            raise ValueError(f"“{value}” is not a figure.") from None
        if not Decimal(0) <= amount < 10**9:
            raise ValueError(f"“{value}” cannot be right: an amount here is from 0 to a thousand million.")
        return amount


class Whole(Text):
    """A number of units or grams; an empty cell is none."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            amount = money.parsed(text)
        except ValueError:
            raise ValueError(f"“{value}” is no whole number.") from None
        if amount != amount.to_integral_value() or not 0 <= amount <= 1_000_000_000:
            raise ValueError(f"“{value}” is no whole number from 0 up.")
        return int(amount)


class Day(Text):
    """A day, 2026-12-03; an empty cell is none."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            # A spreadsheet may write midnight behind a day.
            return date.fromisoformat(text.removesuffix(" 00:00:00").removesuffix("T00:00:00"))
        except ValueError:
            raise ValueError(f"“{value}” is no day. Write it like 2026-12-03.") from None


class YesNo(Text):
    """Yes or no, in English or French; an empty cell changes nothing (with `saves_null_values=False`)."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        word = unaccented(str(value or "").strip())
        if not word:
            return None
        if word not in YES | NO:
            raise ValueError(f"“{value}” is neither yes nor no.")
        return word in YES


class Choice(Text):
    """One of a few words; an empty cell changes nothing (with `saves_null_values=False`)."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__()
        self.words = tuple(words)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        word = str(value or "").strip().lower()
        if not word:
            return None
        if word not in self.words:
            raise ValueError(f"“{value}” is none of {', '.join(self.words)}.")
        return word


class Named(Text):
    """Another row by its code; an empty cell is none. What there is, `found` says: see `TableResource.know`."""

    def __init__(
        self, shown: str, missing: str, key: Callable[[str, Mapping[str, str]], Any] = lambda code, row: code
    ) -> None:
        """`shown` is the attribute that is the code; `missing` the sentence for one that is not there, with `{code}`."""
        super().__init__()
        self.shown, self.missing, self.key = shown, missing, key
        self.found: Mapping[Any, Any] = {}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        code = str(value or "").strip()
        if not code:
            return None
        found = self.found.get(self.key(code, row or {}))
        if found is None:
            raise ValueError(self.missing.format(code=code))
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(getattr(value, self.shown))
