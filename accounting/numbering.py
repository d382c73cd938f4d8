"""Numbers without a gap: drawn in the transaction that uses them, from a row locked until it commits (rule: A2)."""

from django.db import connection as database

from accounting.models import Series


def draw(code: str, count: int) -> tuple[Series, int]:
    """The next `count` numbers of a series: the series and the first of them.

    A transaction that is rolled back gives its numbers back; another that wants some waits until then.
    """
    if count < 1:
        raise ValueError("Draw at least one number.")
    if not database.in_atomic_block:
        raise RuntimeError("Numbers are drawn inside the transaction that uses them.")
    row = _raise(code, count)
    if row is None:
        Series.objects.get_or_create(code=code, defaults={"prefix": PREFIXES.get(code, "")})
        row = _raise(code, count)
    assert row is not None, code
    pk, prefix, first = row
    return Series(pk=pk, code=code, prefix=prefix, next_number=first + count), first


def _raise(code: str, count: int) -> tuple[int, str, int] | None:
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE accounting_series SET next_number = next_number + %s WHERE code = %s"
            " RETURNING id, prefix, next_number - %s",
            [count, code, count],
        )
        row: tuple[int, str, int] | None = cursor.fetchone()
    return row


def label(series: Series, number: int) -> str:
    return f"{series.prefix}{number:06d}"


PREFIXES = {"invoice": "INV-"}
