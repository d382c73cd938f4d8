"""The pages of the reports on stock. One page shows each of them; what it shows is said in `inventory.reports.named`."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounting import chart, ledger
from backoffice import desk
from backoffice.exchange import figures
from backoffice.lib import money
from inventory.admin.report_cells import Style, day, moment, on_page
from inventory.admin.report_form import ReportForm, read
from inventory.reports import abc, movement_card
from inventory.reports.asked import Asked
from inventory.reports.columns import VALUE
from inventory.reports.named import PRODUCTS, REPORTS, SEE_COSTS, Report, shown

HALF_A_CENT = Decimal("0.5")


class ReportPages:
    """The addresses of the reports, below those of the movements."""

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view  # type: ignore[attr-defined]
        return [
            *(
                path(
                    f"reports/{report.name}/",
                    guard(partial(page, report=report)),
                    name=f"inventory_report_{report.name}",
                )
                for report in REPORTS.values()
            ),
            path("reports/abc/work-out/", guard(work_out), name="inventory_report_abc_work_out"),
            *super().get_urls(),  # type: ignore[misc]
        ]


@require_safe
def page(request: HttpRequest, *, report: Report) -> HttpResponseBase:
    desk.must(request, *report.permissions)
    form = read(request, report)
    extension = request.GET.get("export", "")
    if extension in figures.FORMATS and form.asked is not None and (report.name != "card" or form.product):
        return _file(request, form, form.asked, extension)
    style = Style(form.seller.currency, form.asked.zone) if form.asked else None
    found = _shown(request, form, form.asked, style) if form.asked and style else {}
    return desk.page(
        request,
        "admin/inventory/report.html",
        str(report.title),
        report=report,
        form=form,
        formats=list(figures.FORMATS),
        lists=[
            ("warehouse", _("Warehouse"), _("all")),
            ("place", _("Place"), _("all")),
            ("category", _("Category, with those below it"), _("all")),
            ("supplier", _("Supplier"), _("all")),
        ],
        **found,
    )


def _shown(request: HttpRequest, form: ReportForm, asked: Asked, style: Style) -> dict[str, Any]:
    report, way = form.report, form.way
    columns = on_page(shown(way.columns, costs=request.user.has_perm(SEE_COSTS)))
    if report.name == "card":
        return _card(form, asked, columns, style) if form.product else {}
    found: dict[str, Any] = {"columns": columns}
    if way.page is None:
        found["table"] = style.table(columns, way.rows(asked))
    else:
        # An address that was changed by hand may name a row in a way that no report knows.
        try:
            part = way.page(asked, form.after)
        except (ValueError, IndexError):
            part = way.page(asked, ())
        found |= {"table": style.table(columns, part.rows), "next": part.after and form.address(after=part.after)}
    if report.name == "abc":
        at = abc.worked_out_at()
        found["worked_out_at"] = moment(at.astimezone(style.zone)) if at else ""
        found["never_worked_out"] = at is None
    if report.total and way.page is not None:
        found["may_total"] = True
        if request.GET.get("total"):
            found |= _total(request, form, asked, style)
    return found


def _total(request: HttpRequest, form: ReportForm, asked: Asked, style: Style) -> dict[str, Any]:
    report = form.report
    if report.total is None:
        return {}
    total = report.total(asked)
    columns = shown(report.sums, costs=request.user.has_perm(SEE_COSTS))
    cells = [style.cell(PRODUCTS, total.products), *(style.cell(column, column.of(total.row)) for column in columns)]
    whole = report.name == "valuation" and not form.filtered
    books = whole and request.user.has_perm("accounting.view_entry")
    return {"total": cells, "books": _books(form, asked, total.row.value, style) if books else None}


@dataclass(frozen=True, slots=True)
class Books:
    stock: str
    books: str
    difference: str
    entries: int
    agrees: bool
    explained: bool


def _books(form: ReportForm, asked: Asked, value: Decimal, style: Style) -> Books:
    """The account of stock beside the stock: the books are kept in cents, each entry rounded, the stock is not."""
    currency = form.seller.currency
    balance = ledger.balance_of(chart.INVENTORY, currency=currency, until=asked.last)
    difference = balance.amount - value
    most = balance.entries * HALF_A_CENT.scaleb(-money.MINOR_UNITS.get(currency, 2))

    def said(amount: Decimal) -> str:
        return str(style.cell(VALUE, amount).text)

    return Books(
        stock=said(value),
        books=said(balance.amount),
        difference=said(difference),
        entries=balance.entries,
        agrees=not money.rounded(difference, currency),
        explained=abs(difference) <= most,
    )


def _card(form: ReportForm, asked: Asked, columns: Any, style: Style) -> dict[str, Any]:
    placed = form.place_id is not None
    columns = [c for c in columns if not (placed and c.field == "value")]
    try:
        found = movement_card.card(asked, form.after, place_id=form.place_id)
    except ValueError:
        found = movement_card.card(asked, place_id=form.place_id)
    balance = {column.field: column for column in columns if column.field in ("on_hand", "value")}

    def row(words: str, said: movement_card.Balance) -> dict[str, Any]:
        figures_of = {"on_hand": said.units, "value": said.value}
        return {
            "words": words,
            "cells": [
                style.cell(column, figures_of[column.field]) if column.field in balance else None
                for column in columns[1:]
            ],
        }

    following = bool(form.after)
    return {
        "columns": columns,
        "table": style.table(columns, found.page.rows),
        "opening": row(
            _("Before this page") if following else _("Before %(day)s") % {"day": day(asked.first or asked.last)},
            found.opening,
        ),
        "closing": row(_("At the end of %(day)s") % {"day": day(asked.last)}, found.closing),
        "next": found.page.after and form.address(after=found.page.after),
        "product": form.product,
    }


def _file(request: HttpRequest, form: ReportForm, asked: Asked, extension: str) -> FileResponse:
    """The whole report, not only the page; rows go into the file one by one."""
    report, way = form.report, form.way
    columns = shown(way.columns, costs=request.user.has_perm(SEE_COSTS))
    rows: Iterable[Any]
    if report.name == "card":
        rows = movement_card.card_rows(asked, place_id=form.place_id)
        columns = [c for c in columns if not (form.place_id is not None and c.field == "value")]
    else:
        rows = way.rows(asked)
    currency = form.seller.currency
    cells = ([figures.local(column.told(column.of(row), currency), asked.zone) for column in columns] for row in rows)
    kind = figures.FORMATS[extension]
    response = FileResponse(
        figures.written(extension, [column.heading for column in columns], cells),
        as_attachment=True,
        filename=f"{'-'.join(filter(None, [report.name, form.values.get('by', ''), str(asked.last)]))}.{extension}",
        content_type=kind.get_content_type(),
    )
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def work_out(request: HttpRequest) -> HttpResponse:
    """Rank the products anew, now."""
    desk.must(request, *REPORTS["abc"].permissions)
    count = abc.work_out()
    messages.success(request, _("%(count)d products are ranked anew.") % {"count": count})
    return HttpResponseRedirect(reverse("admin:inventory_report_abc"))
