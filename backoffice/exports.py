"""Large exports in the background (rule: U6): asked for, written by the worker, cancelled, found again, fetched for a day.

What is to be done stands in ExportJob. A file is written in one go; whoever takes up one that broke off begins it anew.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copyfileobj
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.contrib import admin
from django.core.files.storage import default_storage
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from backoffice.exchange.files import CHUNK, XlsxFormat
from backoffice.exchange.resource import TableResource
from backoffice.models import ExportJob
from backoffice.sync import waking

TASK = "backoffice.tasks.work_on_exports"
FOLDER = "export_jobs"
KEPT = timedelta(days=1)
LOST_AFTER = 120
"""Seconds after which a file whose worker died is begun anew by another; a few hundred rows take less than one."""
MOST_TRIES = 3
MOST_ROWS = 1_048_575
"""What an XLSX sheet holds, below its heading."""

State = ExportJob.State


class _Cancelled(Exception):
    pass


def begin(*, page: str, resource: type[TableResource], query: str, user: Any, file_name: str) -> ExportJob:
    """Have the list that this address shows written as XLSX; what its person may not see by then is not in it."""
    with transaction.atomic():
        job = ExportJob.objects.create(
            page=page,
            resource=f"{resource.__module__}.{resource.__qualname__}",
            query=query,
            user=user,
            file_name=file_name,
            kept=uuid4().hex,
        )
        waking.wake(TASK)
    return job


def cancel(job: ExportJob) -> None:
    """Stop it: at once where nobody works on it, else after the rows that are being written."""
    with transaction.atomic():
        here = ExportJob.objects.select_for_update().get(pk=job.pk)
        if not here.is_running:
            raise ValueError(_("This export has ended already; there is nothing to cancel."))
        if here.state == State.WAITING:
            _end(here, State.CANCELLED, _("Cancelled; there is no file."))
        else:
            ExportJob.objects.filter(pk=here.pk).update(cancel_asked_at=timezone.now())


def path(job: ExportJob) -> Path:
    return Path(default_storage.path(f"{FOLDER}/{job.kept}.xlsx"))


def may_fetch(job: ExportJob) -> bool:
    """Whether its person may still see what stands in it."""
    return bool(job.user.has_perms([*_page(job).may_export, *job.rights]))


def work() -> int:
    """Write waiting files, one after the other; how many were worked on."""
    count = 0
    while (job := _claimed()) is not None:
        _work_on(job)
        count += 1
    return count


def tidy() -> int:
    """Files that lay for a day are taken away; how many."""
    old = list(ExportJob.objects.filter(has_file=True, ended_at__lt=timezone.now() - KEPT))
    for job in old:
        path(job).unlink(missing_ok=True)
        _note(job, has_file=False)
    return len(old)


# --- working on one ------------------------------------------------------------------------------------------------------
def _claimed() -> ExportJob | None:
    """The oldest job that nobody works on, now ours."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE backoffice_exportjob SET claimed_at = now(), tries = tries + 1, state = 'writing'
             WHERE id = (SELECT id FROM backoffice_exportjob
                          WHERE state IN ('waiting', 'writing')
                            AND (claimed_at IS NULL OR claimed_at < now() - make_interval(secs => %s))
                          ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [LOST_AFTER],
        )
        found = cursor.fetchone()
    return ExportJob.objects.select_related("user").get(pk=found[0]) if found else None


def _work_on(job: ExportJob) -> None:
    if job.tries > MOST_TRIES:
        said = _("It stopped %(count)d times. Narrow the list, take CSV, or ask for help.") % {"count": MOST_TRIES}
        _end(job, State.FAILED, said)
        return
    try:
        resource, rows = _asked(job)
        rights = [permission for permission in resource.guarded if job.user.has_perm(permission)]
        _note(job, rows_total=rows.order_by().values("pk").count(), rows_done=0, rights=rights)
        path(job).parent.mkdir(parents=True, exist_ok=True)
        with (
            XlsxFormat().write(resource.headers(rows), _told(job, resource.rows(rows))) as written,
            path(job).open("wb") as file,
        ):
            copyfileobj(written, file)
    except _Cancelled:
        _end(job, State.CANCELLED, _("Cancelled; there is no file."))
    except ValueError as error:
        _end(job, State.FAILED, str(error))
    else:
        _end(job, State.DONE, "", has_file=True)


def _asked(job: ExportJob) -> tuple[TableResource, QuerySet[Any]]:
    """The list as its person sees it now, and its columns. ValueError where they may not see it any more."""
    page = _page(job)
    request = RequestFactory().get("/", QueryDict(job.query))
    request.user = job.user
    if not job.user.is_active or not page.has_export_permission(request):
        raise ValueError(_("Whoever asked for this may not export this list any more."))
    kind: type[TableResource] = import_string(job.resource)
    return kind(**page.get_export_resource_kwargs(request)), page.get_export_queryset(request)


def _page(job: ExportJob) -> Any:
    return admin.site._registry[apps.get_model(job.page)]


def _told(job: ExportJob, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows, while the page is told how far it is and the button is listened to."""
    for count, row in enumerate(rows, 1):
        if count > MOST_ROWS:
            raise ValueError(
                _("An XLSX sheet holds %(most)d rows, and there are more. Narrow the list, or take CSV.")
                % {"most": MOST_ROWS}
            )
        yield row
        if count % CHUNK == 0:
            if ExportJob.objects.filter(pk=job.pk, cancel_asked_at__isnull=False).exists():
                raise _Cancelled
            _note(job, rows_done=count, claimed_at=timezone.now())
        job.rows_done = count


def _end(job: ExportJob, state: State, sentence: str, **fields: Any) -> None:
    _note(
        job, state=state, sentence=sentence, ended_at=timezone.now(), claimed_at=None, rows_done=job.rows_done, **fields
    )
    if not job.has_file:
        path(job).unlink(missing_ok=True)


def _note(job: ExportJob, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(job, name, value)
    job.save(update_fields=list(fields))
