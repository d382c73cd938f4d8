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
    if not Series.objects.filter(code=code).exists():
        Series.objects.get_or_create(code=code, defaults={"prefix": PREFIXES.get(code, "")})
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE accounting_series SET next_number = next_number + %s WHERE code = %s"
            " RETURNING id, prefix, next_number - %s",
            [count, code, count],
        )
        pk, prefix, first = cursor.fetchone()
    return Series(pk=pk, code=code, prefix=prefix, next_number=first + count), first


def label(series: Series, number: int) -> str:
    return f"{series.prefix}{number:06d}"


PREFIXES = {"invoice": "INV-"}
