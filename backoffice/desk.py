"""What all staff pages share: lists that never count a million rows, read-only tables, pages, and buttons that do one thing."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import IntegerField, Model, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from backoffice import finding
from backoffice.lib import cards
from backoffice.sync.errors import SyncError
from backoffice.words import badge, units
from inventory.ledger import LotNeeded, Short
from shipping.packing import CannotPack

__all__ = ["badge", "units"]

MOST_COUNTED = 1_000
"""Rows that are counted beyond the page that is looked at; whatever there is more of is shown as “1 000+”."""
FARTHEST = 100_000
"""The last page that an address may name."""
SAID = (ValueError, Short, LotNeeded, CannotPack, SyncError)
"""What goes wrong in a way that a person can mend: the message is a sentence for them."""


class AtLeast(int):
    """A count that was given up: one more than what it says, to sums and comparisons."""

    def __str__(self) -> str:
        return f"{self - 1:,}+".replace(",", " ")


class CountUpTo(Subquery):
    """How many rows a row of a list has, counted up to the limit; `shown_count` says it in words."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.order_by().values("pk")[: MOST_COUNTED + 1])


def shown_count(counted: int) -> int:
    return AtLeast(counted) if counted > MOST_COUNTED else counted


class LimitedPaginator(Paginator):
    """Counts up to a limit only, so that a list of a million orders opens as fast as one of a hundred.

    The limit moves on with the page that is looked at: there are always pages to go on to, until the last.
    """

    def __init__(self, *args: Any, looked_at: str | None = "1", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        page = int(looked_at) if looked_at and is_number(looked_at) else 1
        self.limit = MOST_COUNTED + self.per_page * (min(max(page, 1), FARTHEST) - 1)

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        # Only keys: the sums that a list shows would be worked out for every row that is counted.
        counted = rows.order_by().values("pk")[: self.limit + 1].count()
        return AtLeast(counted) if counted > self.limit else counted

    def page(self, number: Any) -> Page[Any]:
        """First which rows, then what is shown of them: else all that are found are joined and only then put in order."""
        page = super().page(number)
        if isinstance(page.object_list, QuerySet):
            keys = list(page.object_list.values_list("pk", flat=True))
            page.object_list = self.object_list.filter(pk__in=keys)  # type: ignore[attr-defined]
        return page


class DeskChangeList(ChangeList):
    """A list that does not say "18 results, show all" while it shows all."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count


class DeskAdmin(ModelAdmin):
    """A list and a form, without deleting: what is not needed any more is archived or switched off."""

    paginator = LimitedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = True
    # Filters that list rows of other tables would otherwise count them all.
    show_facets = admin.ShowFacets.NEVER
    lookups: ClassVar[tuple[str, ...]] = ()
    """What a link of ours may filter by beside the list's own filters."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # Django lets an address filter by any column of the row; asked `total__gte=…` often enough, a list tells an
        # amount that its reader may not see.
        return lookup in self.lookups or any(
            lookup in _parameters(shown) for shown in (self.get_list_filter(request) if request else self.list_filter)
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return DeskChangeList

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self.paginator(*args, looked_at=request.GET.get(PAGE_VAR), **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return finding.found(queryset, search_term, self.get_search_fields(request)), False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _parameters(shown: Any) -> set[str]:
    """The parameters in an address that one entry of `list_filter` reads."""
    field = shown[0] if isinstance(shown, list | tuple) else shown
    if not isinstance(field, str):
        return {field.parameter_name}
    ends = ("exact", "id__exact", "isnull", "in", "id__in")
    return {field, f"{field}_from", f"{field}_to", *(f"{field}__{end}" for end in ends)}


class ReadOnlyAdmin(DeskAdmin):
    """Rows that the house writes and nobody edits by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def page(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    """A page of our own inside the admin's frame."""
    request.current_app = admin.site.name
    return TemplateResponse(request, template, {**admin.site.each_context(request), "title": title, **context})


def must(request: HttpRequest, *permissions: str) -> None:
    """403 for whoever lacks one of these."""
    if not request.user.has_perms(permissions):
        raise PermissionDenied


def who(request: HttpRequest) -> str:
    """The person's name as the timeline shows it."""
    return request.user.get_full_name() or request.user.get_username()  # type: ignore[union-attr]


def press(request: HttpRequest, do: Callable[[], str]) -> bool:
    """Do one thing and say what came of it, as a message at the top of the next page; False where it was refused."""
    try:
        messages.success(request, do())
    except SAID as error:
        messages.error(request, str(error))
        return False
    return True


def words(request: HttpRequest, name: str, *, most: int = 200) -> str:
    """A reason or note as typed; ValueError with a sentence where it holds a card number, which is never kept."""
    typed = request.POST.get(name, "").strip()
    if cards.find_card_number(typed):
        raise ValueError(cards.REFUSAL)
    return typed[:most]


def refuse_cards(typed: Mapping[str, Any]) -> None:
    """ValidationError by field where what a person typed into a form, or a row of a file, holds a card number."""
    found = {
        name: cards.REFUSAL for name, text in typed.items() if isinstance(text, str) and cards.find_card_number(text)
    }
    if found:
        raise ValidationError(found)


def once() -> str:
    """A key for a form: sent twice, it is worked on once."""
    return uuid.uuid4().hex


def whole_number(text: str, *, least: int = 0, most: int = 1_000_000) -> int:
    """A number of units as typed; ValueError with a sentence for anything else."""
    try:
        number = int(text.strip())
    except ValueError:
        raise ValueError(_("“%(text)s” is no number of units.") % {"text": text.strip()[:40]}) from None
    if not least <= number <= most:
        raise ValueError(
            _("%(number)s units cannot be right; say a number from %(least)s to %(most)s.")
            % {"number": number, "least": least, "most": f"{most:,}"}
        )
    return number


def is_number(text: str) -> bool:
    """Whether a form's own field holds a row's number: `²` is a digit to Python, and no number."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def known_zone(name: str) -> str:
    """A time zone's name; refused where no clock knows it, because every page would then break on it."""
    zone = name.strip()
    if zone not in available_timezones():
        raise ValidationError(
            _("“%(zone)s” is no time zone. Write it like America/Toronto or America/Halifax.") % {"zone": zone[:60]}
        )
    return zone


def units_of(request: HttpRequest) -> dict[int, int]:
    """The units typed for each line, in fields named `units-<line>`; ValueError where none was typed."""
    typed = {
        int(line): whole_number(str(value))
        for name, value in request.POST.items()
        if (line := name.removeprefix("units-")) != name and is_number(line) and str(value).strip()
    }
    if not any(typed.values()):
        raise ValueError(_("Say how many units, on at least one line."))
    return {line: units for line, units in typed.items() if units}


def papers(request: HttpRequest, kind: str, orders: Iterable[int]) -> HttpResponse:
    """Off to one PDF for these orders."""
    return HttpResponseRedirect(f"/papers/{kind}/?order={','.join(map(str, orders))}")


class Columns:
    """Columns and fields that are shown only to who may see them."""

    guarded: ClassVar[dict[str, str]] = {}
    """Column → permission."""

    def allowed(self, request: HttpRequest, names: Iterable[Any]) -> list[Any]:
        return [n for n in names if n not in self.guarded or request.user.has_perm(self.guarded[n])]

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.allowed(request, super().get_list_display(request))  # type: ignore[misc]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.allowed(request, super().get_fields(request, obj))  # type: ignore[misc]
