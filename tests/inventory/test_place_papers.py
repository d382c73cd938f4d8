"""The slip that travels with a transfer, in English and French, and labels: read as a person or a scanner would."""

from datetime import date

import pytest
from django.urls import reverse

from backoffice import transferring
from backoffice.lib.letterhead import Letterhead
from inventory import ledger, transfer_slip, transfers
from inventory.models import Location
from tests.making import make_merchant, make_product
from tests.reading import Read
from tests.staff import logged_in

MERCHANT = Letterhead("Boréal Outfitters Inc.", ("4820 boulevard Saint-Laurent", "Montréal QC  H2T 1R5"))


def slip(count: int = 2, **fields: object) -> transfer_slip.SlipData:
    lines = tuple(
        transfer_slip.SlipLine(
            f"SKU-{n:03d}", f"Tente pour {n} personnes", n + 1, place=f"A-{n:02d}", lot="L-7" if n else ""
        )
        for n in range(count)
    )
    words = {
        "source": ("Main warehouse",),
        "destination": ("Entrepôt de Québec", "12 rue du Port"),
        "lines": lines,
        **fields,
    }
    return transfer_slip.SlipData(merchant=MERCHANT, number="T00042", **words)  # type: ignore[arg-type]


def test_it_says_what_goes_where_and_is_scanned() -> None:
    paper = Read(transfer_slip.draw([slip(sent_on=date(2026, 12, 1), note="With the Tuesday van")]))
    said = paper.text()
    for words in (
        "Transfer",
        "Main warehouse",
        "Entrepôt de Québec",
        "SKU-001 ",
        "Lot L-7",
        "Lines: 2 · Units: 3",
        "December 1, 2026",
    ):
        assert words.strip() in said, words
    assert "T00042" in paper.codes(dpi=300)
    assert paper.outside(14) == []


def test_a_draft_in_french_of_many_pages_repeats_its_heading() -> None:
    paper = Read(transfer_slip.draw([slip(80, language="fr", is_draft=True)]))
    assert len(paper) > 2
    assert "BROUILLON" in paper.text(0)
    assert "Transfert T00042 (suite)" in paper.text(1)
    assert f"Page 2 de {len(paper)}" in paper.text(1)
    assert "Reçu par" in paper.text(len(paper) - 1)
    assert paper.outside(14) == []


@pytest.mark.django_db
def test_the_slip_is_in_the_merchants_language_and_says_where_it_was_taken_from() -> None:
    make_merchant(language="fr")
    tent = make_product("TENT", 5, name_fr="Tente")
    main = ledger.default_location()
    quebec = Location.objects.create(code="QC", name="Quebec", address="12 rue du Port\nQuébec QC")
    paper = transfers.draft(source_id=main.pk, destination_id=quebec.pk, lines=[transfers.Wanted(tent.pk, 2)])
    client, url = logged_in("warehouse"), reverse("admin:inventory_transfer_slip", args=[paper.pk])

    assert "BROUILLON" in Read(client.get(url).content).text()
    transferring.send(paper.pk)
    said = Read(client.get(url).content).text()

    for words in ("Transfert", "Tente", "Main warehouse", "12 rue du Port", "Lignes : 1 · Unités : 2"):
        assert words in said, words
