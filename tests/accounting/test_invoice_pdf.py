import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from accounting.invoice_document import (
    InvoiceCharge,
    InvoiceDiscount,
    InvoiceDocument,
    InvoiceLine,
    InvoicePayment,
    InvoiceTax,
)
from accounting.invoice_pdf import draw
from backoffice.lib.address import PostalAddress
from backoffice.lib.letterhead import Letterhead
from tests.reading import Read

MERCHANT = Letterhead(
    "Boréal Outfitters Inc.", ("1200 rue Saint-Denis", "Montréal QC  H2X 3J6"), "hello@boreal.example"
)
ELODIE = PostalAddress("Élodie Œuvray", "", "4, rue de l’Église", "", "Saint-Jérôme", "QC", "J7Z1A1", "CA")
INVOICE = InvoiceDocument(
    number="INV-001042",
    issued_on=date(2026, 11, 23),
    currency="CAD",
    merchant=MERCHANT,
    order_number="100001",
    store_number="4711",
    ordered_on=date(2026, 11, 20),
    bill_to=ELODIE,
    ship_to=replace(ELODIE, name="山田太郎"),
    lines=(
        InvoiceLine("Merino base layer", 2, Decimal("50.000000"), Decimal("100.000"), "BL-MER", "Medium"),
        InvoiceLine("Trail gaiters", 1, Decimal(40), Decimal("40.00"), "0017"),
    ),
    taxes=(
        InvoiceTax("GST", Decimal("7.00"), Decimal("5.00000"), "123456789 RT0001"),
        InvoiceTax("QST", Decimal("13.970"), Decimal("9.97500"), "1234567890 TQ0001"),
    ),
    total=Decimal("160.97"),
    payments=(InvoicePayment(Decimal("160.970"), date(2026, 11, 21), "Visa 4242", "ch_3PqX8e2eZvKYlo2C"),),
)


def test_c24_gst_and_qst_are_printed_to_the_cent() -> None:
    read = Read(draw([INVOICE]))

    text = read.text()
    for words in (
        "$140.00", "GST (5%)", "$7.00", "QST (9.975%)", "$13.97", "Total (CAD)", "$160.97",
        "Registration no. 123456789 RT0001", "Registration no. 1234567890 TQ0001",
    ):  # fmt: skip
        assert words in text
    assert "13.96" not in text
    assert "13.970" not in text


def test_the_paid_invoice_says_so_with_date_method_and_reference() -> None:
    text = Read(draw([INVOICE])).text()

    for words in (
        "PAID",
        "Paid on November 21, 2026",
        "Visa 4242",
        "ch_3PqX8e2eZvKYlo2C",
        "−$160.97",
        "Amount due",
        "$0.00",
    ):
        assert words in text


def test_an_invoice_that_is_not_paid_is_not_marked() -> None:
    text = Read(draw([replace(INVOICE, payments=(InvoicePayment(Decimal("100.00"), None, "Cash"),))])).text()

    assert "PAID" not in text
    assert "$60.97" in text


def test_who_what_and_when_are_on_it() -> None:
    read = Read(draw([INVOICE]))

    for words in (
        "Invoice", "INV-001042", "November 23, 2026", "100001", "4711", "November 20, 2026", "BILL TO", "SHIP TO",
        "Élodie Œuvray", "山田太郎", "Canadian Dollar (CAD)", "Merino base layer", "Medium", "BL-MER", "$50.00", "0017",
    ):  # fmt: skip
        assert words in read.text()
    assert all(read.fonts().values())
    assert read.document.get_metadata_dict()["Title"] == "Invoice INV-001042"


def test_discounts_shipping_and_fees_stand_between_items_and_taxes() -> None:
    invoice = replace(
        INVOICE,
        discounts=(InvoiceDiscount(Decimal("20.00"), "WELCOME"),),
        charges=(
            InvoiceCharge("shipping", Decimal("12.50"), "Expedited"),
            InvoiceCharge("fee", Decimal("-3.00"), "Loyalty"),
        ),
    )
    read = Read(draw([invoice]))

    order = [read.word(word).bottom for word in ("Items", "Discount:", "Shipping:", "Fee:", "GST", "Total")]
    assert order == sorted(order, reverse=True)
    for words in ("Discount: WELCOME", "−$20.00", "Shipping: Expedited", "$12.50", "Fee: Loyalty", "−$3.00"):
        assert words in read.text()


def test_a_price_with_parts_of_a_cent_is_shown_with_them_and_never_with_more_than_four_decimals() -> None:
    lines = (
        InvoiceLine("Screw", 3, Decimal("0.125000"), Decimal("0.38")),
        InvoiceLine("Third", 3, Decimal("0.333333"), Decimal("1.00")),
    )
    text = Read(draw([replace(INVOICE, lines=lines)])).text()

    assert "$0.125 " in text
    assert "$0.3333 " in text


