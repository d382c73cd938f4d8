"""Papers read as a person or a scanner would: by pdfium's text and picture of the page, not by our own drawing layer."""

from ctypes import create_string_buffer
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium
import zxingcpp


@dataclass(frozen=True)
class Word:
    text: str
    left: float
    bottom: float
    right: float
    top: float


class Read:
    def __init__(self, content: bytes) -> None:
        assert content.startswith(b"%PDF-")
        self.document = pypdfium2.PdfDocument(content)

    def __len__(self) -> int:
        return len(self.document)

    @property
    def sizes(self) -> set[tuple[float, float]]:
        return {page.get_size() for page in self.document}

    def text(self, page: int | None = None) -> str:
        pages = range(len(self)) if page is None else [page]
        return "\n".join(
            self.document[index].get_textpage().get_text_range().replace("\r\n", "\n").replace("\u00a0", " ")
            for index in pages
        )

    def words(self, page: int = 0) -> list[Word]:
        """What stands between two spaces or line ends, with the box of its ink."""
        reader = self.document[page].get_textpage()
        found: list[Word] = []
        text, boxes = "", []
        for index in range(reader.count_chars() + 1):
            char = reader.get_text_range(index, 1) if index < reader.count_chars() else " "
            if char.isspace() or not char:
                if text:
                    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
                    found.append(Word(text, min(lefts), min(bottoms), max(rights), max(tops)))
                text, boxes = "", []
                continue
            text += char
            boxes.append(reader.get_charbox(index))
        return found

    def word(self, text: str, page: int = 0) -> Word:
        return next(word for word in self.words(page) if word.text == text)

    def codes(self, page: int = 0, *, dpi: int = 203) -> list[str]:
        picture = self.document[page].render(scale=dpi / 72).to_pil()
        return [code.text for code in zxingcpp.read_barcodes(picture)]

    def outside(self, margin: float) -> list[tuple[int, Word]]:
        """The words of which any ink lies nearer to the paper's edge than `margin`."""
        found = []
        for page in range(len(self)):
            width, height = self.document[page].get_size()
            for word in self.words(page):
                if (
                    word.left < margin
                    or word.bottom < margin
                    or word.right > width - margin
                    or word.top > height - margin
                ):
                    found.append((page, word))
        return found

    def fonts(self) -> dict[str, bool]:
        """Each font in use, and whether the file carries it."""
        found = {}
        for page in self.document:
            for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
                font = pdfium.FPDFTextObj_GetFont(item.raw)
                name = self._name(font)
                found[name] = bool(pdfium.FPDFFont_GetIsEmbedded(font))
        return found

    @staticmethod
    def _name(font: object) -> str:
        buffer = create_string_buffer(200)
        pdfium.FPDFFont_GetBaseFontName(font, buffer, 200)
        return buffer.value.decode()
