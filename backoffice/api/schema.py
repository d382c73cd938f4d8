"""What the description of the API says beyond the fields: keys, errors, and which fields some readers do not get."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

ERRORS = {
    "400": "Something in the request is missing or cannot be read; `field` says where.",
    "401": "No key, or one that is not known.",
    "403": "The key's user may not do that.",
    "404": "There is no such thing.",
    "409": "It does not go with how things stand now.",
    "422": "It was understood, and a rule refuses it.",
    "429": "Too many calls; the header Retry-After says in how many seconds to go on.",
}
WRITING_ONLY = {"409", "422"}


class ErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Where, as `lines.0.sku`; empty where it is about the whole.")
    message = serializers.CharField(help_text="A whole sentence for a person.")


class ErrorsSerializer(serializers.Serializer[Any]):
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "backoffice.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A user's key: `Bearer bo_<prefix>_<secret>`."}


class Described(AutoSchema):
    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        shape = self.resolve_serializer(ErrorsSerializer, "response").ref
        for code, words in ERRORS.items():
            if self.method == "GET" and code in WRITING_ONLY:
                continue
            if code == "404" and "{" not in self.path:
                continue
            content = {"application/json": {"schema": shape}}
            operation["responses"].setdefault(code, {"description": words, "content": content})
        return operation

    def _postprocess_serializer_schema(self, schema: Any, serializer: Any, direction: Any) -> Any:
        schema = super()._postprocess_serializer_schema(schema, serializer, direction)
        # A field that some readers do not get is never certain to be there.
        for permission, names in getattr(serializer, "guarded", {}).items():
            for name in names:
                if name in schema.get("required", ()):
                    schema["required"].remove(name)
                if name in schema.get("properties", {}):
                    words = schema["properties"][name].get("description", "")
                    note = f"Only for users with the permission {permission}."
                    if "$ref" not in schema["properties"][name]:
                        schema["properties"][name]["description"] = f"{words} {note}".strip()
        if not schema.get("required", True):
            del schema["required"]
        return schema
