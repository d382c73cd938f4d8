"""Large imports: checked and brought in by the worker in parts, shown, left, found again, cancelled; memory stays flat."""

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from stdnum import ean

from backoffice import imports, stocktaking, tasks
from backoffice.exchange import admin as exchange
from backoffice.exchange import kept_rows
from backoffice.exchange.files import CsvFormat, XlsxFormat
from backoffice.models import ImportJob
from inventory.models import CountSheet, Movement, Product, StockLevel
from inventory.resources import ProductResource, StockCountResource
from tests import processes
from tests.making import make_merchant, make_product
from tests.staff import logged_in, make_person

pytestmark = pytest.mark.django_db
PRODUCTS = "/admin/inventory/product"


def table(count: int, *, wrong: int = 0) -> bytes:
    codes = [f"{n:012}{ean.calc_check_digit(f'{n:012}')}" for n in range(1, count + 1)]
    rows = [f"{n:05},Product {n},{codes[n]},90.750" for n in range(count)]
    rows += [f"W{n},,{codes[n]},1" for n in range(wrong)]
    return ("sku,name,barcode,price\n" + "\n".join(rows) + "\n").encode()


def begun(body: bytes, resource: Any = ProductResource, *, role: str = "manager", **options: Any) -> ImportJob:
    page = resource._meta.model._meta.label_lower
    return imports.begin(
        page=page, resource=resource, options=options, upload=SimpleUploadedFile("t.csv", body), user=make_person(role)
    )


def worked(job: ImportJob) -> ImportJob:
    imports.work()
    job.refresh_from_db()
    return job


def figures(job: ImportJob) -> tuple[str, int, int, int, int]:
    return job.state, job.new, job.changed, job.unchanged, job.wrong


def lines(job: ImportJob) -> list[str]:
    return kept_rows.report(job.kept).read_text("utf-8-sig").splitlines()


def test_a_large_file_goes_to_the_worker_and_nothing_is_written_before_the_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "SMALL", 1000)
    make_product("00003", name="Old")
    client = logged_in("manager")
    answer = client.post(
        f"{PRODUCTS}/import/",
        {"import_file": SimpleUploadedFile("new.csv", table(1200, wrong=3)), "format": "0", "resource": "0"},
    )
    job = ImportJob.objects.get()
    page = reverse("admin:backoffice_importjob_change", args=[job.pk])
    assert answer["Location"] == page
    text = client.get(page).content.decode()
    assert "being read" in text.lower()
    assert "every 2s" in text

    tasks.work_on_imports()

    job.refresh_from_db()
    assert figures(job) == ("checked", 1199, 1, 0, 3)
    assert Product.objects.count() == 1
    text = client.get(page).content.decode()
    assert "Old → Product 3" in text
    assert "name: This field cannot be blank." in text
    assert "every 2s" not in text

    assert client.post(reverse("admin:backoffice_importjob_confirm", args=[job.pk])).status_code == 302
    tasks.work_on_imports()

    job.refresh_from_db()
    assert figures(job) == ("done", 1199, 1, 0, 3)
    assert Product.objects.count() == 1200
    product = Product.objects.get(sku="00017")
    assert (product.price, len(product.barcode)) == (Decimal("90.7500"), 13)
    assert "1199 new, 1 changed, 0 unchanged, 3 wrong and left out." in client.get(page).content.decode()
    report = b"".join(client.get(reverse("admin:backoffice_importjob_report", args=[job.pk])).streaming_content)
    told = report.decode("utf-8-sig").splitlines()
    assert told[0].startswith("row,what,why,sku,name")
    assert len(told) == 1 + 1200 + 3
    assert told[-1].startswith("1204,wrong,name: This field cannot be blank.")


def test_what_is_to_know_of_a_row_stands_on_the_page_and_in_the_report() -> None:
    job = worked(begun(b"sku,name,average_cost\nA,Lamp,5\n"))

    assert "5 is not taken over" in lines(job)[-1]
    page = logged_in("manager").get(reverse("admin:backoffice_importjob_change", args=[job.pk])).content.decode()
    assert "5 is not taken over" in page


