"""“Tell me when it is back”, from a store's page: anybody may sign up where the merchant publishes availability."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.availability import PublicView, store_of
from backoffice.api.base import Strict
from orders import availability, back_in_stock


class SignupIn(Strict):
    sku = serializers.CharField(max_length=80)
    email = serializers.CharField(max_length=254)
    language = serializers.CharField(max_length=10, required=False, default="en", help_text="en or fr.")
    connection = serializers.CharField(max_length=18, required=False, default="", allow_blank=True)
    website = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="Leave it empty: a trap for robots."
    )


class SignupOut(serializers.Serializer[Any]):
    said = serializers.DictField(child=serializers.CharField(), help_text="A sentence to show, in `en` and `fr`.")


SAID = {
    "en": "Thank you. You will get one mail when it is back.",
    "fr": "Merci. Vous recevrez un courriel dès son retour.",
}


THERE = {
    "en": "It is in stock: you can order it now.",
    "fr": "L’article est en stock: vous pouvez le commander.",
}


class BackInStock(PublicView):
    parser_classes = (JSONParser, FormParser)

    @extend_schema(
        operation_id="back_in_stock",
        summary="Mail somebody once when a product is back",
        request=SignupIn,
        responses={201: SignupOut},
        tags=["availability"],
    )
    def post(self, request: Request) -> Response:
        seller = self.seller(request)
        said = SignupIn(data=request.data)
        said.is_valid(raise_exception=True)
        values = said.validated_data
        store = store_of(values["connection"])
        wanted = back_in_stock.wanted(values["sku"].strip(), connection_id=store.pk if store else None)
        if wanted is None:
            raise ValidationError({"sku": f"Nothing of the SKU {values['sku'][:80]} is sold here."})
        (now,) = availability.answers(
            [values["sku"]],
            seller=seller,
            connection_id=store.pk if store else None,
            safety_buffer=(store.safety_buffer or 0) if store else 0,
        )
        if now.state == "in_stock":
            # Signed up now, he would get the mail at once.
            return Response({"said": THERE}, status=201)
        if not values["website"]:
            product, unit = wanted
            try:
                back_in_stock.sign_up(
                    product, values["email"], unit=unit, language=values["language"], connection=store
                )
            except ValueError as error:
                raise ValidationError({"email": str(error)}) from None
        # The same answer whether or not the address waits already: nobody learns who waits for what.
        return Response({"said": SAID}, status=201)
