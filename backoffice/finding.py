"""How each list finds what is typed into its search box: a whole number, SKU or bar code means just that; else all its words.

A list says in `search_fields` what it is found by: `=number` is a code, anything else is text. Codes of other tables
are reached by their indexes. The text fields of one table are one text, in the order in which they are named, and its
trigram index finds each word (inventory/migrations/0012); so no search reads a whole table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, Func, Model, Q, QuerySet, TextField, Value
from django.db.models.constants import LOOKUP_SEP

from inventory.gtin import same_gtin

LONGEST = 100
MOST_WORDS = 8
FEW = 200
"""Rows of one code that are named to the database one by one, so that it knows how few they are."""


class Text(Func):
    """Several text fields of one row as one text; in an index spelled as in the searches that it serves."""

    function = ""
    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "

    def __init__(self, *fields: str, **extra: Any) -> None:
        super().__init__(*fields, output_field=TextField(), **extra)


def of_product(path: str) -> tuple[str, ...]:
    """What a product is found by in the list of something that names it."""
    return (f"={path}__sku", f"={path}__barcode", *(f"{path}__{name}" for name in PRODUCT))


PRODUCT = ("sku", "barcode", "name", "name_fr", "variation")
"""The text of a product; spelled as the index `product_found_by` has it."""


def found(rows: QuerySet[Any], typed: str, fields: Iterable[str]) -> QuerySet[Any]:
    """The rows that are meant; all of them where nothing is typed. Up to two statements to find out what a code means."""
    text = cleaned(typed)
    if not text:
        return rows
    codes = [field[1:] for field in fields if field.startswith("=")]
    texts = [field for field in fields if not field.startswith("=")]
    meant = _meant(rows, codes, text)
    if meant is not None:
        return meant
    for word in text.split()[:MOST_WORDS]:
        rows = _having(rows, word, texts)
    return rows if texts else rows.none()


def cleaned(typed: str) -> str:
    return " ".join(typed.replace("\x00", "").split())[:LONGEST]


def _whole(code: str, text: str) -> dict[str, Any]:
    field = code.rpartition(LOOKUP_SEP)[2]
    if field.endswith("sku"):
        return {f"{code}__iexact": text}
    if field == "barcode":
        return {f"{code}__in": sorted(same_gtin(text)) if text.isascii() and text.isdecimal() else [text]}
    # Numbers are given by us or by a machine: in capitals, or as they are pasted.
    return {f"{code}__in": sorted({text, text.upper(), text.lower()})}


def _meant(rows: QuerySet[Any], codes: Sequence[str], text: str) -> QuerySet[Any] | None:
    """The rows of which the text is a whole code, if there are any."""
    tables = [_Table.to(rows.model, code) for code in codes]
    hits: dict[int, list[int]] = {}
    found = [
        table.model._default_manager.filter(**_whole(table.name, text))
        .order_by()
        .values_list(Value(at), "pk")[: FEW + 1]
        for at, table in enumerate(tables)
    ]
    for at, key in _union(found) if found else []:
        hits.setdefault(at, []).append(key)
    # Where many rows have the code they are joined, else named one by one, so that the database knows how few they are.
    ways = [
        Q(**({f"{tables[at].path or 'pk'}__in": keys} if len(keys) <= FEW else _whole(codes[at], text)))
        for at, keys in hits.items()
    ]
    if len(hits) == 1 and not tables[next(iter(hits))].branches:
        return rows.filter(ways[0]) if rows.model._default_manager.filter(ways[0]).exists() else None
    every = rows.model._default_manager.order_by()
    keys = _union([every.filter(way).values_list("pk", flat=True) for way in ways]) if ways else []
    few = list(keys[: FEW + 1])
    return rows.filter(pk__in=few if len(few) <= FEW else keys) if few else None


@dataclass(frozen=True, slots=True)
class _Table:
    """Where a code stands: its table, and how that is reached from the list's own."""

    model: Any
    path: str
    name: str
    branches: bool
    """Several rows may be reached, as the lines of an order."""

    @classmethod
    def to(cls, model: Any, field: str) -> "_Table":
        path, _between, name = field.rpartition(LOOKUP_SEP)
        branches = False
        for step in path.split(LOOKUP_SEP) if path else []:
            relation = model._meta.get_field(step)
            branches |= bool(relation.one_to_many or relation.many_to_many)
            model = relation.related_model
        return cls(model, path, name, branches)


def _having(rows: QuerySet[Any], word: str, fields: Sequence[str]) -> QuerySet[Any]:
    """The rows of which the text of some table holds the word."""
    tables = _tables(rows.model, fields)
    if len(tables) == 1:
        return _holding(rows, word, tables[0])
    ways, holding = Q(), rows
    for at, names in enumerate(tables):
        to = _Table.to(rows.model, names[0])
        if not to.path:
            holding = holding.alias(**{f"found_text_{at}": _text(names)})
            ways |= Q(**{f"found_text_{at}__icontains": word})
            continue
        own = [name.rpartition(LOOKUP_SEP)[2] for name in names]
        keys = list(_holding(to.model._default_manager.order_by(), word, own).values_list("pk", flat=True)[: FEW + 1])
        if len(keys) > FEW:
            every = rows.model._default_manager.order_by()
            return rows.filter(pk__in=_union([_holding(every, word, names).values("pk") for names in tables]))
        # Few suppliers are meant, of however many papers: the newest of those are found without the others.
        ways |= Q(**{f"{to.path}__in": keys})
    return holding.filter(ways)


def _holding(rows: QuerySet[Any], word: str, names: Sequence[str]) -> QuerySet[Any]:
    holding = rows.alias(found_text=_text(names)).filter(found_text__icontains=word)
    # Said again for an index that leaves out what is empty.
    return holding.exclude(**{names[0]: ""}) if len(names) == 1 and _is_text(rows.model, names[0]) else holding


def _text(names: Sequence[str]) -> Any:
    return Text(*names) if len(names) > 1 else F(names[0])


def _union(branches: Sequence[Any]) -> Any:
    """The keys of the rows of all of them. Joined by OR instead, none would be found by its own index."""
    first, *rest = branches
    return first.union(*rest) if rest else first


def _tables(model: type[Model], fields: Sequence[str]) -> list[list[str]]:
    """The fields that make one text, table by table; what may be NULL, or is no text, would spoil it and stands alone."""
    tables: dict[str, list[str]] = {}
    for field in fields:
        table = field.rpartition(LOOKUP_SEP)[0]
        tables.setdefault(table if _is_text(model, field) else field, []).append(field)
    return list(tables.values())


def _is_text(model: Any, field: str) -> bool:
    to = _Table.to(model, field)
    column = to.model._meta.get_field(to.name)
    return isinstance(column, CharField | TextField) and not column.null
