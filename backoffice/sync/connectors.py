"""Finds connectors by looking into their folders; there is no list to keep (settings.CONNECTOR_PACKAGES)."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

from django.conf import settings

from backoffice.sync.http import Http
from backoffice.sync.models import Connection


@dataclass(frozen=True, slots=True)
class Credential:
    """One thing a connector must be told to connect; the admin makes its form from these."""

    name: str
    label: str
    secret: bool = True
    required: bool = True
    help: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What a connector is told of its connection: plain values, no model."""

    url: str = ""
    credentials: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    time_zone: str = "America/Toronto"
    language: str = "en"


class Connector:
    """What all connectors share. `name` stands in the database, `title` on screens."""

    name: ClassVar[str]
    title: ClassVar[str]
    credentials: ClassVar[tuple[Credential, ...]] = ()

    def __init__(self, account: Account, http: Http) -> None:
        self.account = account
        self.http = http
        # Here, so that no connector can forget it: what an attempt shows is free of these from the first call.
        http.hide(account.credentials.values())


def _classes() -> Iterator[type[Connector]]:
    for package_name in settings.CONNECTOR_PACKAGES:
        package = importlib.import_module(package_name)
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package_name}.{info.name}")
            for thing in vars(module).values():
                if (
                    isinstance(thing, type)
                    and issubclass(thing, Connector)
                    and thing.__module__ == module.__name__
                    and "name" in vars(thing)
                ):
                    yield thing


@lru_cache
def connectors() -> dict[str, type[Connector]]:
    """All connectors by name; two with one name are refused at the first look."""
    found: dict[str, type[Connector]] = {}
    for connector in _classes():
        if connector.name in found:
            raise RuntimeError(f"Two connectors are called {connector.name}: rename one.")
        found[connector.name] = connector
    return found


def account_of(connection: Connection) -> Account:
    return Account(
        url=connection.url.rstrip("/"),
        credentials=connection.credentials,
        options=connection.options,
        time_zone=connection.time_zone,
        language=connection.language,
    )


def connector_of(connection: Connection) -> Connector:
    """The connector that speaks for a connection; KeyError where its code is gone."""
    return connectors()[connection.connector](account_of(connection), Http(secrets=connection.credentials.values()))
