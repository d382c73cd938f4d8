"""What all rooms of the API share: who may, how errors look, how a reading is narrowed, how a paper is answered."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from backoffice.api import errors
from backoffice.api.permissions import Allowed, may
from backoffice.api.schema import Described


class OnlyJson(BaseContentNegotiation):
    """The API answers in JSON whatever is accepted, so that a paper can be asked for with `Accept: application/pdf`."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        kind = request.content_type.split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Strict(serializers.Serializer[Any]):
    """Input in which an unknown name is an error: a misspelt field must not be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = set(data) - set(self.fields)
            if unknown:
                known = ", ".join(self.fields)
                raise serializers.ValidationError(
                    dict.fromkeys(sorted(unknown), f"There is no field of this name here. Known are: {known}.")
                )
        return super().to_internal_value(data)


def rows(kind: Any, **options: Any) -> Any:
    """A list of `kind`, of at least one and at most a thousand."""
    return kind(many=True, **{"allow_empty": False, "max_length": 1000, **options})


class Guarded(serializers.Serializer[Any]):
    """Output from which fields are left out that the reader may not see."""

    guarded: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Permission → fields."""

    def get_fields(self) -> Any:
        fields = super().get_fields()
        for permission, names in self.guarded.items():
            if not may(self.context, permission):
                for name in names:
                    fields.pop(name, None)
        return fields


class Query(Strict):
    """Narrows a list by the parameters of the address; each field has a method `by_<name>` or names a lookup."""

    lookups: ClassVar[dict[str, str]] = {}
    repeated: ClassVar[frozenset[str]] = frozenset()
    """Parameters that may be given several times."""

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        for name, value in self.validated_data.items():
            method = getattr(self, f"by_{name}", None)
            rows = method(rows, value) if method else rows.filter(**{self.lookups.get(name, name): value})
        return rows


class Room(GenericViewSet[Any]):
    """A part of the API. `needs` says which permissions each action asks for."""

    permission_classes = (Allowed,)
    parser_classes = (JSONParser,)
    content_negotiation_class = OnlyJson
    schema = Described()
    needs: ClassVar[dict[str, tuple[str, ...]]] = {}
    query_class: ClassVar[type[Query] | None] = None

    def get_exception_handler(self) -> Any:
        return errors.handler

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.query_class is None or self.action != "list":
            return queryset
        asked = {
            name: values if len(values) > 1 or name in self.query_class.repeated else values[0]
            for name, values in self.request.query_params.lists()
            if name not in PAGING
        }
        query = self.query_class(data=asked)
        query.is_valid(raise_exception=True)
        return query.narrowed(queryset)

    def who(self) -> str:
        """The caller as the timeline names them."""
        user: Any = self.request.user
        return f"{user.get_full_name() or user.get_username()} (API)"


PAGING = {"cursor", "page_size"}


def pdf(content: bytes, name: str) -> HttpResponse:
    """A paper as an answer: shown in the browser, kept by nobody on the way."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
