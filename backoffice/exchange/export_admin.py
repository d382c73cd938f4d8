"""The staff's pages on large exports: how far each is, its file, and a button to stop it (rule: U6)."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backoffice import desk, exports
from backoffice.exchange.files import XlsxFormat
from backoffice.models import ExportJob

TONES = {"done": "good", "failed": "danger", "cancelled": "quiet"}


@admin.register(ExportJob)
class ExportJobAdmin(desk.ReadOnlyAdmin):
    list_display = ("file_name", "shown_page", "shown_state", "rows_done", "created_at")
    list_filter = ("state",)
    search_fields = ("file_name",)
    search_help_text = gettext_lazy("Name of the file")
    sortable_by = ()
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExportJob]:
        """One's own only: a file has the columns that its person may see."""
        return super().get_queryset(request).filter(user_id=str(request.user.pk))

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:job_id>/progress/", guard(self.progress), name="backoffice_exportjob_progress"),
            path("<int:job_id>/file/", guard(self.file), name="backoffice_exportjob_file"),
            path("<int:job_id>/cancel/", guard(require_POST(self.cancel)), name="backoffice_exportjob_cancel"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        job = self._job(request, int(object_id) if desk.is_number(object_id) else 0)
        title = _("Export of %(file)s") % {"file": job.file_name}
        return desk.page(request, "exchange/export_job.html", title, **_context(job))

    def progress(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """The part of the page that changes while the worker works."""
        response = render(request, "exchange/export_progress.html", _context(self._job(request, job_id)))
        response["Cache-Control"] = "no-store"
        return response

    def file(self, request: HttpRequest, job_id: int) -> FileResponse:
        job = self._job(request, job_id)
        # Who lost a right since it was written does not get what was written by it.
        if not job.has_file or not exports.may_fetch(job):
            raise Http404
        try:
            file = exports.path(job).open("rb")
        except FileNotFoundError:
            raise Http404 from None
        response = FileResponse(
            file, as_attachment=True, filename=job.file_name, content_type=XlsxFormat().get_content_type()
        )
        response["Cache-Control"] = "private, no-store"
        return response

    def cancel(self, request: HttpRequest, job_id: int) -> HttpResponse:
        job = self._job(request, job_id)

        def press() -> str:
            exports.cancel(job)
            return _("It stops now; there will be no file.")

        desk.press(request, press)
        return HttpResponseRedirect(reverse("admin:backoffice_exportjob_change", args=[job.pk]))

    def _job(self, request: HttpRequest, job_id: int) -> ExportJob:
        desk.must(request, "backoffice.view_exportjob")
        job = self.get_queryset(request).select_related("user").filter(pk=job_id).first()
        if job is None:
            raise Http404
        return job

    # --- columns ---------------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("of"))
    def shown_page(self, job: ExportJob) -> str:
        return str(apps.get_model(job.page)._meta.verbose_name_plural)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, job: ExportJob) -> Any:
        return desk.badge(job.get_state_display(), TONES.get(job.state, "info"))


def _context(job: ExportJob) -> dict[str, Any]:
    return {
        "job": job,
        "what": apps.get_model(job.page)._meta.verbose_name_plural,
        "list_url": reverse(f"admin:{job.page.replace('.', '_')}_changelist"),
        "has_file": job.has_file and exports.path(job).exists(),
    }
