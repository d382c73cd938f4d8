"""Large exports: CSV begins at once, XLSX is written by the worker, shown, left, found again, cancelled, kept for a day."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice import exports, tasks
from backoffice.exchange import admin as exchange
from backoffice.models import ExportJob
from inventory.models import Product
from inventory.resources import ProductResource
from tests.making import make_product
from tests.staff import logged_in, make_person

pytestmark = pytest.mark.django_db
PRODUCTS = "/admin/inventory/product"
CSV, XLSX = {"format": "0", "resource": "0"}, {"format": "1", "resource": "0"}


@pytest.fixture(autouse=True)
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "FEW", 2)
    monkeypatch.setattr(exports, "CHUNK", 1)
    make_product("0017", price=5)
    make_product("B")
    make_product("C", stocked=False)


def begun(role: str = "manager", query: str = "") -> ExportJob:
    return exports.begin(
        page="inventory.product", resource=ProductResource, query=query, user=make_person(role), file_name="p.xlsx"
    )


def page(job: ExportJob, name: str = "change") -> str:
    return reverse(f"admin:backoffice_exportjob_{name}", args=[job.pk])


def rows(client: Client, job: ExportJob) -> list[tuple[Any, ...]]:
    body = b"".join(client.get(page(job, "file")).streaming_content)
    return list(openpyxl.load_workbook(BytesIO(body)).active.values)  # type: ignore[union-attr]


def test_a_long_xlsx_is_left_to_the_worker_and_csv_begins_at_once() -> None:
    client = logged_in("manager")
    csv: Any = client.post(f"{PRODUCTS}/export/", CSV)
    first = next(iter(csv.streaming_content))
    assert first.startswith(b"\xef\xbb\xbfsku,name")
    assert b"0017" not in first

    answer = client.post(f"{PRODUCTS}/export/", XLSX)
    job = ExportJob.objects.get()
    assert answer["Location"] == page(job)
    assert "every 2s" in client.get(page(job)).content.decode()
    assert client.get(page(job, "file")).status_code == 404

    tasks.work_on_exports()

    text = client.get(page(job)).content.decode()
    assert "3 of 3 rows" in text
    assert "every 2s" not in text
    assert [row[0] for row in rows(client, job)] == ["sku", "0017", "B", "C"]
    assert job.file_name in client.get(reverse("admin:backoffice_exportjob_changelist")).content.decode()


def test_a_short_one_comes_at_once_and_what_the_list_is_narrowed_to_is_kept() -> None:
    client = logged_in("manager")
    short = client.post(f"{PRODUCTS}/export/?q=0017", XLSX)
    assert short.status_code == 200
    assert not ExportJob.objects.exists()

    job = begun(query="q=0017")
    exports.work()
    assert [row[0] for row in rows(client, job)] == ["sku", "0017"]


def test_a_file_has_the_columns_of_its_person_and_only_they_get_it() -> None:
    job = begun("warehouse")
    exports.work()

    assert "price" not in rows(logged_in("warehouse"), job)[0]
    assert logged_in("manager").get(page(job, "file")).status_code == 404
    assert logged_in("administrator").get(page(job)).status_code == 404
    bosss = begun("manager")
    exports.work()
    person = make_person("manager")
    person.groups.clear()
    person.groups.add(*make_person("warehouse").groups.all())
    client = Client()
    client.force_login(person)
    assert client.get(page(bosss)).status_code == 200
    assert client.get(page(bosss, "file")).status_code == 404


def test_who_lost_the_right_gets_no_file() -> None:
    job = begun()
    make_person("manager").groups.clear()
    exports.work()

    job.refresh_from_db()
    assert (job.state, job.has_file) == ("failed", False)
    assert "may not export this list any more" in job.sentence


def test_one_that_is_cancelled_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, writing = begun(), begun()
    client = logged_in("manager")
    client.post(page(waiting, "cancel"))

    def rows_of(self: Any, queryset: Any) -> Any:
        yield ["first"]
        client.post(page(writing, "cancel"))
        yield ["second"]
        yield ["third"]

    monkeypatch.setattr(ProductResource, "rows", rows_of)
    exports.work()

    for job in (waiting, writing):
        job.refresh_from_db()
        assert (job.state, job.sentence) == ("cancelled", "Cancelled; there is no file.")
        assert not exports.path(job).exists()
    with pytest.raises(ValueError, match="has ended already"):
        exports.cancel(waiting)


def test_one_that_broke_off_is_begun_anew_and_given_up_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    job = begun()
    ExportJob.objects.update(state="writing", claimed_at=timezone.now(), tries=exports.MOST_TRIES - 1, rows_done=2)
    assert exports.work() == 0

    ExportJob.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    assert exports.work() == 1
    job.refresh_from_db()
    assert (job.state, job.rows_done) == ("done", 3)

    ExportJob.objects.update(state="writing", tries=exports.MOST_TRIES)
    exports.work()
    job.refresh_from_db()
    assert "stopped 3 times" in job.sentence


def test_more_than_a_sheet_holds_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    job = begun()
    exports.work()

    job.refresh_from_db()
    assert "holds 2 rows" in job.sentence


def test_a_file_is_kept_for_a_day() -> None:
    job = begun()
    exports.work()
    assert exports.tidy() == 0
    ExportJob.objects.update(ended_at=timezone.now() - timedelta(hours=25))

    assert exports.tidy() == 1

    assert not exports.path(job).exists()
    assert "Export the list again" in logged_in("manager").get(page(job)).content.decode()
    assert Product.objects.count() == 3
