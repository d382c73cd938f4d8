"""Where the slip of a transfer has its data from: read in a constant number of statements."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime

from backoffice.lib.letterhead import Letterhead
from inventory import places, transfer_slip
from inventory.models import Location, Movement, StockLevel, Transfer, TransferLine


def slip(transfer_id: int, *, letterhead: Letterhead, language: str, day_of: Callable[[datetime], date]) -> bytes:
    """The PDF of one transfer, in the merchant's language; `day_of` an instant is the merchant's local day."""
    paper = Transfer.objects.select_related("source", "destination").get(pk=transfer_id)
    lines = list(paper.lines.select_related("product", "lot").order_by("product__sku", "id"))
    spots = _left_from(paper) if paper.sent_at else _lies_in(paper, lines)
    rows = [
        transfer_slip.SlipLine(
            sku=line.product.sku,
            name=(line.product.name_fr if language == "fr" else "") or line.product.name,
            variation=line.product.variation,
            barcode=line.product.barcode,
            units=line.sent if paper.sent_at else line.wanted,
            lot=line.lot.code if line.lot else "",
            expires_on=line.lot.expires_on if line.lot else None,
            place=", ".join(spots.get(line.pk, [])),
        )
        for line in lines
        if line.sent or not paper.sent_at
    ]
    return transfer_slip.draw(
        [
            transfer_slip.SlipData(
                merchant=letterhead,
                number=paper.number,
                source=_address(paper.source),
                destination=_address(paper.destination),
                lines=tuple(sorted(rows, key=lambda row: (row.place, row.sku))),
                language=language,
                is_draft=paper.state == Transfer.State.DRAFT,
                made_on=day_of(paper.created_at),
                sent_on=day_of(paper.sent_at) if paper.sent_at else None,
                expected_on=paper.expected_on,
                note=paper.note,
            )
        ]
    )


def _address(warehouse: Location) -> tuple[str, ...]:
    return (warehouse.name, *(line.strip() for line in warehouse.address.splitlines() if line.strip()))


def _left_from(paper: Transfer) -> dict[int, list[str]]:
    """By line the places that its units were taken from."""
    moved = Movement.objects.filter(key__startswith=f"transfer:{paper.pk}:sent:", quantity__lt=0).order_by("id")
    found: dict[int, list[str]] = defaultdict(list)
    for key, name in moved.values_list("key", "location__name"):
        line = int(key.split(":")[3])
        if name not in found[line]:
            found[line].append(name)
    return found


def _lies_in(paper: Transfer, lines: list[TransferLine]) -> dict[int, list[str]]:
    """By line where its product lies at the source now, first the place that is picked from first."""
    levels = StockLevel.objects.filter(
        product__in={line.product_id for line in lines},
        location__in=places.of_warehouse(paper.source_id),
        available__gt=0,
    ).filter(location__sellable=True)
    there: dict[int, list[str]] = defaultdict(list)
    for product, name in levels.order_by("location__pick_order", "location").values_list("product", "location__name"):
        there[product].append(name)
    return {line.pk: there[line.product_id][:3] for line in lines}
