"""What several tables say in the same words, and what they check alike."""

from typing import Any

from django.core.exceptions import ValidationError

NO_PRODUCT = "SKU {code} is no product here. Create it first, or correct the SKU."


def needs(instance: Any, **columns: str) -> None:
    """ValidationError where a row names none of what it is about; `columns` are relation → column."""
    empty = {column: "Fill this in." for name, column in columns.items() if getattr(instance, f"{name}_id") is None}
    if empty:
        raise ValidationError(empty)
