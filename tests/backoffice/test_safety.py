"""What keeps the staff's pages safe: log-in lock-out, the content policy, and pages for what goes wrong."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.staff import PASSWORD, logged_in, make_person

pytestmark = pytest.mark.django_db


def try_to_log_in(client: Client, password: str, name: str = "clerk") -> int:
    return client.post(reverse("admin:login"), {"username": name, "password": password}).status_code


def test_after_five_wrong_passwords_even_the_right_one_waits() -> None:
    make_person("clerk", password=PASSWORD)
    client = Client()

    assert [try_to_log_in(client, "wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
    answer = client.post(reverse("admin:login"), {"username": "clerk", "password": PASSWORD})

    assert answer.status_code == 429
    assert "locked for a quarter of an hour" in answer.content.decode()


def test_others_are_not_locked_out_with_them() -> None:
    make_person("clerk", password=PASSWORD)
    make_person("manager", password=PASSWORD)
    client = Client()
    for _ in range(6):
        try_to_log_in(client, "wrong")

    assert try_to_log_in(client, PASSWORD, "manager") == 302


def test_every_page_carries_the_policy() -> None:
    for client, url in [
        (Client(), reverse("admin:login")),
        (logged_in("manager"), reverse("admin:index")),
        (logged_in("manager"), reverse("admin:orders_order_changelist")),
    ]:
        policy = client.get(url)["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self' 'unsafe-eval'" in policy


def test_no_page_has_a_script_inside() -> None:
    text = logged_in("manager").get(reverse("admin:index")).content.decode()

    inside = [tag for tag in text.split("<script")[1:] if "src=" not in tag.split(">")[0]]
    assert inside == []


def test_what_is_not_there_and_not_allowed_is_said_plainly() -> None:
    client = logged_in("warehouse")

    assert "There is no page at this address" in client.get("/nothing/").content.decode()
    assert "Your role does not open this page" in client.get(reverse("admin:accounting_trial_balance")).content.decode()


def test_a_broken_page_says_that_nothing_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    client = logged_in("warehouse")
    client.raise_request_exception = False
    monkeypatch.setattr("orders.admin.waiting._found", lambda *_: 1 / 0)

    answer = client.get(reverse("admin:orders_order_waiting"))

    assert answer.status_code == 500
    assert "what you just pressed was not done" in answer.content.decode()


EXPORTED = ("admin:orders_order_changelist", "admin:inventory_product_changelist")


@pytest.mark.parametrize(
    ("role", "page", "query"),
    [
        ("warehouse", "admin:orders_order_changelist", "total__gte=50"),
        ("warehouse", "admin:orders_order_changelist", "paid_total__gt=0"),
        ("warehouse", "admin:orders_order_changelist", "payments__amount__gt=0"),
        ("warehouse", "admin:inventory_product_changelist", "price__gt=1"),
        ("clerk", "admin:inventory_product_changelist", "average_cost__gte=1"),
        ("clerk", "admin:inventory_movement_changelist", "unit_cost__gt=1"),
        ("clerk", "admin:sync_arrival_changelist", "body__contains=1"),
        ("clerk", "admin:sync_arrival_changelist", "connection__credentials__isnull=0"),
    ],
)
def test_what_a_role_does_not_see_is_not_read_by_filtering_either(role: str, page: str, query: str) -> None:
    client = logged_in(role)

    assert client.get(f"{reverse(page)}?{query}").status_code == 400
    if page in EXPORTED:
        assert client.get(f"{reverse(page)}export/?{query}").status_code == 400


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("admin:orders_order_changelist", "state__exact=to_pack&work=to-pack&placed_at_from=&placed_at_to="),
        ("admin:orders_order_changelist", "connection__id__exact=1"),
        ("admin:inventory_product_changelist", "archived=yes&kind=kits&backorder_policy__exact=allow"),
        ("admin:inventory_movement_changelist", "product__id__exact=1&reason__exact=count"),
        ("admin:accounting_entry_changelist", "lines__account__code=1000"),
        ("admin:accounting_entry_changelist", "order__id__exact=1&posted_on_from=2026-01-01"),
        ("admin:sync_arrival_changelist", "state__exact=failed"),
        ("admin:auth_group_changelist", ""),
    ],
)
def test_the_lists_own_filters_and_our_own_links_go_on_working(page: str, query: str) -> None:
    assert logged_in("administrator").get(f"{reverse(page)}?{query}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("get", "/admin/inventory/product/suggest/", {"product": "a\x00"}),
        ("get", "/admin/orders/hold/", {"code": "\x00"}),
        ("get", "/admin/orders/hold/", {"\x00": "1"}),
        ("post", "/admin/inventory/product/receive/", {"product": "\x00", "units": "1"}),
        ("post", "/admin/orders/order/1/do/cancel/", {"why": "no\x00"}),
        ("post", "/admin/orders/order/1/do/track/", {"nu\x00mber": "1"}),
    ],
)
def test_a_nul_character_is_refused_in_a_sentence(method: str, path: str, fields: dict[str, str]) -> None:
    answer = getattr(logged_in("manager"), method)(path, fields)

    assert answer.status_code == 400
    assert "A character that is no text (NUL) stands in what was sent." in answer.content.decode()


def test_a_nul_character_in_an_address_of_the_api_is_refused_in_its_shape() -> None:
    answer = Client().get("/api/v1/orders/?q=%00")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith("A character that is no text")


def test_a_body_that_a_store_signed_is_left_as_it_came() -> None:
    answer = Client().post("/webhooks/999999/", b"a=%00", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 404


def test_a_french_browser_gets_the_same_english_pages() -> None:
    answer = Client().get(reverse("admin:login"), headers={"Accept-Language": "fr-CA,fr;q=0.9"})

    assert '<html lang="en"' in answer.content.decode()
    assert "Mot de passe" not in answer.content.decode()
