"""Counting what goes to the database: statements, COPY among them, and the words that open and close transactions."""

from types import TracebackType
from typing import Self

from django.db import connection
from django.test.utils import CaptureQueriesContext


class Counted:
    """`number` statements went to the database inside the block."""

    def __enter__(self) -> Self:
        self._capture = CaptureQueriesContext(connection)
        self._capture.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.__exit__(kind, error, trace)
        self.sql = [query["sql"] for query in self._capture.captured_queries]
        self.number = len(self.sql)
