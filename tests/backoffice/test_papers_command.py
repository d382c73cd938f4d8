import io
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounting.models import Invoice
from backoffice import papers
from tests.making import make_connection, make_merchant, make_order, make_product, make_record, take_in
from tests.reading import Read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_product("TENT", 100)


def written(tmp_path: Path, *args: str) -> Read:
    out = tmp_path / "out.pdf"
    call_command("papers", *args, "-o", str(out), stdout=io.StringIO())
    return Read(out.read_bytes())


@pytest.mark.parametrize(
    ("kind", "words"), [("slip", "Packing slip"), ("label", "TO"), ("invoice", "INV-000001"), ("picklist", "Pick list")]
)
def test_each_kind_is_written(tmp_path: Path, kind: str, words: str) -> None:
    order = make_order()

    assert words in written(tmp_path, order.number, "--kind", kind).text()


def test_many_orders_make_one_pdf_in_the_order_given(tmp_path: Path) -> None:
    first, second = make_order(), make_order()

    read = written(tmp_path, second.number, first.number, second.number, "--kind", "slip")

    assert [read.codes(page) for page in range(len(read))] == [[second.number], [first.number]]


def test_the_store_s_number_will_do(tmp_path: Path) -> None:
    order = make_order(external_id="WC-4711")

    assert written(tmp_path, "WC-4711", "--kind", "slip").codes() == [order.number]


def test_a_number_that_two_stores_use_is_asked_back(tmp_path: Path) -> None:
    first = make_order(external_id="4711")
    second = make_order(external_id="4711", connection=make_connection(name="Other"))

    with pytest.raises(CommandError, match=f"say which of {first.number}, {second.number}"):
        written(tmp_path, "4711", "--kind", "slip")
    assert written(tmp_path, second.number, "--kind", "slip").codes() == [second.number]


def test_unknown_numbers_are_all_named(tmp_path: Path) -> None:
    order = make_order()

    with pytest.raises(CommandError, match="No order is called 7, nine"):
        written(tmp_path, "7", order.number, "nine", "--kind", "slip")
    assert not (tmp_path / "out.pdf").exists()


def test_standard_output_gets_the_pdf_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", out)
    call_command("papers", make_order().number, "--kind", "slip", "-o", "-")

    content = out.buffer.getvalue()  # type: ignore[attr-defined]
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("papers", make_order().number, "--kind", "slip", "-o", str(tmp_path / "no" / "out.pdf"))


# --- invoices --------------------------------------------------------------------------------------------------------------
def test_the_invoice_is_the_kept_paper_to_the_byte(tmp_path: Path) -> None:
    order = make_order()
    assert Invoice.objects.get().pdf is None
    written(tmp_path, order.number, "--kind", "invoice")
    kept = Invoice.objects.get().pdf
    assert kept is not None
    written(tmp_path, order.number, "--kind", "invoice")

    assert (tmp_path / "out.pdf").read_bytes() == bytes(kept) == bytes(Invoice.objects.get().pdf or b"")


def test_invoices_of_many_orders_are_one_pdf_page_by_page(tmp_path: Path) -> None:
    orders = [make_order() for _ in range(3)]

    read = written(tmp_path, *[order.number for order in reversed(orders)], "--kind", "invoice")

    assert len(read) == 3
    labels = dict(Invoice.objects.values_list("order__number", "label"))
    for page, order in enumerate(reversed(orders)):
        assert labels[order.number] in read.text(page)
        assert all(read.fonts().values())


def test_an_order_without_invoice_is_named(tmp_path: Path) -> None:
    paid, unpaid = make_order(), make_order(paid=False)

    with pytest.raises(CommandError, match=f"no invoice yet for order {unpaid.number}"):
        written(tmp_path, paid.number, unpaid.number, "--kind", "invoice")


def test_kept_invoices_take_as_many_statements_for_twenty_as_for_one() -> None:
    ids = [order.pk for order in take_in([make_record() for _ in range(21)])]
    papers.paper("invoice", ids)

    def statements(wanted: list[int]) -> int:
        with CaptureQueriesContext(database) as captured:
            papers.paper("invoice", wanted)
        return len([q for q in captured if "SAVEPOINT" not in q["sql"]])

    # The name of the file of many says the day, for which the shop's zone is asked.
    assert statements(ids[:2]) == statements(ids[1:])


# --- the door ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("args", "options", "words"),
    [
        (("slip", []), {}, "Choose at least one order"),
        (("slip", [0]), {}, "There is no order 0 here"),
        (("slip", [1]), {"shipment_ids": [1]}, "not both"),
        (("slip", range(501)), {}, "501 at once is too many: print at most 500"),
        (("poster", [1]), {}, "no paper called “poster”"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(args: Any, options: Any, words: str) -> None:
    with pytest.raises(papers.PaperError, match=words):
        papers.paper(*args, **options)


def test_files_have_names_that_say_what_they_are() -> None:
    order, other = make_order(), make_order()

    assert papers.paper("slip", [order.pk])[1] == f"slip-{order.number}.pdf"
    assert papers.paper("invoice", [order.pk])[1] == "invoice-INV-000001.pdf"
    assert papers.paper("slip", [order.pk, other.pk])[1].startswith("slips-20")
    assert papers.paper("picklist", [order.pk])[1].startswith("picklist-20")
