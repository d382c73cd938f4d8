"""What an import would do or did: counted in full, shown as far as a person reads."""

from typing import Any

from import_export.results import InvalidRow, Result

SHOWN = 500
"""Rows of each kind; who has more wrong rows than that mends the file first."""


class BoundedResult(Result):
    """Keeps the first rows that change and the first that are wrong; the totals count all."""

    most = SHOWN

    def __init__(self, resource: Any) -> None:
        super().__init__()
        self.resource = resource

    @property
    def wrong(self) -> int:
        return int(self.totals["invalid"] + self.totals["error"])

    @property
    def changing(self) -> int:
        return int(self.totals["new"] + self.totals["update"])

    @property
    def unchanged(self) -> int:
        return int(self.totals["skip"])

    @property
    def stay(self) -> str:
        return str(self.resource.stay)

    @property
    def remarks(self) -> list[tuple[int, str]]:
        """What is said of the first rows that come in all the same."""
        return list(self.resource.remarked[:SHOWN])

    @property
    def not_shown(self) -> int:
        more = max(0, len(self.resource.remarked) - SHOWN)
        return more + max(0, self.changing - len(self.valid_rows())) + max(0, self.wrong - len(self.invalid_rows))

    def append_row_result(self, row_result: Any) -> None:
        # A row that went wrong in an unforeseen way must stay known, as it undoes the whole import; but not each of many.
        if len(self.rows) < SHOWN or (row_result.errors and len(self.rows) < 2 * SHOWN):
            self.rows.append(row_result)

    def append_invalid_row(self, number: int, row: Any, validation_error: Any) -> None:
        if len(self.invalid_rows) < SHOWN:
            values = tuple(row.get(name, "") for name in self.diff_headers)
            self.invalid_rows.append(InvalidRow(self.resource.row_in_file(number), validation_error, values))

    def append_error_row(self, number: int, row: Any, errors: Any) -> None:
        if len(self.error_rows) < SHOWN:
            super().append_error_row(self.resource.row_in_file(number), row, errors)
