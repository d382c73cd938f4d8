"""Which face prints which character, and how wide it is. Faces are read once a process; no character ever goes missing."""

import threading
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import font_roboto  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

ROBOTO = Path(font_roboto.__file__).parent / "files"
VENDORED = Path(__file__).parent / "typefaces"

# First and last code point of the blocks that Roboto lacks, and the file that has them. Only the file that a text
# needs is opened.
SCRIPTS = (
    (0x0530, 0x058F, "NotoSansArmenian"),
    (0x0590, 0x05FF, "NotoSansHebrew"),
    (0x0600, 0x06FF, "NotoSansArabic"),
    (0x0750, 0x077F, "NotoSansArabic"),
    (0x0780, 0x07BF, "NotoSansThaana"),
    (0x08A0, 0x08FF, "NotoSansArabic"),
    (0x0900, 0x097F, "NotoSansDevanagari"),
    (0x0980, 0x09FF, "NotoSansBengali"),
    (0x0A00, 0x0A7F, "NotoSansGurmukhi"),
    (0x0A80, 0x0AFF, "NotoSansGujarati"),
    (0x0B00, 0x0B7F, "NotoSansOriya"),
    (0x0B80, 0x0BFF, "NotoSansTamil"),
    (0x0C00, 0x0C7F, "NotoSansTelugu"),
    (0x0C80, 0x0CFF, "NotoSansKannada"),
    (0x0D00, 0x0D7F, "NotoSansMalayalam"),
    (0x0D80, 0x0DFF, "NotoSansSinhala"),
    (0x0E00, 0x0E7F, "NotoSansThai"),
    (0x0E80, 0x0EFF, "NotoSansLao"),
    (0x0F00, 0x0FFF, "NotoSerifTibetan"),
    (0x1000, 0x109F, "NotoSansMyanmar"),
    (0x10A0, 0x10FF, "NotoSansGeorgian"),
    (0x1200, 0x139F, "NotoSansEthiopic"),
    (0x13A0, 0x13FF, "NotoSansCherokee"),
    (0x1400, 0x167F, "NotoSansCanadianAboriginal"),
    (0x1780, 0x17FF, "NotoSansKhmer"),
    (0x18B0, 0x18FF, "NotoSansCanadianAboriginal"),
    (0x1C90, 0x1CBF, "NotoSansGeorgian"),
    (0x2D00, 0x2D2F, "NotoSansGeorgian"),
    (0x2D80, 0x2DDF, "NotoSansEthiopic"),
    (0xAA60, 0xAA7F, "NotoSansMyanmar"),
    (0xAB70, 0xABBF, "NotoSansCherokee"),
    (0xFB1D, 0xFB4F, "NotoSansHebrew"),
    (0xFB50, 0xFDFF, "NotoSansArabic"),
    (0xFE70, 0xFEFC, "NotoSansArabic"),
)
# These need a shaper: letters join, move or carry marks.
SHAPED = {
    "NotoSansArabic", "NotoSansHebrew", "NotoSansThaana", "NotoSansDevanagari", "NotoSansBengali", "NotoSansGurmukhi",
    "NotoSansGujarati", "NotoSansOriya", "NotoSansTamil", "NotoSansTelugu", "NotoSansKannada", "NotoSansMalayalam",
    "NotoSansSinhala", "NotoSansThai", "NotoSansLao", "NotoSerifTibetan", "NotoSansMyanmar", "NotoSansKhmer",
}  # fmt: skip
ANY_SCRIPT = ("DroidSansFallback", "NotoSansSymbols2")
JOINERS = "\u200c\u200d"

_opening = threading.Lock()


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """A registered font. `bold` faces are drawn as they are; where bold is wanted of another, its outline is thickened."""

    name: str
    font: Any
    shaped: bool
    bold: bool

    def has(self, code: int) -> bool:
        return code in self.font.face.charToGlyph

    def units(self, code: int) -> float:
        """The advance in thousandths of the size."""
        return float(self.font.face.charWidths.get(code, self.font.face.defaultWidth))


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one face, in reading order."""

    face: Face
    text: str


@cache
def face(name: str, *, bold: bool = False) -> Face:
    with _opening:
        path = (ROBOTO if name.startswith("Roboto") else VENDORED) / f"{name}.ttf"
        if not path.is_file():
            path = VENDORED / f"{name}-Regular.ttf"
        font = TTFont(name, str(path))
        pdfmetrics.registerFont(font)
        return Face(name, font, name in SHAPED, bold)


def text_face(bold: bool) -> Face:
    return face("Roboto-Bold", bold=True) if bold else face("Roboto-Regular")


@cache
def script_of(code: int) -> str:
    return next((name for first, last, name in SCRIPTS if first <= code <= last), "")


@lru_cache(maxsize=8192)
def face_of(char: str, bold: bool) -> Face | None:
    """The face for a character, None where no face has it."""
    code = ord(char)
    main = text_face(bold)
    if main.has(code):
        return main
    others = (face(name) for name in (script_of(code), *ANY_SCRIPT) if name)
    return next((other for other in others if other.has(code)), None)


def is_unseen(char: str) -> bool:
    """Characters that print nothing by their nature: controls, direction marks, variation selectors, joiners."""
    return unicodedata.category(char) in ("Cc", "Cf") or "\ufe00" <= char <= "\ufe0f" or char >= "\U000e0000"


def spoken(char: str) -> str:
    """What stands for a character that no face has: a picture's name, a letter's code point."""
    if unicodedata.category(char) in ("So", "Sk") and (name := unicodedata.name(char, "")):
        return f"[{name.lower()}]"
    return f"[U+{ord(char):04X}]"


def unprintable(text: str) -> tuple[str, ...]:
    """The characters of `text` that will be spelt out in brackets, for those who want to warn beforehand."""
    return tuple(dict.fromkeys(c for c in normal(text) if not is_unseen(c) and face_of(c, False) is None))


def normal(text: str) -> str:
    """Composed, on one line; a line break or tab counts as a space."""
    return unicodedata.normalize("NFC", text.replace("\n", " ").replace("\t", " ").replace("\r", ""))


@lru_cache(maxsize=16384)
def runs(text: str, bold: bool) -> tuple[Run, ...]:
    """`text` cut where the face changes. A mark or joiner stays with the letter that it belongs to."""
    main = text_face(bold)
    if text.isascii() and text.isprintable():
        return (Run(main, text),) if text else ()
    parts: list[tuple[Face, list[str]]] = []
    for char in normal(text):
        last = parts[-1] if parts else None
        if last and ((char in JOINERS and last[0].shaped) or (unicodedata.combining(char) and last[0].has(ord(char)))):
            last[1].append(char)
            continue
        if is_unseen(char):
            continue
        chosen = face_of(char, bold)
        shown = char if chosen else spoken(char)
        chosen = chosen or main
        if last and last[0] is chosen:
            last[1].append(shown)
        else:
            parts.append((chosen, [shown]))
    return tuple(Run(chosen, "".join(chars)) for chosen, chars in parts)
