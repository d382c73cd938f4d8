"""Callers of the API: one for each role, each with a key."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from backoffice.api import keys
from backoffice.roles import ensure_groups

Call = Callable[..., APIClient]


@pytest.fixture
def caller(db: Any) -> Call:
    """`caller("clerk")`: a client with the key of a user in that role; "manager" where none is said."""

    def make(role: str = "manager") -> APIClient:
        ensure_groups()
        users = get_user_model()._default_manager
        user = users.filter(username=role).first() or users.create_user(role)
        user.groups.set(Group.objects.filter(name=role))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {keys.issue(user, 'test')[1]}")
        return client

    return make


def sentences(answer: Any) -> dict[str, str]:
    """The errors of an answer by field; each is a whole sentence."""
    errors = answer.json()["errors"]
    assert all(set(error) == {"field", "message"} for error in errors)
    assert all(not error["message"][0].islower() and error["message"].endswith((".", "!", "?")) for error in errors)
    return {error["field"]: error["message"] for error in errors}
