"""The set-up of all tests: their own server, databases and folders, and no network."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.db import connection

from backoffice.embedded.trouble import DatabaseTrouble
from tests import databases, environment, loopback, needs

environment.prepare()


def pytest_configure(config: pytest.Config) -> None:
    loopback.guard()
    if not hasattr(config, "workerinput") and environment.on_embedded():
        try:
            environment.start_server()
        except DatabaseTrouble as trouble:
            pytest.exit(str(trouble), returncode=pytest.ExitCode.USAGE_ERROR)
        databases.swept()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        environment.SERVER.leave()
        shutil.rmtree(os.environ["VAR_DIR"], ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and needs.chromium() is None:
        needs.missing("chromium")


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """On the embedded server Django finds its database ready made."""
    return django_db_keepdb or environment.on_embedded()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    test = connection.settings_dict["TEST"]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    name = test["NAME"] = f"{databases.PREFIX}{environment.session()}_{worker}"
    if not environment.on_embedded():
        yield
        return
    databases.cloned(name)
    yield
    databases.dropped(name)


@pytest.fixture
def database_url(db: None) -> str:
    """The address of this test's database, for processes that the test starts.

    They see only what is committed: use it with `transactional_db`, and set DATABASE_URL to it.
    """
    return environment.url(str(connection.settings_dict["NAME"]))
