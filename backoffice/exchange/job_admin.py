"""The staff's pages on large imports: how far each is, what it would do, its report, and two buttons (rule: U6)."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backoffice import desk, imports
from backoffice.exchange import kept_rows
from backoffice.models import ImportJob

TONES = {"checked": "warn", "done": "good", "failed": "danger", "cancelled": "quiet"}


@admin.register(ImportJob)
class ImportJobAdmin(desk.ReadOnlyAdmin):
    list_display = ("file_name", "shown_page", "shown_state", "shown_progress", "user", "created_at")
    list_filter = ("state",)
    list_select_related = ("user",)
    search_fields = ("file_name",)
    search_help_text = gettext_lazy("Name of the file")
    sortable_by = ()
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportJob]:
        """One's own; managers see all."""
        jobs = super().get_queryset(request)
        return jobs if request.user.has_perm("backoffice.change_importjob") else jobs.filter(user=request.user)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:job_id>/progress/", guard(self.progress), name="backoffice_importjob_progress"),
            path("<int:job_id>/report/", guard(self.report), name="backoffice_importjob_report"),
            path("<int:job_id>/confirm/", guard(require_POST(self.confirm)), name="backoffice_importjob_confirm"),
            path("<int:job_id>/cancel/", guard(require_POST(self.cancel)), name="backoffice_importjob_cancel"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        job = self._job(request, int(object_id) if desk.is_number(object_id) else 0)
        title = _("Import of %(file)s") % {"file": job.file_name}
        return desk.page(request, "exchange/job.html", title, **self._context(job))

    def progress(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """The part of the page that changes while the worker works."""
        response = render(request, "exchange/job_progress.html", self._context(self._job(request, job_id)))
        response["Cache-Control"] = "no-store"
        return response

    def report(self, request: HttpRequest, job_id: int) -> FileResponse:
        """What happens to each row that changes or is wrong."""
        job = self._job(request, job_id)
        if not kept_rows.report(job.kept).exists():
            raise Http404
        response = FileResponse(
            kept_rows.opened_report(job.kept),
            as_attachment=True,
            filename=f"import-{job.pk}.csv",
            content_type="text/csv",
        )
        response["Cache-Control"] = "private, no-store"
        return response

    def confirm(self, request: HttpRequest, job_id: int) -> HttpResponse:
        return self._press(request, job_id, imports.confirm, _("It is being imported now."))

    def cancel(self, request: HttpRequest, job_id: int) -> HttpResponse:
        return self._press(request, job_id, imports.cancel, _("It stops now; what was imported before stays."))

    def _press(self, request: HttpRequest, job_id: int, do: Callable[[ImportJob], None], said: str) -> HttpResponse:
        job = self._job(request, job_id)
        if not _pages(job).has_import_permission(request):
            raise PermissionDenied

        def press() -> str:
            do(job)
            return said

        desk.press(request, press)
        return HttpResponseRedirect(reverse("admin:backoffice_importjob_change", args=[job.pk]))

    def _job(self, request: HttpRequest, job_id: int) -> ImportJob:
        desk.must(request, "backoffice.view_importjob")
        job = self.get_queryset(request).select_related("user").filter(pk=job_id).first()
        if job is None:
            raise Http404
        return job

    @staticmethod
    def _context(job: ImportJob) -> dict[str, Any]:
        return {
            "job": job,
            "what": apps.get_model(job.page)._meta.verbose_name_plural,
            "list_url": reverse(f"admin:{job.page.replace('.', '_')}_changelist"),
            "words": imports.words(job),
            "not_shown": max(0, job.new + job.changed - len(job.shown.get("changes", [])))
            + max(0, job.wrong - len(job.shown.get("wrong", []))),
            "has_report": job.report_bytes > 0 and kept_rows.report(job.kept).exists(),
        }

    # --- columns ---------------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("of"))
    def shown_page(self, job: ImportJob) -> str:
        return str(apps.get_model(job.page)._meta.verbose_name_plural)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, job: ImportJob) -> Any:
        return desk.badge(job.get_state_display(), TONES.get(job.state, "info"))

    @admin.display(description=gettext_lazy("rows"))
    def shown_progress(self, job: ImportJob) -> str:
        return f"{job.rows_done} / {job.rows_total}"


def _pages(job: ImportJob) -> Any:
    """The pages of what is imported, which know who may."""
    return admin.site._registry[apps.get_model(job.page)]
