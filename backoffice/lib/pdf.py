"""The drawing layer of every paper: text in any script, hairlines, bar codes, pages that know how many they are.

Points, origin at the lower left as in PDF. Operators are collected per page and handed to the reportlab canvas at once,
which is several times as fast as its own call for each string; fonts are subset once for the whole document.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from reportlab.pdfgen.canvas import Canvas

from backoffice.lib import code128
from backoffice.lib.fonts import Face, Run, runs, text_face
from backoffice.lib.shaping import glyphs, in_sight_order, is_right_to_left, needs_shaping

Align = Literal["left", "right", "center"]
Drawer = Callable[["Paper"], None]

LETTER = (612.0, 792.0)
LABEL_4X6 = (288.0, 432.0)

BLACK, GREY, PALE, WHITE = 0.0, 0.38, 0.78, 1.0
ENCODED_TEXTS_KEPT = 20_000


@lru_cache(maxsize=32768)
def _units(text: str, bold: bool) -> float:
    return sum(
        sum(glyph.advance for glyph in glyphs(run))
        if needs_shaping(run)
        else sum(map(run.face.units, map(ord, run.text)))
        for run in in_sight_order(runs(text, bold))
    )


def width(text: str, size: float, *, bold: bool = False) -> float:
    return _units(text, bold) * size / 1000


def fitting_size(text: str, room: float, size: float, least: float, *, bold: bool = False) -> float:
    """The largest size from `size` down to `least` at which `text` fits `room`; it may still not fit at `least`."""
    taken = width(text, size, bold=bold)
    return size if taken <= room else max(least, int(size * room / taken * 10) / 10)


class Paper:
    """One PDF of one or more documents; each document counts its own pages.

    `begin` starts a document, `page_break` a further page of it; `head` and `foot` are drawn on every page when the
    document is closed, so that they know `page` and `pages`.
    """

    def __init__(
        self,
        size: tuple[float, float],
        *,
        title: str,
        author: str = "",
        language: str = "en",
        margin: float = 36.0,
        compress: bool = True,
    ) -> None:
        self.page_width, self.page_height = size
        self.margin = margin
        self.left, self.right = margin, self.page_width - margin
        self.top, self.bottom = self.page_height - margin, margin
        self.y = self.top
        self.page = self.pages = 0
        self._sink = io.BytesIO()
        # Without an initial font of ours the canvas names Helvetica on every page, which is not embedded.
        self._canvas = Canvas(
            self._sink,
            pagesize=size,
            pageCompression=int(compress),
            invariant=1,
            initialFontName=text_face(False).name,
            lang={"en": "en-CA", "fr": "fr-CA"}.get(language, language),
        )
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setCreator("Backoffice")
        self._document: Any = self._canvas._doc
        self._shown: dict[tuple[str, float, bool], str] = {}
        self._ready: list[list[str]] = []
        self._ops: list[str] = []
        self._colour = BLACK
        self._head: Drawer | None = None
        self._foot: Drawer | None = None
        self._next: Drawer | None = None

    # Documents and pages

    def begin(self, *, head: Drawer | None = None, foot: Drawer | None = None, again: Drawer | None = None) -> None:
        """A new document from a new page. `again` draws what each further page starts with and moves `y`."""
        self._close()
        self._head, self._foot, self._next = head, foot, again
        self._new_page()

    def page_break(self) -> None:
        self._new_page()
        if self._next:
            self._next(self)

    def ensure(self, height: float) -> bool:
        """A new page where `height` is not left on this one; says whether there was one."""
        if self.y - height >= self.bottom:
            return False
        self.page_break()
        return True

    def finish(self) -> bytes:
        self._close()
        self._canvas.save()
        return self._sink.getvalue()

    def _new_page(self) -> None:
        self._ops, self._colour = [], BLACK
        self._ready.append(self._ops)
        self.y = self.top
        self.page = len(self._ready)

    def _close(self) -> None:
        self.pages = len(self._ready)
        for page, ops in enumerate(self._ready, 1):
            self.page, self._ops, self._colour = page, ops, -1
            for drawer in (self._head, self._foot):
                if drawer:
                    drawer(self)
            self._canvas.addLiteral("\n".join(ops))
            self._canvas.showPage()
        self._ready = []

    # Marks

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        align: Align = "left",
        colour: float = BLACK,
    ) -> None:
        """One line, as wide as it is: callers that do not know the length wrap or shrink it first."""
        if not text:
            return
        if align == "right":
            x -= width(text, size, bold=bold)
        elif align == "center":
            x -= width(text, size, bold=bold) / 2
        self._ink(colour)
        self._ops.append(f"BT 1 0 0 1 {x:.2f} {y:.2f} Tm {self._show(text, size, bold)} ET")

    def hairline(self, x1: float, x2: float, y: float, *, weight: float = 0.4, colour: float = PALE) -> None:
        self._ops.append(f"{colour:g} G {weight:g} w {x1:.2f} {y:.2f} m {x2:.2f} {y:.2f} l S")
        self._colour = -1

    def box(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        *,
        weight: float = 0.6,
        colour: float = BLACK,
        fill: bool = False,
    ) -> None:
        shade = "g" if fill else "G"
        end = "f" if fill else "S"
        self._ops.append(f"{colour:g} {shade} {weight:g} w {x:.2f} {y:.2f} {wide:.2f} {high:.2f} re {end}")
        self._colour = -1

    def barcode(
        self, value: str, x: float, y: float, high: float, *, dots: int, dpi: int, align: Align = "left"
    ) -> float:
        """Code 128 with its corner on a whole dot of a `dpi` printer; returns its width, without quiet zones."""
        bars, modules = code128.bars(value)
        dot = 72 / dpi
        wide = modules * dots * dot
        if align != "left":
            x -= wide if align == "right" else wide / 2
        first, low = round(x / dot), round(y / dot)
        tall = round(high / dot)
        rects = " ".join(
            f"{(first + start * dots) * dot:.4f} {low * dot:.4f} {span * dots * dot:.4f} {tall * dot:.4f} re"
            for start, span in bars
        )
        self._ink(BLACK)
        self._ops.append(f"{rects} f")
        return wide

    def _ink(self, colour: float) -> None:
        if colour != self._colour:
            self._colour = colour
            self._ops.append(f"{colour:g} g {colour:g} G")

    # Strings as this document's subsets spell them

    def _show(self, text: str, size: float, bold: bool) -> str:
        key = (text, size, bold)
        shown = self._shown.get(key)
        if shown is None:
            if len(self._shown) > ENCODED_TEXTS_KEPT:
                self._shown.clear()
            shown = self._shown[key] = self._encoded(text, size, bold)
        return shown

    def _encoded(self, text: str, size: float, bold: bool) -> str:
        parts = []
        for run in in_sight_order(runs(text, bold)):
            thick = bold and not run.face.bold
            if thick:
                parts.append(f"2 Tr {size * 0.02:.3f} w")
            parts.append(self._shaped(run, size) if needs_shaping(run) else self._plain(run, size))
            if thick:
                parts.append("0 Tr")
        return " ".join(parts)

    def _plain(self, run: Run, size: float) -> str:
        return " ".join(f"{name} {size:g} Tf ({_escaped(code)}) Tj" for name, code in self._codes(run.face, run.text))

    def _shaped(self, run: Run, size: float) -> str:
        """Glyphs one by one. Left-to-right text goes with them as it was written, so that copying and searching find it;
        viewers turn right-to-left glyphs round by themselves, and such a text twice."""
        parts = []
        if not is_right_to_left(run.text):
            actual = run.text.encode("utf-16-be").hex().upper()
            parts.append(f"/Span <</ActualText <FEFF{actual}>>> BDC")
        for glyph in glyphs(run):
            ((name, code),) = self._codes(run.face, chr(glyph.code))
            rise = f"{glyph.up * size / 1000:.3f} Ts " if glyph.up else ""
            after = glyph.own - glyph.advance + glyph.right
            parts.append(
                f"{rise}{name} {size:g} Tf [{-glyph.right:.1f} ({_escaped(code)}) {after:.1f}] TJ{' 0 Ts' if rise else ''}"
            )
        if not is_right_to_left(run.text):
            parts.append("EMC")
        return " ".join(parts)

    def _codes(self, face: Face, text: str) -> Sequence[tuple[str, bytes]]:
        font = face.font
        return [
            (font.getSubsetInternalName(subset, self._document), code)
            for subset, code in font.splitString(text, self._document)
        ]


def _escaped(code: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b"()\\" else f"\\{byte:03o}" for byte in code)


@dataclass(frozen=True, slots=True)
class Style:
    """How a line of text looks; `leading` is from one baseline to the next."""

    size: float
    leading: float
    bold: bool = False
    colour: float = BLACK
