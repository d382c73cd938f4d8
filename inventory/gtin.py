"""Global trade item numbers: eight, twelve, thirteen or fourteen digits, the last a check digit (GS1 General Specifications)."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import ean
from stdnum.exceptions import ValidationError as NotValid


def validate_gtin(code: str) -> None:
    """ValidationError with a sentence where a code is no GTIN; an empty one is none at all and passes."""
    if code and not is_gtin(code):
        raise ValidationError(
            _(
                "“%(code)s” is no GTIN: it has 8, 12, 13 or 14 digits, and the last one checks the others. Scan it again."
            ),
            params={"code": code[:40]},
        )


def is_gtin(code: str) -> bool:
    if not (code.isascii() and code.isdecimal()):
        return False
    try:
        ean.validate(code)
    except NotValid:
        return False
    return True


def same_gtin(code: str) -> set[str]:
    """The ways in which one number is written: a UPC of 12 digits is the EAN of 13 with a zero before it, and so on."""
    bare = code.lstrip("0")
    return {code, *(bare.zfill(length) for length in (8, 12, 13, 14) if len(bare) <= length)}
