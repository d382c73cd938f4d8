"""Orders from CSV, XLSX and JSON: what a person wrote arrives, what cannot be read is said (docs/files.md)."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal as D
from time import thread_time

import pytest
from openpyxl import Workbook

from backoffice.lib.money import total
from backoffice.sync.connectors import Account
from backoffice.sync.http import Http
from orders.records import OrderRecord, TaxRecord
from orders.stores import files_tables
from orders.stores.base import Unreadable
from orders.stores.files import Files
from orders.stores.files_tables import table
from tests.fake_store_data import RECORDINGS

HEAD = "order_number placed_at currency email name ship_line1 ship_city ship_province ship_postal_code ship_country".split()
HEAD += ["sku", "name", "quantity", "unit_price", "shipping", "tax GST 5%", "tax QST 9.975%", "paid", "total"]
WHO = ["CAD", "ann@example.ca", "Ann Côté", "1, rue de l'Église", "Québec", "QC", "G1R 1A1", "CA"]
ONE = ["T-1", "2026-11-22", *WHO, "0017", "Thé « noir »", "2", "65.00", "10.00", "7.00", "13.97", "yes", "160.97"]
TWO = ["T-2", "2026-11-22 23:30", *WHO, "90.750", "Vis", "3", "1.10", "", "0.17", "0.33", "no", "3.80"]


@pytest.fixture
def store() -> Files:
    return Files(Account(time_zone="America/Toronto"), Http())


def written(rows: list[list[str]], delimiter: str = ",", encoding: str = "utf-8", head: list[str] = HEAD) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([head, *rows])
    return out.getvalue().encode(encoding)


def read(store: Files, body: bytes) -> list[OrderRecord]:
    records = [store.read(incoming) for incoming in store.unpack(body, name="orders.csv")]
    assert all(isinstance(record, OrderRecord) for record in records)
    return records  # type: ignore[return-value]


def problems(store: Files, body: bytes) -> list[str]:
    return [str(incoming.context.get("problem", "")) for incoming in store.unpack(body)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_usual_csv(store: Files, delimiter: str, encoding: str) -> None:
    first, second = read(store, written([ONE, TWO], delimiter, encoding))
    assert first.customer.name == "Ann Côté"
    assert (first.lines[0].sku, first.lines[0].name, first.lines[0].quantity) == ("0017", "Thé « noir »", 2)
    assert (first.lines[0].gross, first.total) == (D("130.00"), D("160.97"))
    assert first.taxes == (
        TaxRecord("GST", D("7.00"), "GST", D("5")),
        TaxRecord("QST", D("13.97"), "QST", D("9.975")),
    )
    assert first.shipping.line1 == first.billing.line1 == "1, rue de l'Église"
    assert first.paid_at == first.placed_at == datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert first.may_ship
    assert [(p.external_id, p.amount) for p in first.payments] == [("paid", D("160.97"))]
    assert second.lines[0].sku == "90.750"
    assert (second.paid_at, second.may_ship, second.payments) == (None, False, ())
    assert second.placed_at == datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
    for record in (first, second):
        parts = total(line.gross for line in record.lines) + total(c.amount for c in record.charges)
        assert parts + total(tax.amount for tax in record.taxes) == record.total


def test_rows_of_one_order_are_its_lines_wherever_they_stand(store: Files) -> None:
    more = ["T-1", *[""] * 9, "0620000000012", "Sirop", "1", "9.99", *[""] * 5]
    first, second = sorted(read(store, written([ONE, TWO, more])), key=lambda record: record.external_id)
    assert [line.sku for line in first.lines] == ["0017", "0620000000012"]
    assert len(second.lines) == 1


def test_a_spreadsheet_keeps_what_it_shows(store: Files) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(HEAD)
    sheet.append([*ONE[:1], datetime(2026, 11, 22, 14, 30), *WHO, 17, "Thé", 2, 65, 10, 7, 13.97, True, 160.97])  # noqa: DTZ001
    sheet.append([*TWO[:2], *WHO, 90.75, "Vis", 3.0, 1.1, None, 0.17, 0.33, "non", 3.8])
    sheet.append(["T-3", *TWO[1:2], *WHO, 6200000000123, "Vis", 3, 1.1, None, 0.17, 0.33, "non", 3.8])
    sheet["K2"].number_format = "0000"
    sheet["K3"].number_format = "0.000"
    out = io.BytesIO()
    book.save(out)
    records = read(store, out.getvalue())
    assert [record.lines[0].sku for record in records] == ["0017", "90.750", "6200000000123"]
    assert records[0].placed_at == datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
    assert records[0].paid_at
    assert [record.total for record in records] == [D("160.97"), D("3.80"), D("3.80")]


def test_json_keeps_figures_as_written(store: Files) -> None:
    data = (
        '{"order_number": "J-1", "placed_at": "2026-11-22T14:30:00-05:00", "currency": "cad", "paid": true,'
        ' "ship": {"line1": "1 Main St", "city": "Ottawa"}, "lines": [{"sku": 90.750, "qty": 2, "price": 65.00},'
        ' {"sku": "0017", "name": "Tea", "quantity": 1, "unit_price": "1.00"}], "taxes":'
        ' [{"name": "GST", "rate": 5, "amount": 7.00}], "shipping": 10, "total": 148.00}'
    )
    for text in (data, f"[{data}]", f'{{"orders": [{data}]}}', "\ufeff" + data):
        (record,) = read(store, text.encode())
        assert [(line.sku, line.quantity, line.gross) for line in record.lines] == [
            ("90.750", 2, D("130.00")),
            ("0017", 1, D("1.00")),
        ]
        assert record.shipping.city == "Ottawa"
        assert record.paid_at == datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
        assert record.total == D("148.00")


def test_the_same_order_is_known_again_and_a_changed_one_is_newer(store: Files) -> None:
    (first,) = store.unpack(written([ONE]), name="a.csv")
    (again,) = store.unpack(written([ONE], ";"), name="b.csv")
    (changed,) = store.unpack(written([[*ONE[:-2], "no", ONE[-1]]]))
    assert first.key == again.key != changed.key
    assert store.read(changed).version > store.read(first).version  # type: ignore[union-attr]


def test_one_bad_order_stops_no_other(store: Files) -> None:
    """C5, for files: the good go on, the bad are kept with what to do."""
    bad = {
        "whole quantity": [*ONE[:12], "1.5", *ONE[13:]],
        "two values for “currency”": ["T-2", "2026-11-22", "USD", *TWO[3:]],
        "no date": ["T-4", "", *ONE[2:]],
        "read for sure": ["T-5", "11/12/2026", *ONE[2:]],
        "no order number": ["", *ONE[1:]],
        "read in two ways": [*["T-6"], *ONE[1:13], "1,234", *ONE[14:]],
        "not a figure": [*["T-7"], *ONE[1:13], "dear", *ONE[14:]],
        "no currency": [*["T-8"], ONE[1], "", *ONE[3:]],
        "neither sku nor item": [*["T-9"], *ONE[1:10], "", "", *ONE[12:]],
    }
    bad["whole quantity"][0] = "T-3"
    good = ["T-10", *ONE[1:]]
    found = problems(store, written([*bad.values(), TWO, good]))
    assert found.count("") == 1
    for words in bad:
        assert any(words in problem for problem in found), words
    kept = list(store.unpack(written([bad["no order number"]])))
    assert b"0017" in kept[0].body
    with pytest.raises(Unreadable, match="order_number"):
        store.read(kept[0])


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("1 234,50", "1234.50"),
        ("1\u202f234,50 $", "1234.50"),
        ("1,234.50", "1234.50"),
        ("0,125", "0.13"),
        ("-6.49", "-6.49"),
    ],
)
def test_figures_as_people_write_them(store: Files, text: str, figure: str) -> None:
    row = [*ONE[:14], text, *ONE[15:]]
    (record,) = read(store, written([row], ";"))
    assert record.charges[0].amount == D(figure)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no column order_number"),
        (b"a,b\n1,2\n", "no column order_number, quantity, unit_price, sku or item"),
        (b"order_number,quantity,unit_price,sku,sku\n", "two columns for sku"),
        (b"\x00\x01\x02,\n", "bytes that are no text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old kind"),
        (b"PK\x03\x04 broken", "broken"),
        (b'{"order_number": ', "JSON breaks at line 1"),
        (b"[" * 200_000, "nested too deeply"),
        (b"x" * (21 * 1024 * 1024), "larger than 20 MB"),
    ],
)
def test_what_is_no_file_of_orders_is_refused_in_a_sentence(store: Files, body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        list(store.unpack(body))


def test_a_bomb_is_not_unpacked(store: Files) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(4):
            archive.writestr(f"xl/worksheets/sheet{n}.xml", b"0" * (80 * 1024 * 1024))
    with pytest.raises(Unreadable, match="unpacks to more"):
        list(store.unpack(out.getvalue()))


def sheet(rows: bytes, times: int = 1) -> bytes:
    """A spreadsheet of one sheet with these rows, so many times."""
    out, made = io.BytesIO(), io.BytesIO()
    Workbook().save(out)
    with zipfile.ZipFile(out) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            if part.filename != "xl/worksheets/sheet1.xml":
                target.writestr(part, source.read(part))
        with target.open("xl/worksheets/sheet1.xml", "w") as written:
            written.write(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
                b'<row r="1"><c r="A1" t="inlineStr"><is><t>order_number</t></is></c></row>'
            )
            for _ in range(0, times, 10_000):
                written.write(rows * min(times, 10_000))
            written.write(b"</sheetData></worksheet>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("rows", "times"),
    [
        (b"<row/>", 20_000_000),
        (b"<row/>", 2_000_000),
        # One row whose number leaves room for a billion empty ones before it.
        (b'<row r="1000000000"><c r="A1000000000"><v>1</v></c></row>', 1),
    ],
)
def test_empty_rows_are_not_looked_at_without_end(rows: bytes, times: int) -> None:
    body = sheet(rows, times)
    assert len(body) < 400_000
    began = thread_time()
    with pytest.raises(Unreadable, match="empty"):
        list(table(body))
    # Some ten times what it takes; read without a bound, twenty million rows took more than a hundred seconds.
    assert thread_time() - began < 20


def test_reading_that_takes_too_long_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_tables, "MAX_SECONDS", 0.0)
    with pytest.raises(Unreadable, match="too long"):
        list(table(written([ONE])))


def test_some_empty_rows_do_no_harm() -> None:
    assert [cells for _, cells in table(sheet(b"<row/>", 10_000))] == [["order_number"]]


def test_no_entry_of_json_is_dropped(store: Files) -> None:
    found = list(store.unpack(json.dumps([17, {"order_number": "X"}, "text", {"lines": 5}]).encode()))
    assert len(found) == 4
    assert all(incoming.context["problem"] for incoming in found)
    for incoming in found:
        with pytest.raises(Unreadable):
            store.read(incoming)


def test_a_stores_own_json_is_not_taken_for_ours(store: Files) -> None:
    (found,) = store.unpack((RECORDINGS / "orders" / "one_88.body.json").read_bytes())
    assert found.context["problem"]
