"""`python -m bench.paper`: packing slips and labels against the barest reportlab pages with the same words and bar code.

The baseline is what a person would write first: a canvas, Helvetica (built in, nothing to embed or subset), one drawString
for each string of our page at its place, reportlab's own Code128, all positions worked out beforehand. So it pays for
nothing that ours does besides drawing: no wrapping, no measuring, no embedded fonts, no names in other scripts.
"""

import gc
import io
import time
from collections.abc import Callable
from datetime import date

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

from backoffice.lib import pdf
from backoffice.lib.address import PostalAddress
from backoffice.lib.letterhead import Letterhead
from bench import report
from shipping import labels, packing_slip

FLOOR = 0.6
PAGES = 400
ROUNDS = 9

MERCHANT = Letterhead(
    "Boréal Outfitters Inc.", ("1200 rue Saint-Denis", "Montréal QC  H2X 3J6"), "hello@boreal.example", "514 555-0199"
)
FIRST = "Ann Élodie Pierre Zoé Marc Sofia Liam Noah Emma Olivia".split()
LAST = "Côté Tremblay Nguyen Singh O’Brien Lefrançois Chen Gagnon Roy Martin Bélanger".split()


def address(index: int) -> PostalAddress:
    return PostalAddress(
        name=f"{FIRST[index % 10]} {LAST[index % 11]} {index}",
        line1=f"{index * 7 + 1} Elm Street",
        city="Halifax",
        province="NS",
        postal_code=f"B3H {index % 10}A{index % 7}",
        country="CA",
    )


def slip(index: int) -> packing_slip.SlipData:
    lines = tuple(
        packing_slip.SlipLine(
            f"Merino base layer no. {index}-{place}", place + 2, place + 1, place % 2, sku=f"BL-{index:05}-{place}"
        )
        for place in range(3)
    )
    return packing_slip.SlipData(
        MERCHANT,
        f"{100000 + index}",
        date(2026, 11, 1 + index % 28),
        address(index),
        lines,
        store_number=f"{4000 + index}",
        parcel_number=f"{100000 + index}-1",
        packed_on=date(2026, 12, 1),
        shipping_method="Expedited Parcel",
    )


def label(index: int) -> labels.LabelData:
    return labels.LabelData(
        MERCHANT, f"{100000 + index}", address(index), parcel_number=f"{100000 + index}-1", shipping_method="Expedited"
    )


Strings = list[tuple[float, float, str, float, bool]]


def strings_of(make: Callable[[], bytes]) -> list[Strings]:
    """What our pages say and where, one list a page, caught from the drawing layer itself."""
    pages: dict[int, Strings] = {}
    original = pdf.Paper.text

    def caught(
        self: pdf.Paper,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        align: pdf.Align = "left",
        colour: float = pdf.BLACK,
    ) -> None:
        taken = pdf.width(text, size, bold=bold)
        start = x - (taken if align == "right" else taken / 2 if align == "center" else 0)
        pages.setdefault(id(self._ops), []).append((start, y, text, size, bold))
        kept.append(self._ops)
        original(self, x, y, text, size, bold=bold, align=align, colour=colour)

    kept: list[list[str]] = []
    pdf.Paper.text = caught  # type: ignore[method-assign]
    try:
        make()
    finally:
        pdf.Paper.text = original  # type: ignore[method-assign]
    return list(pages.values())


def bare(size: tuple[float, float], pages: list[Strings], codes: list[str], module: float, high: float) -> bytes:
    sink = io.BytesIO()
    canvas = Canvas(sink, pagesize=size, pageCompression=1)
    for strings, code in zip(pages, codes, strict=True):
        for x, y, text, points, bold in strings:
            canvas.setFont("Helvetica-Bold" if bold else "Helvetica", points)
            canvas.drawString(x, y, text)
        Code128(code, barWidth=module, barHeight=high, quiet=0).drawOn(canvas, 100, 100)
        canvas.showPage()
    canvas.save()
    return sink.getvalue()


def seconds(make: Callable[[], bytes]) -> float:
    gc.collect()
    start = time.perf_counter()
    make()
    return time.perf_counter() - start


def measured(ours: Callable[[int], bytes], baseline: Callable[[], bytes]) -> tuple[float, float]:
    """The best of each, taken in turns. Ours gets other orders in each round, so that no round finds its words cached."""
    best_ours = best_bare = float("inf")
    for turn in range(ROUNDS):
        start = (turn + 1) * PAGES
        best_ours = min(best_ours, seconds(lambda start=start: ours(start)))  # type: ignore[misc]
        best_bare = min(best_bare, seconds(baseline))
    return PAGES / best_ours, PAGES / best_bare


def compare(
    kind: str, size: tuple[float, float], draw: Callable[[int], bytes], module: float, high: float
) -> list[object]:
    pages = strings_of(lambda: draw(0))
    if len(pages) != PAGES:
        raise SystemExit(f"{len(pages)} pages of {kind} were caught, not {PAGES}.")
    codes = [f"{100000 + index}" for index in range(PAGES)]
    ours, baseline = measured(draw, lambda: bare(size, pages, codes, module, high))
    return [kind, baseline, ours, ours / baseline, len(draw(0)) / PAGES / 1024]


def main() -> None:
    rows = [
        compare(
            "packing slips",
            letter,
            lambda start: packing_slip.draw([slip(start + index) for index in range(PAGES)]),
            0.96,
            28,
        ),
        compare(
            "labels",
            pdf.LABEL_4X6,
            lambda start: labels.draw([label(start + index) for index in range(PAGES)]),
            3 * 72 / 203,
            60,
        ),
    ]
    report.table(["paper", "bare pages/s", "ours pages/s", "ratio", "kB a page"], rows)
    ratios = {str(row[0]).replace(" ", "_"): round(float(str(row[3])), 3) for row in rows}
    report.finish(
        "paper",
        figure=min(ratios.values()),
        floor=FLOOR,
        more={
            **ratios,
            "pages": PAGES,
            **{f"{row[0]}_per_second".replace(" ", "_"): round(float(str(row[2]))) for row in rows},
        },
    )


if __name__ == "__main__":
    main()