def test_small_files_go_on_inside_the_request() -> None:
    answer = logged_in("manager").post(
        f"{PRODUCTS}/import/",
        {"import_file": SimpleUploadedFile("new.csv", table(3)), "format": "0", "resource": "0"},
    )

    assert answer.status_code == 200
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize("kind", [CsvFormat, XlsxFormat])
def test_what_an_export_wrote_comes_back_unchanged(kind: Any) -> None:
    make_product("0017", name="=1+1", barcode="4006381333931", price=Decimal("90.750"))
    make_product("90.750", name="'=x", variation="1e5")
    resource = ProductResource()
    rows = resource.get_queryset()
    body = kind().write(resource.headers(rows), resource.rows(rows)).read()

    job = worked(begun(body))

    assert figures(job) == ("checked", 0, 0, 2, 0)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_and_other_signs_between_columns_make_no_difference(mark: bytes) -> None:
    job = worked(begun(mark + "sku;name\n0017;Kessel, groß\n".encode()))
    imports.confirm(job)
    worked(job)

    assert list(Product.objects.values_list("sku", "name")) == [("0017", "Kessel, groß")]


def test_work_stops_between_two_parts_and_goes_on_where_it_was() -> None:
    job = begun(table(1600) + b"00001,Again,,\n")

    imports.work(seconds=0)
    job.refresh_from_db()
    assert (job.state, job.rows_done, job.claimed_at) == ("checking", 500, None)
    for _ in range(4):
        imports.work(seconds=0)
    job.refresh_from_db()
    # The row that stands there twice is known although its first was read long ago.
    assert figures(job) == ("checked", 1600, 0, 0, 1)
    assert "Row 3 is about the same" in lines(job)[-1]

    imports.confirm(job)
    imports.work(seconds=0)
    assert Product.objects.count() == 500
    for _ in range(4):
        imports.work(seconds=0)
    job.refresh_from_db()
    assert figures(job) == ("done", 1600, 0, 0, 1)
    assert Product.objects.count() == 1600
    assert len(lines(job)) == 1 + 1600 + 1


def test_a_worker_that_died_repeats_no_row_and_loses_none() -> None:
    job = begun(table(1200))
    imports.work(seconds=0)
    kept_rows.append(job.kept, kept_rows.report(job.kept).stat().st_size, [["half", "a", "line"]])
    ImportJob.objects.update(claimed_at="2026-01-01T00:00:00Z")

    worked(job)

    assert figures(job) == ("checked", 1200, 0, 0, 0)
    assert len(lines(job)) == 1 + 1200
    assert not any("half" in line for line in lines(job))


def test_a_job_that_breaks_its_worker_again_and_again_is_given_up() -> None:
    job = begun(table(3))
    ImportJob.objects.update(tries=imports.MOST_TRIES)

    worked(job)

    assert job.state == "failed"
    assert "stopped 3 times at the same place" in job.sentence


def test_nobody_works_on_what_another_works_on() -> None:
    job = begun(table(3))
    ImportJob.objects.update(claimed_at="2126-01-01T00:00:00Z")

    assert imports.work() == 0
    assert worked(job).state == "reading"


@pytest.mark.parametrize("at", ["reading", "checked"])
def test_a_job_that_is_cancelled_before_the_word_has_imported_nothing(at: str) -> None:
    job = begun(table(600))
    if at == "checked":
        worked(job)

    imports.cancel(job)

    job.refresh_from_db()
    assert (job.state, job.sentence) == ("cancelled", "Cancelled; nothing was imported.")
    assert imports.work() == 0
    assert not Product.objects.exists()
    with pytest.raises(ValueError, match="has ended already"):
        imports.cancel(job)
    with pytest.raises(ValueError, match="not waiting to be confirmed"):
        imports.confirm(job)


def test_a_job_that_is_cancelled_while_it_runs_says_how_far_it_was() -> None:
    job = worked(begun(table(1200)))
    imports.confirm(job)
    imports.work(seconds=0)
    ImportJob.objects.update(claimed_at="2026-01-01T00:00:00Z")

    imports.cancel(job)
    job.refresh_from_db()
    assert job.state == "importing"
    worked(job)

    assert job.state == "cancelled"
    assert job.sentence == "Cancelled after 500 of 1200 rows, which are imported; the rest is left out."
    assert Product.objects.count() == 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x00\x01", "no CSV, XLSX or JSON file"),
        (b"PK\x03\x04broken", "broken"),
        (b"", "The file is empty"),
        (b"name\nKettle\n", "has no column sku"),
        (b"sku,prise\nA,1\n", "prise is not known here"),
    ],
)
def test_what_is_no_such_table_fails_in_a_sentence(body: bytes, words: str) -> None:
    job = worked(begun(body))

    assert job.state == "failed"
    assert words in job.sentence
    assert not kept_rows.report(job.kept).with_suffix("").with_suffix(".rows").exists()


