"""What the letter-size papers for customers share: who it is from, what it is, the facts, the foot of each page."""

from collections.abc import Sequence

from backoffice.lib import code128
from backoffice.lib.layout import BODY, BODY_BOLD, HEADING, SMALL, block, wrapped
from backoffice.lib.letterhead import Letterhead
from backoffice.lib.pdf import BLACK, GREY, Paper, Style, fitting_size, width

NAME = Style(15, 18, bold=True)
TITLE = Style(19, 22, bold=True)
PAGE_WORDS = {"en": "Page {page} of {pages}", "fr": "Page {page} de {pages}"}
FOOT_HEIGHT = 22.0

Facts = Sequence[tuple[str, str]]


def masthead(paper: Paper, merchant: Letterhead, title: str, *, barcode: str = "", mark: str = "") -> None:
    """The merchant on the left, the paper's name on the right, above a bar code or a mark such as PAID."""
    top = paper.y
    half = (paper.right - paper.left) * 0.56
    tall = block(paper, paper.left, top, (merchant.name,), half, NAME) + 2
    tall += block(paper, paper.left, top - tall, merchant.address, half, SMALL)
    tall += block(paper, paper.left, top - tall, (" · ".join(merchant.contacts),), half, SMALL)

    paper.text(paper.right, top - TITLE.size + 3, title, TITLE.size, bold=True, align="right")
    under = top - TITLE.leading - 4
    if barcode:
        dots = 4 if code128.bars(barcode)[1] * code128.module(4, 300) <= paper.right - paper.left - half else 3
        paper.barcode(barcode, paper.right, under - 28, 28, dots=dots, dpi=300, align="right")
        paper.text(paper.right, under - 40, barcode, 10, bold=True, align="right")
        under -= 44
    if mark:
        under = _mark(paper, mark, under)
    paper.y = min(top - tall, under) - 8
    paper.hairline(paper.left, paper.right, paper.y, weight=1.2, colour=BLACK)
    paper.y -= 10


def _mark(paper: Paper, mark: str, top: float) -> float:
    size = 12.0
    wide = width(mark, size, bold=True) + 16
    paper.box(paper.right - wide, top - 20, wide, 20, fill=True)
    paper.text(paper.right - wide / 2, top - 14.5, mark, size, bold=True, align="center", colour=1.0)
    return top - 22


def columns(paper: Paper, blocks: Sequence[tuple[str, Sequence[str]]], facts: Facts) -> None:
    """Addresses side by side, each under its caption with its first line in bold, and the facts on the right."""
    top = paper.y
    count = len(blocks)
    wide = (paper.right - paper.left - (200 if count > 1 else 270)) / count
    deepest = 0.0
    for index, (caption, lines) in enumerate(blocks):
        x = paper.left + index * wide
        paper.text(x, top - HEADING.size, caption, HEADING.size, bold=True, colour=GREY)
        tall = HEADING.leading + 2
        tall += block(paper, x, top - tall, lines[:1], wide - 14, BODY_BOLD)
        tall += block(paper, x, top - tall, lines[1:], wide - 14, BODY)
        deepest = max(deepest, tall)
    deepest = max(deepest, _facts(paper, paper.left + count * wide, top, facts))
    paper.y = top - deepest - 12


def _facts(paper: Paper, x: float, top: float, facts: Facts) -> float:
    stated = [(name, value) for name, value in facts if value]
    names = max((width(name, SMALL.size) for name, _ in stated), default=0.0) + 10
    y = top
    for name, value in stated:
        paper.text(x, y - BODY.size, name, SMALL.size, colour=GREY)
        for line in wrapped(value, paper.right - x - names, BODY.size):
            paper.text(x + names, y - BODY.size, line, BODY.size)
            y -= BODY.leading
    return top - y


def foot(paper: Paper, left: str, language: str) -> None:
    """On every page: what paper this is, should the sheets part, and which page of how many."""
    y = paper.margin - 4
    page = PAGE_WORDS[language].format(page=paper.page, pages=paper.pages)
    paper.hairline(paper.left, paper.right, y + 12)
    room = paper.right - paper.left - width(page, SMALL.size) - 12
    paper.text(paper.left, y, left, fitting_size(left, room, SMALL.size, 3), colour=GREY)
    paper.text(paper.right, y, page, SMALL.size, colour=GREY, align="right")


def running_head(paper: Paper, text: str) -> None:
    """How each further page starts."""
    paper.text(paper.left, paper.y - 9, text, 9, bold=True)
    paper.y -= 22
