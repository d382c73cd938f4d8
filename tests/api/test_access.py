"""Keys and roles: who gets in, and what each may call, cell by cell."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from backoffice import journey
from backoffice.api import keys
from backoffice.models import ApiKey
from inventory.models import Location
from tests.api.conftest import Call, sentences
from tests.api.orders import order as body_of_order
from tests.buying import make_sent
from tests.making import make_merchant, make_order, make_product

ROLES = ("warehouse", "clerk", "accountant", "manager")
# Who may call what: one letter a role, in the order above.
TABLE = {
    ("get", "orders/"): "wcam",
    ("get", "orders/{order}/"): "wcam",
    ("post", "orders/"): "-c-m",
    ("post", "orders/{order}/pack/"): "w--m",
    ("post", "orders/{order}/priority/"): "-c-m",
    ("get", "orders/{order}/slip.pdf"): "wcam",
    ("get", "orders/{order}/label.pdf"): "wcam",
    ("get", "products/"): "wcam",
    ("get", "products/TENT/"): "wcam",
    ("get", "categories/"): "wcam",
    ("get", "suppliers/"): "wcam",
    ("get", "stock/"): "wcam",
    ("post", "stock/receipts/"): "w--m",
    ("get", "locations/"): "wcam",
    ("get", "locations/MAIN/"): "wcam",
    ("post", "moves/"): "w--m",
    ("get", "transfers/"): "wcam",
    ("get", "purchase-orders/"): "wcam",
    ("get", "purchase-orders/{purchase}/"): "wcam",
    ("post", "purchase-orders/{purchase}/receipts/"): "w--m",
    ("get", "shipments/"): "wcam",
    ("get", "shipments/{shipment}/"): "wcam",
    ("post", "shipments/{shipment}/ship/"): "w--m",
    ("get", "invoices/"): "-cam",
    ("get", "invoices/{invoice}/"): "-cam",
    ("get", "invoices/{invoice}/pdf/"): "-cam",
}
BODIES: dict[str, Any] = {
    "orders/": body_of_order(),
    "orders/{order}/priority/": {"priority": 50},
    "stock/receipts/": {"lines": [{"sku": "TENT", "quantity": 1}]},
    "moves/": {"lines": [{"sku": "TENT", "quantity": 1, "from_location": "MAIN", "to_location": "A-1"}]},
    "purchase-orders/{purchase}/receipts/": {"lines": [{"line": 1, "quantity": 1}]},
}


@pytest.fixture
def shop(db: Any) -> dict[str, str]:
    make_merchant()
    make_product("TENT", 10)
    order = make_order()
    shipment = journey.pack([order.pk])[0]
    Location.objects.create(code="A-1", name="A-1", kind="bin", warehouse=Location.objects.get())
    return {
        "order": order.number,
        "shipment": shipment.number,
        "invoice": order.invoice.label,
        "purchase": make_sent().number,
    }


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("call", "letters"), TABLE.items())
def test_the_table_of_roles(caller: Call, shop: dict[str, str], role: str, call: Any, letters: str) -> None:
    method, path = call
    answer = getattr(caller(role), method)(
        f"/api/v1/{path.format(**shop)}", BODIES.get(path, {}) if method == "post" else {}, format="json",
        headers={"Idempotency-Key": "k"},
    )  # fmt: skip
    if letters[ROLES.index(role)] == "-":
        assert answer.status_code == 403
        assert "may not do that" in sentences(answer)[""]
    else:
        assert answer.status_code in (200, 201), answer.content


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_without_a_key_nothing_is_answered(shop: dict[str, str], method: str, path: str) -> None:
    answer = getattr(APIClient(), method)(f"/api/v1/{path.format(**shop)}")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert sentences(answer)


def test_what_is_not_offered_is_refused_as_such(caller: Call, shop: dict[str, str]) -> None:
    for method in ("put", "patch", "delete"):
        answer = getattr(caller(), method)(f"/api/v1/orders/{shop['order']}/")
        assert answer.status_code == 405
        assert sentences(answer)


@pytest.mark.parametrize("key", ["bo_x_y", "bo_", "", "x", "bo_aaaaaaaa_" + "b" * 32, "é" * 50])
def test_a_key_that_is_none_opens_nothing(db: Any, key: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}".encode().decode("latin-1"))
    answer = client.get("/api/v1/orders/")
    assert answer.status_code == 401
    assert "not known" in sentences(answer)[""]


def test_a_key_is_kept_as_a_digest_and_its_secret_must_be_whole(caller: Call) -> None:
    client = caller()
    key = ApiKey.objects.get()
    header = client._credentials["HTTP_AUTHORIZATION"]
    assert header.rpartition("_")[2] not in str(vars(key))
    client.credentials(HTTP_AUTHORIZATION=header[:-1])
    assert client.get("/api/v1/orders/").status_code == 401


def test_revoked_keys_and_switched_off_users_are_refused(caller: Call) -> None:
    client = caller()
    assert client.get("/api/v1/orders/").status_code == 200
    user = get_user_model()._default_manager.get()
    user.is_active = False
    user.save()
    assert "switched off" in sentences(client.get("/api/v1/orders/"))[""]
    user.is_active = True
    user.save()
    assert keys.revoke([ApiKey.objects.get().pk]) == 1
    assert client.get("/api/v1/orders/").status_code == 401


def test_the_last_use_is_written_at_most_once_a_minute(caller: Call, django_assert_num_queries: Any) -> None:
    client = caller()
    client.get("/api/v1/products/")
    first = ApiKey.objects.get().last_used_at
    client.get("/api/v1/products/")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    client.get("/api/v1/products/")
    assert ApiKey.objects.get().last_used_at >= first


def test_the_command_makes_a_key_and_shows_it_once(db: Any) -> None:
    user = get_user_model()._default_manager.create_superuser("boss")
    said = StringIO()
    call_command("apikey", "boss", name="till", stdout=said)

    found = keys.find(said.getvalue().strip())
    assert found is not None
    assert (found.user, found.name) == (user, "till")
    with pytest.raises(CommandError, match="no user nobody"):
        call_command("apikey", "nobody")
    get_user_model()._default_manager.update(is_active=False)
    with pytest.raises(CommandError, match="switched off"):
        call_command("apikey", "boss")


def test_a_session_without_the_csrf_token_changes_nothing(shop: dict[str, str]) -> None:
    user = get_user_model()._default_manager.create_superuser("boss")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.get("/api/v1/orders/").status_code == 200
    answer = client.post(f"/api/v1/orders/{shop['order']}/pack/", {}, content_type="application/json")
    assert answer.status_code == 403


def test_the_page_shows_a_new_key_once_and_revokes_it(db: Any) -> None:
    boss = get_user_model()._default_manager.create_superuser("boss")
    client = Client()
    client.force_login(boss)
    page = client.post("/admin/backoffice/apikey/add/", {"user": boss.pk, "name": "till"}, follow=True)
    key = ApiKey.objects.get()
    shown = [word for word in page.content.decode().replace("<", " ").split() if word.startswith(f"bo_{key.prefix}_")]
    assert keys.find(shown[0]) == key
    assert client.get("/admin/backoffice/apikey/").content.decode().count(shown[0]) == 0

    client.post("/admin/backoffice/apikey/", {"action": "revoke", "_selected_action": [key.pk]})
    assert keys.find(shown[0]) is None
    assert client.post(f"/admin/backoffice/apikey/{key.pk}/delete/", {"post": "yes"}).status_code == 403


def test_nobody_makes_a_key_that_is_stronger_than_themselves(db: Any) -> None:
    users = get_user_model()._default_manager
    boss, helper = users.create_superuser("boss"), users.create_user("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["add_apikey", "view_apikey"]))
    client = Client()
    client.force_login(helper)
    client.post("/admin/backoffice/apikey/add/", {"user": boss.pk, "name": "mine"})
    assert not ApiKey.objects.exists()
    client.post("/admin/backoffice/apikey/add/", {"user": helper.pk, "name": "mine"})
    assert ApiKey.objects.get().user == helper
