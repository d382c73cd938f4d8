"""Import and export on an admin page: put the mixin before the admin's class, name the resource, done."""

import hashlib
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from unfold.contrib.import_export.forms import ExportForm

from backoffice import exports, imports
from backoffice.exchange.files import CsvFormat, TableFormat, XlsxFormat
from backoffice.exchange.forms import TableImportForm
from backoffice.exchange.results import BoundedResult
from backoffice.exchange.storage import ImportStorage
from orders.stores.base import Unreadable

SMALL = 256 * 1024
"""Bytes up to which a table is checked and imported while its person waits."""
FEW = 5_000
"""Rows up to which an XLSX file is written while its person waits."""


class TableExchange(ImportExportMixin):
    """`may_import` and `may_export` are the permissions that each asks for; without `may_import` there is no import."""

    may_import: ClassVar[tuple[str, ...]] = ()
    may_export: ClassVar[tuple[str, ...]] = ()
    import_form_class = TableImportForm
    export_form_class = ExportForm
    import_template_name = "exchange/import.html"
    tmp_storage_class = ImportStorage
    in_background = True
    """Whether a large file is checked and imported by the worker (rule: U6)."""
    skip_admin_log = True  # one line an import, not one a row

    def get_import_formats(self) -> list[Any]:
        return [TableFormat]

    def get_export_formats(self) -> list[Any]:
        return [CsvFormat, XlsxFormat]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.may_import) and request.user.has_perms(self.may_import)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.may_export) and request.user.has_perms(self.may_export)

    def get_resource_kwargs(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"may": request.user.has_perm}

    # --- import ----------------------------------------------------------------------------------------------------------
    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        upload = request.FILES.get("import_file") if request.method == "POST" else None
        if self.in_background and upload is not None and (upload.size or 0) > SMALL:
            if not self.has_import_permission(request):
                raise PermissionDenied
            form = self.create_import_form(request)
            if form.is_valid():
                return self._begin(request, form)
        response: Any = super().import_action(request, **kwargs)
        context = getattr(response, "context_data", None) or {}
        result = context.get("result")
        if result is not None and "confirm_form" not in context and not result.has_errors() and result.changing:
            # Rows that are wrong are named and stay out; the good ones may go on.
            context["confirm_form"] = self.create_confirm_form(request, import_form=context["form"])
        if result is not None and not result.changing:
            context.pop("confirm_form", None)
        return response

    def _begin(self, request: HttpRequest, form: Any) -> HttpResponse:
        kind = self.choose_import_resource_class(form, request)
        job = imports.begin(
            page=self.model._meta.label_lower,
            resource=kind,
            options=self.job_options(),
            upload=form.cleaned_data["import_file"],
            user=request.user,
        )
        return HttpResponseRedirect(reverse("admin:backoffice_importjob_change", args=[job.pk]))

    def job_options(self) -> dict[str, Any]:
        """What the resource is made with when the worker reads a large file, beside the person's permissions."""
        return {}

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return super().process_import(request, **kwargs)
        except FileNotFoundError:
            messages.warning(request, _("This file was imported already, or it waited too long. Upload it again."))
            return self._list()

    def process_result(self, result: BoundedResult, request: HttpRequest) -> HttpResponse:
        if result.has_errors():
            for error in [*result.base_errors, *(e for _at, errors in result.row_errors() for e in errors)][:5]:
                messages.error(request, _("Nothing was imported: %(why)s") % {"why": error.error})
            return self._list()
        words = self._words(result)
        messages.success(request, " ".join([words, *result.resource.said]))
        LogEntry.objects.create(
            user_id=str(request.user.pk),
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=_("Import"),
            action_flag=CHANGE,
            change_message=words,
        )
        return self._list()

    @staticmethod
    def _words(result: BoundedResult) -> str:
        totals = result.totals
        figures = {
            "new": totals["new"],
            "changed": totals["update"],
            "same": totals["skip"],
            "wrong": result.wrong,
        }
        return _("Imported: %(came)s") % {"came": str(result.resource.came) % figures}

    def _list(self) -> HttpResponse:
        name = "admin:{}_{}_changelist".format(*self.get_model_info())
        return HttpResponseRedirect(reverse(name, current_app=self.admin_site.name))

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        said = (
            str(e)
            if isinstance(e, Unreadable)
            else _("This file cannot be read. Save it as CSV or XLSX and try again.")
        )
        form.add_error("import_file", said)

    # --- export ----------------------------------------------------------------------------------------------------------
    def _do_file_export(
        self, file_format: Any, request: HttpRequest, queryset: Any, export_form: Any = None
    ) -> HttpResponseBase:
        """CSV begins at once, however long it is; a long XLSX, which is whole only at its end, is left to the worker."""
        kind = self.choose_export_resource_class(export_form, request)
        name = f"{self.model._meta.model_name}s-{timezone.localdate():%Y-%m-%d}.{file_format.get_extension()}"
        streams = isinstance(file_format, CsvFormat)
        if not streams and queryset.order_by().values("pk")[: FEW + 1].count() > FEW:
            job = exports.begin(
                page=self.model._meta.label_lower,
                resource=kind,
                query=request.GET.urlencode(),
                user=request.user,
                file_name=name,
            )
            return HttpResponseRedirect(reverse("admin:backoffice_exportjob_change", args=[job.pk]))
        resource = kind(**self.get_export_resource_kwargs(request))
        headers, rows = resource.headers(queryset), resource.rows(queryset)
        content = file_format.parts(headers, rows) if streams else file_format.write(headers, rows)
        response = (StreamingHttpResponse if streams else FileResponse)(
            content, content_type=file_format.get_content_type()
        )
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        response["Cache-Control"] = "private, no-store"
        return response


def key_of(form: Any) -> str:
    """A word for one upload, the same however often it is confirmed."""
    name = form.cleaned_data.get("import_file_name") or ""
    return f"file-{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}"
