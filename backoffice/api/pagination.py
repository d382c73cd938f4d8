"""Pages by position, newest first: the tenth page costs what the first one does."""

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Any:
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            cursor = None
            readable = False
        else:
            # The library hands the position to the database unread; ours is always an id.
            readable = cursor is None or cursor.position is None or _whole(str(cursor.position))
        if not readable:
            raise ValidationError(
                {"cursor": "This is no page of a list. Follow `next` and `previous` of an answer as they are."}
            )
        return cursor

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get("page_size")
        # The library takes its own size where it cannot read ours; a slip is to be told.
        if asked is not None and not (_whole(asked, longest=100) and int(asked)):
            raise ValidationError({"page_size": f"Give a whole number from 1 to {self.max_page_size}."})
        size: int | None = super().get_page_size(request)
        return size


def _whole(text: str, longest: int = 18) -> bool:
    """Whether it is a number of plain figures: `isdigit` alone takes ² for one, which `int` does not."""
    return text.isascii() and text.isdigit() and len(text) <= longest
