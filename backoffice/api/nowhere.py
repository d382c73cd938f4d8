"""An address of the API where nothing is: said in the API's own shape, to programs that read no pages."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.api import errors
from backoffice.api.base import OnlyJson


@extend_schema(exclude=True)
class Nowhere(APIView):
    permission_classes = (IsAuthenticated,)
    content_negotiation_class = OnlyJson

    def get_exception_handler(self) -> Any:
        return errors.handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(
            "There is nothing at this address. See /api/docs/ for those that there are; most end with a slash."
        )

    def get(self, request: Request) -> Response:
        raise NotImplementedError
