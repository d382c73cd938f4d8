"""Code 128 as bars of whole printer dots: what a thermal head and a laser print without a ragged edge."""

from functools import lru_cache

from reportlab.graphics.barcode.code128 import Code128

INCH = 72.0


@lru_cache(maxsize=4096)
def bars(value: str) -> tuple[tuple[tuple[int, int], ...], int]:
    """(first module, modules wide) of each black bar, and the modules of the whole without its quiet zones."""
    if not value.isascii():
        raise ValueError(f"Code 128 has no sign for every character of {value!r}.")
    code = Code128(value, quiet=0)
    code.validate()
    code.encode()
    code.decompose()
    black, position = [], 0
    for mark in code.decomposed:
        modules = ord(mark.lower()) - ord("a") + 1
        if mark.islower():
            position += modules
        else:
            black.append((position, modules))
            position += modules
    return tuple(black), position


def module(dots: int, dpi: int) -> float:
    """The width in points of a bar of `dots` dots."""
    return dots * INCH / dpi
