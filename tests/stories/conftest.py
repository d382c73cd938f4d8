"""Every story ends with the proof: whatever was told, all invariants of stock, orders, invoices and books hold."""

from collections.abc import Iterator

import pytest

from tests.proving import assert_proven


@pytest.fixture(autouse=True)
def _proven(request: pytest.FixtureRequest) -> Iterator[None]:
    marker = request.node.get_closest_marker("django_db")
    if marker:
        # Asked for here, so that it is taken down after this: the rows of the story are still there to be proved.
        request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    yield
    if marker:
        assert_proven()
