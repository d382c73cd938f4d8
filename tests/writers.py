"""Finding in the source who writes a column: by attribute, by queryset, by bulk_update, by SQL."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounting", "backoffice", "inventory", "orders", "shipping")
IN_LISTS = {"bulk_update", "save", "bulk_create"}


@dataclass(frozen=True, slots=True)
class Column:
    """`shared`: other models have a column of this name, so a write counts only where the model is named beside it, or
    `owner`, what a row of it is called in the code."""

    model: str
    table: str
    name: str
    shared: bool = False
    owner: str = ""


def sources() -> Iterator[tuple[str, str]]:
    """Every module of the house with its path; migrations say what columns are, not what is in them."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def writers(column: Column) -> set[str]:
    return {path for path, text in sources() if column.name in text and writes(text, column)}


def writes(text: str, column: Column) -> list[str]:
    """The places in a module's text that write the column, as source."""
    return [ast.unparse(node)[:120] for node in ast.walk(ast.parse(text)) if _is_write(node, column)]


def _is_write(node: ast.AST, column: Column) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(_is_target(part, column) for target in targets for part in _parts(target))
    if isinstance(node, ast.Call):
        return _is_call(node, column)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _is_sql(node.value, column)
    if isinstance(node, ast.JoinedStr):
        return _is_sql("".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values), column)
    return False


def _parts(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [part for element in target.elts for part in _parts(element)]
    return [target]


def _is_target(target: ast.expr, column: Column) -> bool:
    if not isinstance(target, ast.Attribute) or target.attr != column.name:
        return False
    owner = ast.unparse(target.value).rsplit(".", 1)[-1].lower()
    return not column.shared or (column.owner or column.model.lower()) in owner


def _is_call(node: ast.Call, column: Column) -> bool:
    said = ast.unparse(node)
    names_it = not column.shared or re.search(rf"\b{column.model}\b", said) is not None
    by_name = ast.unparse(node.func).rsplit(".", 1)[-1]
    keywords = {keyword.arg for keyword in node.keywords}
    if by_name == "setattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
        return node.args[1].value == column.name and names_it
    if column.name in keywords:
        makes = by_name == column.model or (by_name == "draft" and names_it)
        return makes or (by_name in ("update", "create", "get_or_create", "update_or_create") and names_it)
    if by_name in IN_LISTS:
        lists = [*node.args, *(keyword.value for keyword in node.keywords)]
        words = [e for given in lists if isinstance(given, ast.List) for e in given.elts if isinstance(e, ast.Constant)]
        return names_it and any(word.value == column.name for word in words)
    return False


def _is_sql(text: str, column: Column) -> bool:
    update = re.search(
        rf"\bUPDATE\s+{column.table}\b.*?\bSET\b(.*?)(\bFROM\b|\bWHERE\b|\bRETURNING\b|$)", text, re.S | re.I
    )
    upsert = re.search(rf"\bINSERT\s+INTO\s+{column.table}\b.*\bDO\s+UPDATE\s+SET\b(.*)", text, re.S | re.I)
    return any(found and re.search(rf"\b{column.name}\s*=", found[1]) for found in (update, upsert))
