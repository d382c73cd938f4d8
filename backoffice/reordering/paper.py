"""The order list on paper: by supplier and warehouse, each line with its arithmetic."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import groupby, islice

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backoffice.lib import formats
from backoffice.lib.layout import BODY, BODY_BOLD, Cell, Column, Table, paragraph
from backoffice.lib.masthead import FOOT_HEIGHT, TITLE, foot, running_head
from backoffice.lib.pdf import LETTER, Paper, Style, fitting_size
from backoffice.reordering import words
from backoffice.reordering.needs import Line
from orders.models import Merchant

MOST = 2000
"""Lines on paper; nobody reads more, and the table file has them all."""
GROUP = Style(11, 15, bold=True)
QUANTITY = Style(11, 12.5, bold=True)
FIGURE, MONEY = 56.0, 76.0


def draw(lines: Iterable[Line], *, seller: Merchant, day: date, costs: bool) -> bytes:
    """A PDF, US Letter. The lines come sorted by supplier and warehouse."""
    language = seller.language
    title = _("Order list")
    paper = Paper(LETTER, title=title, author=seller.name, language=language, margin=36)
    paper.bottom = paper.margin + FOOT_HEIGHT
    said = f"{title} · {date_format(day, 'j F Y')}"
    paper.begin(foot=lambda page: foot(page, said, language), again=lambda page: running_head(page, said))
    paper.text(paper.left, paper.y - TITLE.size + 3, title, TITLE.size, bold=True)
    size = fitting_size(seller.name, paper.right - paper.left - 220, BODY.size, 5, bold=True)
    paper.text(paper.right, paper.y - TITLE.size + 3, seller.name, size, bold=True, align="right")
    paper.y -= TITLE.leading + 2
    paragraph(paper, paper.left, date_format(day, "l, j F Y"), paper.right - paper.left, BODY)
    left = iter(lines)
    count = 0
    for _group, part in groupby(islice(left, MOST), key=lambda line: (line.supplier_id, line.warehouse_id)):
        count += _supplier(paper, part, seller=seller, costs=costs)
    if not count:
        paper.y -= 8
        paragraph(paper, paper.left, _("Nothing is to be ordered."), paper.right - paper.left, BODY)
    if next(left, None) is not None:
        paper.y -= 8
        sentence = _("There are more than %(count)d lines: the CSV and XLSX files have all of them.") % {"count": MOST}
        paragraph(paper, paper.left, sentence, paper.right - paper.left, BODY_BOLD)
    return paper.finish()


def _supplier(paper: Paper, part: Iterator[Line], *, seller: Merchant, costs: bool) -> int:
    """The lines of one supplier for one warehouse; how many."""
    first = next(part)
    paper.ensure(110)
    paper.y -= 10
    room = paper.right - paper.left
    paragraph(paper, paper.left, f"{first.supplier or _('No supplier is known')} · {first.warehouse}", room, GROUP)
    columns = [Column(_("Product"), room - 3 * FIGURE - (MONEY if costs else 0))]
    columns += [Column(_(name), FIGURE, "right") for name in ("Projected", "Up to", "Order")]
    if costs:
        columns.append(Column(_("Value"), MONEY, "right"))
    table = Table(paper, columns)
    table.heading()
    count, total = 0, Decimal(0)
    for line in (first, *part):
        count += 1
        total += line.value or 0
        _line(table, line, seller=seller, costs=costs)
    if costs and first.supplier_id is not None:
        _total(paper, first, total, seller.language)
    elif first.minimum_order and total < first.minimum_order:
        _warning(paper, _("This does not come to the supplier's minimum order."))
    return count


def _line(table: Table, line: Line, *, seller: Merchant, costs: bool) -> None:
    name = f"{line.name}, {line.variation}" if line.variation else line.name
    notes = [f"{name}"]
    if terms := words.terms(line):
        notes.append(terms)
    why = words.why(line, seller.service_level)
    # The formula of a suggestion that decides nothing is on the page; here it would hide what decides.
    notes.append(" ".join(why if line.kind in ("demand", "unknown") else why[:-1]))
    cells: list[Cell | str] = [
        Cell(line.sku, BODY_BOLD, notes=tuple(notes)),
        str(line.projected).replace("-", "−"),
        "–" if line.target is None else str(line.target),
        Cell(str(line.quantity), QUANTITY),
    ]
    if costs:
        shown = "–" if line.value is None else formats.money(line.value, line.currency or "", seller.language)
        cells.append(shown)
    table.row(cells)


def _total(paper: Paper, first: Line, total: Decimal, language: str) -> None:
    paper.ensure(20)
    money = partial(formats.money, currency=first.currency or "", language=language)
    paper.y -= 4
    paper.text(paper.right, paper.y - 10, f"{_('Together')}  {money(total)}", 10, bold=True, align="right")
    paper.y -= 15
    if first.minimum_order and total < first.minimum_order:
        least = money(first.minimum_order)
        _warning(paper, _("The supplier takes orders from %(minimum)s: this does not come to it.") % {"minimum": least})


def _warning(paper: Paper, sentence: str) -> None:
    paper.ensure(16)
    paragraph(paper, paper.left, sentence, paper.right - paper.left, BODY_BOLD)
