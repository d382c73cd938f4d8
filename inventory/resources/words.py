"""What several tables say in the same words, and what they check alike."""

from typing import Any

from django.core.exceptions import ValidationError

from inventory import categories

NO_PRODUCT = "SKU {code} is no product here. Create it first, or correct the SKU."

NO_CATEGORY = "There is no category “{code}”. Import or add the categories first, or correct it."


def category_path(text: str, row: Any = None) -> str:
    """A path as it is kept, or what stands there where it is none: then no category is found by it."""
    try:
        return categories.plain_path(text)
    except ValueError:
        return text


def needs(instance: Any, **columns: str) -> None:
    """ValidationError where a row names none of what it is about; `columns` are relation → column."""
    empty = {column: "Fill this in." for name, column in columns.items() if getattr(instance, f"{name}_id") is None}
    if empty:
        raise ValidationError(empty)
