"""Text broken into lines, and tables whose columns line up and whose headings return on each page."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from backoffice.lib.pdf import BLACK, GREY, PALE, Align, Paper, Style, width

BODY = Style(9.5, 12.5)
BODY_BOLD = Style(9.5, 12.5, bold=True)
SMALL = Style(8, 10.5, colour=GREY)
HEADING = Style(7.5, 10, bold=True, colour=GREY)


@lru_cache(maxsize=16384)
def wrapped(text: str, room: float, size: float, bold: bool = False) -> tuple[str, ...]:
    """`text` in lines no wider than `room`: broken at spaces, and inside a word only where it fits no line.

    Line breaks in `text` are kept. Nothing is left out.
    """
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split(" "):
            tried = f"{line} {word}" if line else word
            if width(tried, size, bold=bold) <= room:
                line = tried
                continue
            if line and (not _breaks_anywhere(word) or width(word, size, bold=bold) <= room):
                lines.append(line)
                tried = word
            *full, line = _pieces(tried, room, size, bold)
            lines.extend(full)
        lines.append(line)
    return tuple(lines)


def _breaks_anywhere(word: str) -> bool:
    return any(unicodedata.east_asian_width(char) in "WF" for char in word)


def _pieces(word: str, room: float, size: float, bold: bool) -> list[str]:
    pieces, piece = [], ""
    for char in word:
        if piece and not unicodedata.combining(char) and width(piece + char, size, bold=bold) > room:
            pieces.append(piece)
            piece = ""
        piece += char
    return [*pieces, piece]


def paragraph(paper: Paper, x: float, text: str, room: float, style: Style, *, breaks: bool = True) -> None:
    """Lines from `paper.y` downward; `y` ends below the last. With `breaks` it goes on over the page's end."""
    for line in wrapped(text, room, style.size, style.bold):
        if breaks:
            paper.ensure(style.leading)
        paper.text(x, paper.y - style.size, line, style.size, bold=style.bold, colour=style.colour)
        paper.y -= style.leading


def block(paper: Paper, x: float, top: float, lines: Sequence[str], room: float, style: Style = BODY) -> float:
    """An address or the like; returns the height it took. A first line in bold is the caller's own."""
    y = top
    for entry in lines:
        for line in wrapped(entry, room, style.size, style.bold):
            paper.text(x, y - style.size, line, style.size, bold=style.bold, colour=style.colour)
            y -= style.leading
    return top - y


@dataclass(frozen=True, slots=True)
class Column:
    """`wide` includes the gap of `GAP` after it."""

    title: str
    wide: float
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Cell:
    """`text` in its style, smaller `notes` below it, then `ticks`: words each behind a box to tick by hand."""

    text: str = ""
    style: Style = BODY
    notes: tuple[str, ...] = ()
    ticks: tuple[str, ...] = ()


GAP = 10.0
PAD = 4.0
# Where in a line's leading its baseline is, so that figures of two sizes in one row stand on one line.
BASELINE = 0.76
TICK, TICK_LEADING = 7.5, 14.0
# What stands above the first row of a further page, at most.
TALLEST_HEADS = 80.0

Lines = list[tuple[str, Style]]


