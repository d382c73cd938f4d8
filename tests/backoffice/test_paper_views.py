from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice import journey, outward, papers
from backoffice.roles import ensure_groups
from orders.models import Order
from tests.making import MONTREAL, make_merchant, make_order, make_product, make_record, take_in
from tests.reading import Read

pytestmark = pytest.mark.django_db

ROLES = ["warehouse", "clerk", "accountant", "manager"]
FORBIDDEN = {
    ("warehouse", "invoice"),
    ("nobody", "slip"),
    ("nobody", "label"),
    ("nobody", "picklist"),
    ("nobody", "invoice"),
}


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_product("TENT", 100)


@pytest.fixture
def as_(client: Client) -> Callable[[str], Client]:
    ensure_groups()

    def signed_in(role: str) -> Client:
        user = User.objects.create_user(role, is_staff=True)
        if role != "nobody":
            user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def order() -> Order:
    return make_order([("TENT", 2, "70.00")], language="fr", address=MONTREAL)


def address(kind: str, *orders: Order) -> str:
    return f"{reverse('papers', args=[kind])}?{'&'.join(f'order={order.pk}' for order in orders)}"


# --- who may see which -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", papers.KINDS)
@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_each_role_opens_its_own_papers_and_no_other(as_: Any, order: Order, role: str, kind: str) -> None:
    response = as_(role).get(address(kind, order))

    if (role, kind) in FORBIDDEN:
        assert response.status_code == 403
        assert "Your role does not open this paper" in response.content.decode()
    else:
        assert response.status_code == 200
        assert response["Content-Type"] == "application/pdf"
        assert Read(response.content)


@pytest.mark.parametrize("kind", papers.KINDS)
def test_without_log_in_there_is_no_paper(client: Client, order: Order, kind: str) -> None:
    response = client.get(address(kind, order))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("role", [*ROLES, "nobody", ""])
def test_kept_mail_is_for_who_may_see_invoices(as_: Any, client: Client, role: str) -> None:
    response = as_(role).get(reverse("kept_mails")) if role else client.get(reverse("kept_mails"))

    assert response.status_code == {"warehouse": 403, "nobody": 403, "": 302}.get(role, 200)


# --- papers ------------------------------------------------------------------------------------------------------------------
def test_a_paper_opens_in_the_browser_and_is_kept_by_nobody(as_: Any, order: Order) -> None:
    response = as_("manager").get(address("invoice", order))

    assert response["Content-Disposition"] == 'inline; filename="invoice-INV-000001.pdf"'
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"


def test_many_orders_at_once_in_either_way_of_writing(as_: Any) -> None:
    orders = take_in([make_record() for _ in range(3)])
    client = as_("warehouse")

    assert len(Read(client.get(address("slip", *orders)).content)) == 3
    joined = ",".join(str(order.pk) for order in orders)
    assert len(Read(client.get(f"{reverse('papers', args=['slip'])}?order={joined}").content)) == 3


def test_a_parcel_s_own_slip_and_label(as_: Any, order: Order) -> None:
    (shipment,) = journey.pack([order.pk])
    client = as_("warehouse")

    for kind in ("slip", "label"):
        read = Read(client.get(f"{reverse('papers', args=[kind])}?shipment={shipment.pk}").content)
        assert shipment.number in read.text()


def test_the_pick_list_names_who_printed_it(as_: Any, order: Order) -> None:
    client = as_("warehouse")
    User.objects.update(first_name="Sam", last_name="Roy")

    assert "by Sam Roy" in Read(client.get(address("picklist", order)).content).text()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Choose at least one order."),
        ("order=999999999", "There is no order 999999999 here any more."),
        ("order=99999999999999999999999", "is no order. Go back"),
        ("order=abc", "“abc” is no order."),
        ("order=%3Cscript%3E", "“&lt;script&gt;” is no order."),
        ("order=" + ",".join(str(n) for n in range(1, 502)), "501 at once is too many: print at most 500 at a time."),
    ],
)
def test_what_cannot_be_printed_is_said_on_a_page(as_: Any, query: str, words: str) -> None:
    response = as_("manager").get(f"{reverse('papers', args=['slip'])}?{query}")

    assert response.status_code == 400
    assert words in response.content.decode()


