"""Many bins by one pattern: `A-01..A-12 / 1..4` names four shelves in each of twelve racks."""

import re
from collections.abc import Iterator
from itertools import product

MOST = 2000
LONGEST = 30
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
RANGE = re.compile(r"^(?P<before>.*?)(?P<first>\d+|[A-Za-z])\.\.(?P<last>.+)$")


def expand(pattern: str) -> list[str]:
    """The names that a pattern means, in its order; ValueError with a sentence where it cannot be read.

    `A-01..A-12` and `A-01..12` count on, keeping the zeros; `A..D` goes through the alphabet; `/` puts what stands after it
    on each of what stands before; commas and lines list several. `A..B-1..3` is not guessed at: write `A..B / 1..3`.
    """
    names: list[str] = []
    for part in re.split(r"[,;\n]+", pattern):
        if part.strip():
            for name in _combined(part):
                names.append(name)
                if len(names) > MOST:
                    raise ValueError(f"This names more than {MOST} places. Add them in several steps.")
    if not names:
        raise ValueError("Write which places there are, like A-01..A-12, or A-01..A-12 / 1..4 for shelves.")
    wrong = [name for name in names if not NAME.fullmatch(name) or len(name) > LONGEST]
    if wrong:
        raise ValueError(
            f"“{wrong[0][:40]}” cannot be the name of a place: at most {LONGEST} letters, digits, points and hyphens, without"
            " accents, so that it prints as a bar code."
        )
    twice = {name for name in names if names.count(name) > 1} if len(names) <= MOST else set()
    if twice:
        raise ValueError(f"{sorted(twice)[0]} is named twice. Leave one of the two out.")
    return names


def _combined(part: str) -> Iterator[str]:
    levels = [_range(piece.strip()) for piece in part.split("/")]
    for combination in product(*levels):
        yield "-".join(combination)


def _range(text: str) -> list[str]:
    found = RANGE.match(text)
    if found is None:
        return [text]
    before, first = found["before"], found["first"]
    last = found["last"].strip().removeprefix(before)
    if first.isdigit() and last.isascii() and last.isdigit():
        start, end = int(first), int(last)
        if start <= end < start + MOST:
            return [f"{before}{number:0{len(first)}d}" for number in range(start, end + 1)]
    elif len(last) == 1 and last.isalpha() and first.isupper() == last.isupper() and first <= last:
        return [f"{before}{chr(code)}" for code in range(ord(first), ord(last) + 1)]
    raise ValueError(
        f"“{text[:60]}” cannot be counted through: write the first and the last of a row, like A-01..A-12 or A..F."
    )