class Table:
    """Rows are kept whole on a page; a page break repeats the heading."""

    def __init__(self, paper: Paper, columns: Sequence[Column], *, left: float | None = None) -> None:
        self.paper = paper
        self.columns = columns
        self.left = paper.left if left is None else left
        edges = [self.left]
        for column in columns:
            edges.append(edges[-1] + column.wide)
        self.edges = edges
        self.right = edges[-1]

    def heading(self) -> None:
        paper = self.paper
        titles = [
            wrapped(column.title, self._room(index), HEADING.size, True) for index, column in enumerate(self.columns)
        ]
        deep = max(map(len, titles)) * HEADING.leading
        for index, lines in enumerate(titles):
            y = paper.y - deep + (len(lines) - 1) * HEADING.leading + 2
            for line in lines:
                self._put(index, y, line, HEADING)
                y -= HEADING.leading
        paper.y -= deep + PAD
        paper.hairline(self.left, self.right, paper.y, weight=0.8, colour=BLACK)

    def row(self, cells: Sequence[Cell | str], *, rule: bool = True) -> None:
        made = [cell if isinstance(cell, Cell) else Cell(cell) for cell in cells]
        laid = [self._lines(index, cell) for index, cell in enumerate(made)]
        ticks = [cell.ticks for cell in made]
        most = self.paper.top - self.paper.bottom - TALLEST_HEADS
        while self._height(laid, ticks) > most:
            # Only a note of thousands of words is taller than a page: it goes on under the next heading.
            fitting = [self._first(lines, most - 2 * PAD) for lines in laid]
            self._draw([lines[:count] for lines, count in zip(laid, fitting, strict=True)], ticks, rule=False)
            laid = [lines[count:] for lines, count in zip(laid, fitting, strict=True)]
            ticks = [() for _ in made]
        self._draw(laid, ticks, rule=rule)

    def _draw(self, laid: Sequence[Lines], ticks: Sequence[tuple[str, ...]], *, rule: bool) -> None:
        high = self._height(laid, ticks)
        if self.paper.ensure(high):
            self.heading()
        paper = self.paper
        for index, lines in enumerate(laid):
            y = paper.y - PAD
            for line, style in lines:
                self._put(index, y - BASELINE * style.leading, line, style)
                y -= style.leading
            self._ticks(index, y, ticks[index])
        paper.y -= high
        if rule:
            paper.hairline(self.left, self.right, paper.y, colour=PALE)

    def _height(self, laid: Sequence[Lines], ticks: Sequence[tuple[str, ...]]) -> float:
        return 2 * PAD + max(
            sum(style.leading for _, style in lines) + self._tick_lines(index, ticks[index]) * TICK_LEADING
            for index, lines in enumerate(laid)
        )

    @staticmethod
    def _first(lines: Lines, room: float) -> int:
        count = 0
        for _, style in lines:
            room -= style.leading
            if room < 0:
                break
            count += 1
        return count

    def _room(self, index: int) -> float:
        last = index == len(self.columns) - 1
        return self.columns[index].wide - (0 if last else GAP)

    def _lines(self, index: int, cell: Cell) -> Lines:
        room = self._room(index)
        lines = [(line, cell.style) for line in wrapped(cell.text, room, cell.style.size, cell.style.bold)]
        for note in cell.notes:
            lines += [(line, SMALL) for line in wrapped(note, room, SMALL.size)]
        return lines

    def _tick_width(self, ticks: Sequence[str]) -> float:
        return TICK + 4 + max(width(tick, BODY.size) for tick in ticks) + 8

    def _tick_lines(self, index: int, ticks: Sequence[str]) -> int:
        if not ticks:
            return 0
        abreast = max(1, int((self._room(index) + 8) / self._tick_width(ticks)))
        return -(-len(ticks) // abreast)

    def _ticks(self, index: int, y: float, ticks: Sequence[str]) -> None:
        if not ticks:
            return
        wide = self._tick_width(ticks)
        abreast = max(1, int((self._room(index) + 8) / wide))
        for place, tick in enumerate(ticks):
            x = self.edges[index] + place % abreast * wide
            base = y - place // abreast * TICK_LEADING - BASELINE * BODY.leading
            self.paper.box(x, base - 0.4, TICK, TICK)
            self.paper.text(x + TICK + 4, base, tick, BODY.size)

    def _put(self, index: int, y: float, line: str, style: Style) -> None:
        align = self.columns[index].align
        start = self.edges[index]
        x = start if align == "left" else start + self._room(index)
        if align == "center":
            x = start + self._room(index) / 2
        self.paper.text(x, y, line, style.size, bold=style.bold, align=align, colour=style.colour)
