"""Availability for stores: in stock, on backorder or out, and when; for anybody where the merchant publishes it."""

import hashlib
import json
from typing import Any

from django.core.cache import caches
from django.db import connection as database
from django.utils import timezone
from django.utils.http import parse_etags, quote_etag
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle
from rest_framework.views import APIView

from backoffice.api import errors
from backoffice.api.base import OnlyJson
from backoffice.api.schema import Described
from backoffice.sync.models import Connection
from orders import availability, merchant
from orders.models import Merchant

NOT_PUBLISHED = (
    "This merchant does not publish what is in stock. Send a key of the API, or ask the merchant to switch it on."
)


class AvailabilityOut(serializers.Serializer[Any]):
    sku = serializers.CharField()
    state = serializers.CharField(help_text="`in_stock`, `backorder`, `out`; `unknown` where it is not sold here.")
    quantity = serializers.IntegerField(
        allow_null=True,
        help_text="Whole units as the SKU is sold; left out for the public unless the merchant shows it.",
    )
    earliest = serializers.DateField(allow_null=True, help_text="The first day on which it would be shipped.")
    latest = serializers.DateField(allow_null=True)
    words = serializers.DictField(child=serializers.CharField(), help_text="A sentence to show, in `en` and `fr`.")


class AvailabilityAnswer(serializers.Serializer[Any]):
    results = AvailabilityOut(many=True)


def open_to_all(response: Response) -> Response:
    """A store's page in a customer's browser may read this; no cookie is ever sent with it or asked for."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-None-Match"
    response["Access-Control-Expose-Headers"] = "ETag"
    response["Access-Control-Max-Age"] = "86400"
    return response


class PublicView(APIView):
    """What anybody may call, from any page, where the merchant has switched it on; with a key, always."""

    permission_classes = ()
    throttle_classes = (AnonRateThrottle, UserRateThrottle)
    content_negotiation_class = OnlyJson
    schema = Described()

    def get_exception_handler(self) -> Any:
        return errors.handler

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        return open_to_all(super().finalize_response(request, response, *args, **kwargs))

    def seller(self, request: Request) -> Merchant:
        """The merchant; refused where a caller without a key asks one who publishes nothing."""
        return self.allowed(request, merchant.current())

    def allowed(self, request: Request, seller: Merchant) -> Merchant:
        if not (seller.publishes_availability or self.has_key(request)):
            raise NotAuthenticated(NOT_PUBLISHED)
        return seller

    def has_key(self, request: Request) -> bool:
        return bool(request.user and request.user.is_authenticated)


class Availability(PublicView):
    @extend_schema(
        operation_id="availability",
        summary="Whether up to 200 SKUs are in stock, and when they come",
        parameters=[
            OpenApiParameter(
                "sku",
                str,
                required=True,
                description="SKUs with commas between; or the parameter repeated, each one SKU.",
            ),
            OpenApiParameter("connection", int, description="The store that asks: its warehouses, its safety buffer."),
        ],
        responses=AvailabilityAnswer,
        tags=["availability"],
    )
    def get(self, request: Request) -> Response:
        store = store_asked(request.query_params.get("connection", ""))
        seller, state, buffer = merchant.with_state(store)
        self.allowed(request, seller)
        # Days move by the clock as well: what is ordered after the cut-off hour leaves a day later.
        key = f"{state} {timezone.now():%Y%m%d%H%M} {self.has_key(request)} {request.META.get('QUERY_STRING', '')}"
        name = hashlib.sha256(key.encode(errors="replace")).hexdigest()
        # What a transaction of the caller's own has written would not show in the state.
        answers = None if database.in_atomic_block or not state else caches["answers"]
        body = answers.get(name) if answers else None
        if body is None:
            if store is not None and buffer is None:
                raise no_store(store)
            body = self._body(request, seller, store, buffer or 0)
            if answers:
                answers.set(name, body)
        return _by_state(request, body)

    def _body(self, request: Request, seller: Merchant, store: int | None, buffer: int) -> dict[str, Any]:
        said = request.query_params.getlist("sku")
        # Repeated, each is one SKU as it is: some have a comma.
        skus = said if len(said) > 1 else [sku for one in said for sku in one.split(",")]
        try:
            found = availability.answers(skus, seller=seller, connection_id=store, safety_buffer=buffer)
        except ValueError as error:
            raise ValidationError({"sku": str(error)}) from None
        return {"results": [_shown(one, self.has_key(request) or seller.publishes_quantity) for one in found]}


def store_asked(said: str) -> int | None:
    """The number of the connection that asks; whether there is one is seen when it is looked up."""
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 19):
        raise no_store(said)
    return int(said)


def store_of(said: str) -> Connection | None:
    number = store_asked(said)
    if number is None:
        return None
    store = Connection.objects.filter(pk=number).first()
    if store is None:
        raise no_store(number)
    return store


def no_store(said: object) -> ValidationError:
    return ValidationError({"connection": f"There is no connection {str(said)[:40]}."})


def _shown(one: availability.Answer, with_quantity: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"sku": one.sku, "state": one.state}
    if with_quantity:
        shown["quantity"] = one.quantity
    shown |= {
        "earliest": one.earliest.isoformat() if one.earliest else None,
        "latest": one.latest.isoformat() if one.latest else None,
        "words": {"en": one.words[0], "fr": one.words[1]},
    }
    return shown


def _by_state(request: Request, body: dict[str, Any]) -> Response:
    """Kept by whoever asked for as long as nothing has changed: the tag is of what is said, not of when (RFC 9110, 8.8.3)."""
    tag = quote_etag(hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32])
    wanted = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    headers = {"ETag": tag, "Cache-Control": "public, max-age=0, must-revalidate", "Vary": "Authorization"}
    if tag in wanted or f"W/{tag}" in wanted or "*" in wanted:
        return Response(status=304, headers=headers)
    return Response(body, headers=headers)
