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


def filled(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """What the admin's form at this address would send, its tables included, with some fields typed otherwise.

    A change of `None` leaves the field out, as an empty tick does.
    """
    answer: Any = client.get(url)
    assert answer.status_code == 200, answer.status_code
    forms = [answer.context_data["adminform"].form]
    for table in answer.context_data["inline_admin_formsets"]:
        forms += [table.formset.management_form, *table.formset.forms]
    said = {form[name].html_name: form[name].value() for form in forms for name in form.fields}
    said |= changes
    return {name: value for name, value in said.items() if value is not None and value is not False}
