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
    monkeypatch.setattr("orders.admin.waiting.missing", lambda: 1 / 0)

    answer = client.get(reverse("admin:orders_order_waiting"))

    assert answer.status_code == 500
    assert "what you just pressed was not done" in answer.content.decode()
