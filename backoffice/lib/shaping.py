"""Scripts whose letters join, move or run from right to left: HarfBuzz places the glyphs, reportlab embeds them."""

import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz  # type: ignore[import-untyped]

from backoffice.lib.fonts import Face, Run

RIGHT_TO_LEFT = ("R", "AL")
_naming = threading.Lock()


@dataclass(frozen=True, slots=True)
class Glyph:
    """`code` is the character by which reportlab knows the glyph; the rest is in thousandths of the size."""

    code: int
    advance: float
    right: float
    up: float
    own: float


def is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in text)


def needs_shaping(run: Run) -> bool:
    return run.face.shaped or any(map(unicodedata.combining, run.text))


@lru_cache(maxsize=8192)
def glyphs(run: Run) -> tuple[Glyph, ...]:
    """The glyphs of a run from left to right as they are seen."""
    font = run.face.font
    buffer = uharfbuzz.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(uharfbuzz.Font(font.hbFace), buffer, {"kern": True, "liga": True})
    scale = 1000 / font.face.unitsPerEm
    placed = []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        code = _code(run.face, info.codepoint, position.x_advance)
        placed.append(
            Glyph(
                code=code,
                advance=position.x_advance * scale,
                right=position.x_offset * scale,
                up=position.y_offset * scale,
                own=run.face.units(code),
            )
        )
    return tuple(placed)


def _code(face: Face, glyph: int, advance: float) -> int:
    """reportlab embeds by character; a glyph that no character has gets one of the private use area, by its own number,
    so that equal papers have equal bytes in every process."""
    table = face.font.face
    known = table.glyphToChar.get(glyph)
    if known:
        return int(known[0])
    code = 0xE000 + glyph
    with _naming:
        table.charToGlyph[code] = glyph
        table.glyphToChar[glyph] = [code]
        table.charWidths[code] = round(advance * 1000 / table.unitsPerEm)
    return code


def in_sight_order(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Runs from left to right as they are seen: a line of right-to-left text alone reads wholly from the right; within
    other text each right-to-left stretch is turned round in its place. Numbers keep their direction.
    """
    levels = _levels(runs)
    if not any(levels):
        return tuple(runs)
    order = list(zip(levels, _split(runs), strict=True))
    for level in range(max(levels), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and order[end][0] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = max(end, start + 1)
    return tuple(run for _, run in order)


def _split(runs: Sequence[Run]) -> list[Run]:
    """Runs cut again so that each is of one direction: spaces, digits and signs between words stand alone."""
    cut: list[Run] = []
    for run in runs:
        part, kind = "", ""
        for char in run.text:
            now = kind if kind and unicodedata.combining(char) else _kind(char)
            if part and now != kind:
                cut.append(Run(run.face, part))
                part = ""
            part += char
            kind = now
        if part:
            cut.append(Run(run.face, part))
    return cut


def _kind(char: str) -> str:
    direction = unicodedata.bidirectional(char)
    if direction in RIGHT_TO_LEFT:
        return "R"
    if direction in ("EN", "AN"):
        return "N"
    return "L" if direction == "L" else "-"


def _levels(runs: Sequence[Run]) -> list[int]:
    """The Unicode algorithm without explicit embeddings, which names and addresses do not hold."""
    kinds = [next((k for k in map(_kind, run.text) if k != "-"), "-") for run in _split(runs)]
    if "R" not in kinds:
        return [0] * len(kinds)
    base = 0 if "L" in kinds else 1
    levels = []
    for index, kind in enumerate(kinds):
        before = next((k for k in reversed(kinds[:index]) if k in "RL"), "R" if base else "L")
        if kind == "R":
            levels.append(1)
        elif kind == "L":
            levels.append(2 if base else 0)
        elif kind == "N":
            levels.append(2 if before == "R" else 0)
        else:
            after = next((k for k in kinds[index + 1 :] if k != "-"), "R" if base else "L")
            inside = before == "R" and (after == "R" or (after == "N" and base == 1))
            levels.append(1 if inside or base else 0)
    return levels
