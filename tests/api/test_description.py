"""The API describes itself: a valid schema without a warning, and pages that load nothing from elsewhere."""

import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from tests.api.conftest import Call


def test_the_schema_is_valid_and_without_a_warning() -> None:
    said = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=said)
    assert "/api/v1/orders/{number}/slip.pdf" in said.getvalue()


def test_schema_and_pages_are_for_users_only(db: Any) -> None:
    assert Client().get("/api/schema/").status_code in (401, 403)
    assert Client().get("/api/docs/").status_code == 302


def test_the_schema_is_read_with_a_key(caller: Call) -> None:
    assert caller().get("/api/schema/").status_code == 200


@pytest.mark.parametrize("words", ["/api/v1/orders/{number}/pack/", "Idempotency-Key", "lines[].unit_price", "409"])
def test_the_page_names_each_call(db: Any, words: str) -> None:
    client = Client()
    client.force_login(get_user_model()._default_manager.create_user("clerk"))
    page = client.get("/api/docs/").content.decode()

    assert words in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script" not in page
