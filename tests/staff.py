"""Staff for tests: a person of each role, logged in; and how many statements a page needs."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

PASSWORD = "a-long-enough-word-1"
ROLES = ("warehouse", "clerk", "accountant", "manager", "administrator")


def make_person(role: str, *, password: str = "") -> User:
    """A person of this role; `nobody` is staff without a role, `stranger` is no staff at all."""
    person = User.objects.filter(username=role).first()
    if person is None:
        person = User(username=role, is_staff=role != "stranger", is_superuser=role == "administrator")
        person.set_password(password) if password else person.set_unusable_password()
        person.save()
        if role in ROLES and role != "administrator":
            person.groups.add(Group.objects.get(name=role))
    return person


def logged_in(role: str) -> Client:
    client = Client()
    client.force_login(make_person(role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def statements(client: Client, url: str) -> int:
    """How many statements the page needs, once the sessions and types are known."""
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        response: Any = client.get(url)
    assert response.status_code == 200, response.status_code
    return len(seen)