def test_french_invoices_have_french_words_amounts_and_days() -> None:
    invoice = replace(
        INVOICE,
        language="fr",
        issued_on=date(2026, 12, 1),
        total=Decimal("1234.56"),
        payments=(InvoicePayment(Decimal("1234.56"), date(2026, 12, 1), "Interac"),),
        discounts=(InvoiceDiscount(Decimal("5")),),
        taxes=(
            InvoiceTax("TPS", Decimal("7.00"), Decimal(5), "1"),
            InvoiceTax("TVQ 9,975 %", Decimal("13.97"), Decimal("9.975"), "2"),
        ),
    )

    text = Read(draw([invoice])).text()
    for words in (
        "Facture", "PAYÉE", "FACTURÉ À", "LIVRÉ À", "1er décembre 2026", "1 234,56 $", "140,00 $", "−5,00 $", "TPS (5 %)",
        "TVQ 9,975 %", "13,97 $", "Prix unitaire", "Montant", "Solde à payer", "0,00 $", "dollar canadien (CAD)",
        "Payé le 1er décembre 2026",
    ):  # fmt: skip
        assert words in text
    assert "9,975 % (" not in text


def test_another_currency_is_named_and_has_its_own_decimals() -> None:
    text = Read(
        draw(
            [
                replace(
                    INVOICE,
                    currency="JPY",
                    total=Decimal(161),
                    taxes=(),
                    payments=(),
                    lines=(InvoiceLine("A", 1, Decimal(161), Decimal(161)),),
                )
            ]
        )
    ).text()

    assert "Total (JPY)" in text
    assert "161.0" not in text


def test_forty_lines_repeat_the_heading_and_the_amounts_end_on_one_edge() -> None:
    lines = tuple(
        InvoiceLine(
            "Unbrokenword" * 20 if index % 9 == 0 else f"Thing {'of many words ' * 16}",
            index + 1,
            Decimal("1234.56"),
            Decimal("1234.56") * (index + 1),
            f"SKU-{index:03}",
        )
        for index in range(40)
    )
    read = Read(
        draw([replace(INVOICE, lines=lines, bill_to=replace(ELODIE, name="Wolfeschlegelsteinhausenbergerdorff" * 2))])
    )

    assert len(read) >= 3
    assert all("Unit price" in read.text(page) for page in range(len(read) - 1))
    assert all(f"SKU-{index:03}" in read.text() for index in range(40))
    assert read.text().replace("\n", "").replace("\ufffe", "").count("Unbrokenword" * 20) == 5
    assert read.outside(30) == []
    for page in range(len(read)):
        edges = [word.right for word in read.words(page) if "$" in word.text and word.right > 530]
        assert edges
        assert max(edges) - min(edges) < 0.8


def test_totals_are_never_torn_from_each_other() -> None:
    for count in range(1, 30):
        lines = tuple(InvoiceLine(f"Thing {index}", 1, Decimal(1), Decimal(1)) for index in range(count))
        read = Read(draw([replace(INVOICE, lines=lines)]))
        last = read.text(len(read) - 1)
        assert "Items" in last
        assert "Amount due" in last


def test_the_document_survives_json_to_the_last_digit() -> None:
    kept = json.loads(json.dumps(INVOICE.to_json()))

    again = InvoiceDocument.from_json(kept)
    assert again == INVOICE
    assert again.lines[0].unit_price.as_tuple() == Decimal("50.000000").as_tuple()
    assert draw([again]) == draw([INVOICE])
    assert kept["total"] == "160.97"


def test_documents_of_another_version_can_still_be_read() -> None:
    kept = INVOICE.to_json() | {"invented_later": 1}
    for field in ("charges", "discounts", "note", "ship_to"):
        del kept[field]

    assert InvoiceDocument.from_json(kept) == replace(INVOICE, ship_to=None)


def test_a_file_of_several_invoices_starts_each_on_its_own_page() -> None:
    read = Read(draw([INVOICE, replace(INVOICE, number="INV-001043", language="fr")]))

    assert len(read) == 2
    assert "INV-001043" in read.text(1)
    assert "INV-001043" not in read.text(0)


def test_the_longest_names_and_notes_stay_on_the_paper_and_off_each_other() -> None:
    merchant = replace(MERCHANT, name="Merchant " * 13 + "Ltd", email="a" * 60 + "@example.ca", website="w" * 100)
    invoice = replace(
        INVOICE,
        merchant=merchant,
        bill_to=replace(ELODIE, name="N" * 250, line1="Street " * 35, line2="L" * 250),
        store_number="9" * 120,
        note="note " * 1500,
        taxes=(InvoiceTax("Tax " * 30, Decimal("1.00"), Decimal(5), "R" * 40),),
        payments=(InvoicePayment(Decimal("141.00"), None, "M" * 120, "R" * 200),),
    )
    read = Read(draw([invoice]))

    assert read.outside(30) == []
    assert read.text().replace("\n", " ").count("note") == 1500
    for page in range(len(read)):
        words = read.words(page)
        for index, one in enumerate(words):
            for other in words[index + 1 :]:
                across = min(one.right, other.right) - max(one.left, other.left)
                down = min(one.top, other.top) - max(one.bottom, other.bottom)
                assert across <= 0.5 or down <= 1.0, (one, other)