def test_a_large_count_is_booked_once_part_by_part() -> None:
    make_merchant()
    Product.objects.bulk_create(Product(sku=f"P{n:04}", name="x") for n in range(700))
    body = ("sku,counted\n" + "".join(f"P{n:04},{n % 3}\n" for n in range(700))).encode()
    job = worked(begun(body, StockCountResource, role="warehouse", key="sheet"))
    assert job.state == "checked"
    imports.confirm(job)

    worked(job)

    assert job.state == "done"
    expected = sum(n % 3 for n in range(700))
    assert sum(StockLevel.objects.values_list("on_hand", flat=True)) == expected
    assert Movement.objects.filter(reason="count").count() == sum(1 for n in range(700) if n % 3)


def test_with_a_limit_every_part_of_a_large_count_waits_for_another_person() -> None:
    make_merchant(count_approval_limit=1000)
    Product.objects.bulk_create(Product(sku=f"P{n:04}", name="x", average_cost=1) for n in range(600))
    body = ("sku,counted\n" + "".join(f"P{n:04},1\n" for n in range(600))).encode()
    job = worked(begun(body, StockCountResource, key="sheet"))
    assert job.sentence.count("all of it waits on sheets for another person, whatever it is worth") == 1
    imports.confirm(job)
    worked(job)

    sheets = CountSheet.objects.order_by("pk")
    assert {sheet.state for sheet in sheets} == {"review"}
    assert all(sheet.number in job.sentence for sheet in sheets)
    assert (job.state, Movement.objects.filter(reason="count").exists()) == ("done", False)
    with pytest.raises(ValueError, match="another person must approve"):
        stocktaking.approve(sheets[0].pk, by=job.user)
    stocktaking.approve(sheets[0].pk, by=make_person("administrator"))
    assert Movement.objects.filter(reason="count").count() == sheets[0].lines.count()


def test_each_sees_its_own_imports_and_the_manager_all() -> None:
    mine = begun(b"sku,counted\n", StockCountResource, role="warehouse", key="k")
    theirs = begun(table(1))
    page = {job.pk: reverse("admin:backoffice_importjob_change", args=[job.pk]) for job in (mine, theirs)}

    def seen(client: Client) -> list[int]:
        return [client.get(page[pk]).status_code for pk in (mine.pk, theirs.pk)]

    assert seen(logged_in("warehouse")) == [200, 404]
    assert seen(logged_in("clerk")) == [404, 404]
    assert seen(logged_in("manager")) == [200, 200]
    assert seen(logged_in("accountant")) == [403, 403]
    assert logged_in("warehouse").post(f"{page[theirs.pk]}".replace("change", "cancel")).status_code == 404


def test_what_nobody_confirms_is_let_go_after_a_week() -> None:
    job = worked(begun(table(3)))
    assert imports.tidy() == 0
    ImportJob.objects.update(created_at="2026-01-01T00:00:00Z")

    assert imports.tidy() == 1

    job.refresh_from_db()
    assert job.state == "cancelled"


def test_columns_that_somebody_may_not_see_are_not_read_in_the_background_either() -> None:
    from django.contrib.auth.models import Permission

    job = begun(b"sku,price\n0017,5\n", role="nobody")
    make_person("nobody").user_permissions.add(Permission.objects.get(codename="add_product"))

    assert "price is not known here" in worked(job).sentence


# --- memory --------------------------------------------------------------------------------------------------------------
def added_memory(work: Any) -> int:
    """Megabytes that the peak of this process rises by while it works."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024


@pytest.mark.slow
def test_an_import_needs_no_more_memory_for_many_rows(transactional_db: None) -> None:
    """Measured in a process of its own at 10,000 rows; the floor for 100,000 is 100 MB."""
    small, large = begun(table(600)), table(10_000)

    def checked() -> int:
        imports.work()  # all that is loaded once
        job = begun(large)
        grown = added_memory(lambda: imports.work())
        job.refresh_from_db()
        assert figures(job) == ("checked", 10_000, 0, 0, 0), job.sentence
        return grown

    assert processes.alone(checked) < 30
    assert worked(small).state == "checked"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [CsvFormat, XlsxFormat])
def test_an_export_needs_no_more_memory_for_many_rows(transactional_db: None, kind: Any) -> None:
    Product.objects.bulk_create(Product(sku=f"P{n:05}", name=f"Product {n}", barcode="") for n in range(10_000))

    def exported(count: int) -> Any:
        resource = ProductResource()
        rows = resource.get_queryset().order_by("sku")[:count]
        return kind().write(resource.headers(rows), resource.rows(rows))

    def written() -> int:
        exported(600)
        return added_memory(lambda: exported(10_000))

    assert processes.alone(written) < 30
    assert isinstance(exported(1), io.IOBase) or hasattr(exported(1), "read")