def test_an_order_that_waits_for_stock_has_a_page_that_says_so(as_: Any) -> None:
    make_product("LAMP", 0)
    waiting = make_order([("LAMP", 1, "10.00")])

    response = as_("warehouse").get(address("slip", waiting))

    assert response.status_code == 400
    assert f"Nothing is packed, ready to be packed or shipped for order {waiting.number}" in response.content.decode()


def test_there_are_no_other_papers_and_no_other_methods(as_: Any, order: Order) -> None:
    client = as_("manager")

    assert client.get(reverse("papers", args=["poster"])).status_code == 404
    assert client.post(address("slip", order)).status_code == 405


@pytest.mark.parametrize("kind", papers.KINDS)
def test_as_many_statements_for_twenty_orders_as_for_two(as_: Any, kind: str) -> None:
    orders = take_in([make_record() for _ in range(22)])
    papers.paper("invoice", [order.pk for order in orders])
    client = as_("manager")
    client.get(address(kind, *orders))

    def statements(some: list[Order]) -> int:
        with CaptureQueriesContext(database) as captured:
            assert client.get(address(kind, *some)).status_code == 200
        return len(captured)

    assert statements(orders[:2]) == statements(orders[2:])


# --- kept mail ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_HOST = ""
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"


def test_kept_mail_is_listed_and_read_with_its_invoice(as_: Any, order: Order, kept: Path) -> None:
    outward.deliver()
    (file,) = kept.iterdir()
    client = as_("clerk")
    now = timezone.localtime()

    listed = client.get(reverse("kept_mails")).content.decode()
    assert "Votre facture INV-000001" in listed
    assert "Zoé Tremblay" in listed
    assert "No mail server is set" in listed
    assert f"{now:%Y-%m-%d %H:}" in listed

    page = client.get(reverse("kept_mail", args=[file.name])).content.decode()
    assert "Bonjour Zoé Tremblay," in page
    assert "facture-INV-000001.pdf" in page
    assert '<iframe sandbox=""' in page

    pdf = client.get(reverse("kept_mail_enclosed", args=[file.name, 0]))
    assert pdf["Content-Disposition"] == 'attachment; filename="facture-INV-000001.pdf"'
    assert pdf["Content-Type"] == "application/pdf"
    order.invoice.refresh_from_db()
    assert pdf.content == bytes(order.invoice.pdf)


def test_what_a_mail_says_stays_inside_its_frame(as_: Any, order: Order, kept: Path) -> None:
    outward.deliver()
    (file,) = kept.iterdir()
    page = as_("clerk").get(reverse("kept_mail", args=[file.name])).content.decode()

    frame = page.split('srcdoc="', 1)[1].split('"', 1)[0]
    assert "<" not in frame
    assert "&lt;h1" in frame


@pytest.mark.parametrize("name", ["nothing.log", "..%2F..%2Fsecret.log", "..%2Fkeys"])
def test_only_kept_mails_are_read_and_no_other_file(as_: Any, kept: Path, name: str) -> None:
    kept.mkdir()
    (kept.parent / "secret.log").write_text("Subject: secret\n\nsecret")

    assert as_("manager").get(f"/mail/{name}/").status_code == 404


def test_a_mail_without_that_many_papers_has_no_such_paper(as_: Any, order: Order, kept: Path) -> None:
    outward.deliver()
    (file,) = kept.iterdir()

    assert as_("clerk").get(reverse("kept_mail_enclosed", args=[file.name, 1])).status_code == 404


def test_without_any_mail_the_page_says_so(as_: Any, kept: Path) -> None:
    assert "Nothing has been mailed yet" in as_("clerk").get(reverse("kept_mails")).content.decode()
