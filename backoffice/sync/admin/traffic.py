"""What the pages of arrivals and deliveries share: try again, skip with a reason, open the object."""

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice import desk

MOST_AT_ONCE = 1000
LONGEST_BODY = 200_000


class TrafficAdmin(desk.ReadOnlyAdmin):
    """A list whose rows can be tried again or skipped. The room that owns the rows does it."""

    may: ClassVar[str]
    """The permission to try again and skip."""
    room: ClassVar[Any]
    """The module with `again` and `skip`."""
    tones: ClassVar[dict[str, str]]
    template: ClassVar[str]
    sortable_by = ()
    actions: ClassVar = ["try_again"]
    list_display_links: Any = ("what",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.may)

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("<int:pk>/again/", guard(self.again), name=f"{name}_again"),
            path("<int:pk>/skip/", guard(self.skip), name=f"{name}_skip"),
            *super().get_urls(),
        ]

    # --- buttons ------------------------------------------------------------------------------------------------------
    @admin.action(description=gettext_lazy("Try again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        desk.press(request, lambda: self._again(request, list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])))

    def again(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._pressed(request, pk, lambda: self._again(request, [pk]))

    def skip(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._pressed(request, pk, lambda: self._skip(request, [pk]))

    def _again(self, request: HttpRequest, ids: Sequence[int]) -> str:
        count = self.room.again(ids, by=request.user)
        self.wake()
        if not count:
            raise ValueError(_("It is being worked on just now; look again in a minute."))
        return ngettext("%(count)d is back in line.", "%(count)d are back in line.", count) % {"count": count}

    def _skip(self, request: HttpRequest, ids: Sequence[int]) -> str:
        if not self.room.skip(ids, reason=desk.words(request, "why"), by=request.user):
            raise ValueError(_("It cannot be skipped now: it is done, or on its way."))
        return _("Skipped; it stays here to be looked up.")

    def wake(self) -> None:
        raise NotImplementedError

    def _pressed(self, request: HttpRequest, pk: int, do: Any) -> HttpResponse:
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        desk.must(request, self.may)
        desk.press(request, do)
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk]))

    # --- the page of one ----------------------------------------------------------------------------------------------
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        desk.must(request, f"{self.opts.app_label}.view_{self.opts.model_name}")
        thing: Any = self.get_object(request, object_id)
        if thing is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return desk.page(
            request,
            self.template,
            str(thing),
            thing=thing,
            tone=self.tones[thing.state],
            tries=list(thing.tries.select_related("by")[:50]),
            may_retry=self.has_retry_permission(request),
            again_url=reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_again", args=[thing.pk]),
            skip_url=reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_skip", args=[thing.pk]),
            **self.more(request, thing),
        )

    def more(self, request: HttpRequest, thing: Any) -> dict[str, Any]:
        return {}

    # --- columns ------------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, thing: Any) -> SafeString:
        return desk.badge(thing.get_state_display(), self.tones[thing.state])

    def sentence_column(self, text: str) -> SafeString:
        return format_html('<span class="desk-sentence">{}</span>', text[:300])


def legible(body: bytes) -> tuple[str, bool]:
    """A body as a person reads it, and whether all of it is shown: JSON is laid out, anything else stays as it came."""
    text = body[:LONGEST_BODY].decode("utf-8", "replace")
    if len(body) > LONGEST_BODY:
        return text, False
    try:
        # Figures are shown as they were written: 90.750 does not become 90.75.
        laid_out = json.dumps(json.loads(text, parse_float="\0{}\0".format), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text, True
    return re.sub(r'"\\u0000([^"\\]*)\\u0000"', r"\1", laid_out), True
