"""The API's description as a page: one plain document made from the schema, with nothing from other hosts."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """One name in a body: nested ones are told by their dotted path."""

    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    summary: str
    words: str
    parameters: list[dict[str, Any]]
    sent: list[Field]
    answered: list[Field]
    codes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return f"{self.method}{self.path}".replace("/", "-").replace("{", "").replace("}", "").strip("-")


@login_required
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html", {"rooms": rooms(), "title": "API"})


@lru_cache
def rooms() -> dict[str, list[Call]]:
    """All calls by room; made once a process, since the addresses do not change while it runs."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found: dict[str, list[Call]] = defaultdict(list)
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item and item[method].get("tags"):
                found[item[method]["tags"][0]].append(_call(schema, path, method, item[method]))
    return dict(sorted(found.items()))


def _call(schema: dict[str, Any], path: str, method: str, said: dict[str, Any]) -> Call:
    good: dict[str, Any] = next((answer for code, answer in said["responses"].items() if code.startswith("2")), {})
    return Call(
        method=method.upper(),
        path=path,
        summary=said.get("summary", ""),
        words=said.get("description", ""),
        parameters=said.get("parameters", []),
        sent=list(_fields(schema, _shape(said.get("requestBody", {})))),
        answered=list(_fields(schema, _shape(good))),
        codes=[(code, answer.get("description", "")) for code, answer in sorted(said["responses"].items())],
    )


def _shape(body: dict[str, Any]) -> dict[str, Any]:
    return dict(body.get("content", {}).get("application/json", {}).get("schema", {}))


def _fields(schema: dict[str, Any], shape: dict[str, Any], path: str = "", depth: int = 0) -> Any:
    shape = _resolved(schema, shape)
    if shape.get("type") == "array":
        yield from _fields(schema, shape.get("items", {}), f"{path}[].".lstrip("."), depth)
        return
    for name, inner in shape.get("properties", {}).items():
        real = _resolved(schema, inner)
        words = inner.get("description") or real.get("description", "")
        yield Field(f"{path}{name}", _kind(real), name in shape.get("required", ()), words)
        if depth < 3:
            nested = real.get("items", real) if real.get("type") == "array" else real
            mark = "[]." if real.get("type") == "array" else "."
            yield from _fields(schema, nested, f"{path}{name}{mark}", depth + 1)


def _resolved(schema: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    parts = shape.get("allOf") or shape.get("oneOf") or []
    pointer = shape.get("$ref") or next((part["$ref"] for part in parts if "$ref" in part), "")
    if not pointer:
        return shape
    return dict(schema["components"]["schemas"][pointer.rsplit("/", 1)[-1]])


def _kind(shape: dict[str, Any]) -> str:
    if "enum" in shape:
        return " | ".join(str(value) for value in shape["enum"])
    kinds = shape.get("type", "")
    kind = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{kind} ({shape['format']})" if "format" in shape else kind
