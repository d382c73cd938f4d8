"""How every bench speaks: a table for people, one JSON object as the last line, exit status 1 where it does not hold."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Figures to the right, words to the left, as wide as they need."""
    texts = [list(headings), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(headings))]
    for place, row in enumerate(texts):
        cells = [
            text.rjust(wide) if column and place else text.ljust(wide)
            for column, (text, wide) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
        if not place:
            print("  ".join("-" * wide for wide in widths))


def finish(name: str, *, figure: float, floor: float, more: Mapping[str, object] | None = None) -> NoReturn:
    """`figure` must not be below `floor`."""
    conclude(name, figure=figure, floor=floor, holds=figure >= floor, more=more)


def conclude(
    name: str, *, figure: float, floor: float, holds: bool, more: Mapping[str, object] | None = None
) -> NoReturn:
    """For a bench with several figures or with a ceiling, which knows itself whether it holds."""
    print()
    print(json.dumps({"name": name, "figure": figure, "floor": floor, "holds": holds, **(more or {})}))
    sys.exit(0 if holds else 1)


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.2f}" if abs(cell) < 100 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
