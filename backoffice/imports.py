"""Large imports in the background (rule: U6): begun, checked, confirmed, brought in by parts, cancelled, found again.

What is to be done stands in ImportJob; the worker takes a job for a minute at a time, so that it is free for orders too.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from time import monotonic
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import File
from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from backoffice.exchange import kept_rows
from backoffice.exchange.files import CHUNK, TableFile
from backoffice.exchange.resource import TableResource
from backoffice.models import ImportJob
from backoffice.sync import waking
from orders.stores.base import Unreadable
from orders.stores.files_tables import Row

TASK = "backoffice.tasks.work_on_imports"
AT_A_TIME = 60.0
"""Seconds after which a task lets go of a job; it is taken up again at once."""
LOST_AFTER = 300
"""Seconds after which a job whose worker died is taken up by another. A part takes less than one; reading takes longest."""
MOST_TRIES = 3
SHOWN = 100

State = ImportJob.State


def begin(*, page: str, resource: type[TableResource], options: dict[str, Any], upload: File, user: Any) -> ImportJob:
    """Keep an uploaded table and have it checked; nothing of it is brought in before its person says so."""
    name = uuid4().hex
    kept_rows.keep(name, upload)
    with transaction.atomic():
        job = ImportJob.objects.create(
            page=page,
            resource=f"{resource.__module__}.{resource.__qualname__}",
            options=options,
            user=user,
            file_name=str(upload.name or "")[:250],
            kept=name,
        )
        waking.wake(TASK)
    return job


def confirm(job: ImportJob) -> None:
    """Its person has seen what it would do: bring it in. ValueError where it is not waiting for that."""
    with transaction.atomic():
        said = ImportJob.objects.filter(pk=job.pk, state=State.CHECKED).update(
            state=State.IMPORTING,
            rows_done=0,
            new=0,
            changed=0,
            unchanged=0,
            wrong=0,
            shown={},
            report_bytes=0,
            tries=0,
        )
        if not said:
            raise ValueError(_("This import is not waiting to be confirmed. Open it again to see how far it is."))
        waking.wake(TASK)


def cancel(job: ImportJob) -> None:
    """Stop it: at once where nobody works on it, else after the part that is being worked on."""
    with transaction.atomic():
        here = ImportJob.objects.select_for_update().get(pk=job.pk)
        if here.state not in (State.READING, State.CHECKING, State.CHECKED, State.IMPORTING):
            raise ValueError(_("This import has ended already; there is nothing to cancel."))
        if here.claimed_at is None:
            _end(here, State.CANCELLED, _cancelled(here))
        else:
            ImportJob.objects.filter(pk=here.pk).update(cancel_asked_at=timezone.now())


def work(seconds: float = AT_A_TIME) -> int:
    """Take waiting jobs further, one after the other, until the time is over; how many parts were worked on."""
    until, parts = monotonic() + seconds, 0
    while (job := _claimed()) is not None:
        parts += _work_on(job, until)
        if monotonic() >= until:
            waking.wake(TASK)
            break
    return parts


def tidy(days: int = 7) -> int:
    """What nobody confirmed within a week is cancelled, so that files do not pile up; how many."""
    old = timezone.now() - timedelta(days=days)
    waiting = list(ImportJob.objects.filter(state=State.CHECKED, created_at__lt=old))
    for job in waiting:
        cancel(job)
    return len(waiting)


# --- working on one ------------------------------------------------------------------------------------------------------
def _claimed() -> ImportJob | None:
    """The oldest job that nobody works on, now ours."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE backoffice_importjob SET claimed_at = now(), tries = tries + 1
             WHERE id = (SELECT id FROM backoffice_importjob
                          WHERE state IN ('reading', 'checking', 'importing')
                            AND (claimed_at IS NULL OR claimed_at < now() - make_interval(secs => %s))
                          ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [LOST_AFTER],
        )
        found = cursor.fetchone()
    return ImportJob.objects.select_related("user").get(pk=found[0]) if found else None


def _work_on(job: ImportJob, until: float) -> int:
    if job.tries > MOST_TRIES:
        _end(
            job,
            State.FAILED,
            _("It stopped %(count)d times at the same place. Divide the file, or ask for help.")
            % {"count": MOST_TRIES},
        )
        return 0
    if job.state == State.READING:
        try:
            total = kept_rows.read(job.kept)
            TableFile(rows=lambda: islice(kept_rows.rows(job.kept), 1))
        except Unreadable as error:
            _end(job, State.FAILED, str(error))
            return 1
        _note(job, state=State.CHECKING, rows_total=total, tries=0)
    parts = 0
    resource, waiting = _resource(job), _parts(job)
    for heading, part in waiting:
        if ImportJob.objects.filter(pk=job.pk, cancel_asked_at__isnull=False).exists():
            _end(job, State.CANCELLED, _cancelled(job))
            return parts
        if not _done(job, resource, heading, part):
            return parts
        parts += 1
        if monotonic() >= until:
            _note(job, claimed_at=None)
            return parts
    if job.state == State.CHECKING:
        _note(job, state=State.CHECKED, claimed_at=None, tries=0)
    else:
        _end(job, State.DONE, job.sentence)
        _log(job)
    return parts


def _parts(job: ImportJob) -> Iterator[tuple[Row, list[Row]]]:
    """The heading, with each few hundred rows that are not done yet. A file without rows has one empty part."""
    rows = kept_rows.rows(job.kept)
    heading = next(rows, (0, []))
    left = islice(rows, job.rows_done, None)
    first = True
    while (part := list(islice(left, CHUNK))) or (first and not job.rows_done):
        yield heading, part
        first = False


def _resource(job: ImportJob) -> TableResource:
    """The table's reader, knowing the rows that were done before."""
    kind: type[TableResource] = import_string(job.resource)
    resource = kind(may=job.user.has_perm, **job.options)
    if job.rows_done:
        rows = kept_rows.rows(job.kept)
        headers = TableFile(rows=lambda: [next(kept_rows.rows(job.kept))]).headers
        next(rows)
        done = islice(rows, job.rows_done)
        resource.read_before((n, dict(zip(headers, [*row, *[""] * len(headers)], strict=False))) for n, row in done)
    return resource


def _done(job: ImportJob, resource: TableResource, heading: Row, part: list[Row]) -> bool:
    """Work on one part: what came of it is written with it, or it fails as a whole and False is said."""
    resource.part, resource.said = f"-{job.rows_done}", []
    with transaction.atomic():
        result = resource.import_data(
            TableFile(rows=lambda: [heading, *part]), dry_run=job.state == State.CHECKING, user=job.user
        )
        if result.has_errors():
            transaction.set_rollback(True)
        else:
            job.report_bytes = kept_rows.append(job.kept, job.report_bytes, _lines(job, result))
            job.shown = _shown(job, result)
            totals = result.totals
            _note(
                job,
                rows_done=job.rows_done + len(part),
                new=job.new + totals["new"],
                changed=job.changed + totals["update"],
                unchanged=job.unchanged + totals["skip"],
                wrong=job.wrong + result.wrong,
                shown=job.shown,
                report_bytes=job.report_bytes,
                sentence=" ".join([job.sentence, *resource.said]).strip(),
                claimed_at=timezone.now(),
                tries=0,
            )
    if result.has_errors():
        errors = [*result.base_errors, *(error for _at, found in result.row_errors() for error in found)]
        _end(job, State.FAILED, _failed(job, str(errors[0].error)))
        return False
    return True


def _lines(job: ImportJob, result: Any) -> list[list[str]]:
    """The part of the report on these rows, in the order of the file; what is as it should be has no line."""
    found = [(row.at, [str(row.at), str(row.import_type), "", *row.diff]) for row in result.rows if row.diff]
    found += [(row.number, [str(row.number), "wrong", _why(row), *map(str, row.values)]) for row in result.invalid_rows]
    found += [(at, [str(at), "note", said]) for at, said in result.remarks]
    lines = [line for _at, line in sorted(found)]
    return lines if job.report_bytes else [["row", "what", "why", *result.diff_headers], *lines]


def _shown(job: ImportJob, result: Any) -> dict[str, Any]:
    """The first rows that change and the first that are wrong, for the page."""
    changes, wrong = job.shown.get("changes", []), job.shown.get("wrong", [])
    changes = changes + [[row.at, *row.diff] for row in result.rows if row.diff][: max(0, SHOWN - len(changes))]
    wrong = (
        wrong
        + [[row.number, _why(row), *map(str, row.values)] for row in result.invalid_rows][: max(0, SHOWN - len(wrong))]
    )
    remarks = [*job.shown.get("remarks", []), *map(list, result.remarks)][:SHOWN]
    return {"headers": list(result.diff_headers), "changes": changes, "wrong": wrong, "remarks": remarks}


def _why(row: Any) -> str:
    said = [f"{name}: {' '.join(sentences)}" for name, sentences in row.field_specific_errors.items()]
    return " ".join([*said, *row.non_field_specific_errors])


# --- how it ends ---------------------------------------------------------------------------------------------------------
def words(job: ImportJob) -> str:
    """What came of it, in figures."""
    return str(TableResource.came) % {
        "new": job.new,
        "changed": job.changed,
        "same": job.unchanged,
        "wrong": job.wrong,
    }


def _cancelled(job: ImportJob) -> str:
    if job.state != State.IMPORTING:
        return _("Cancelled; nothing was imported.")
    return _("Cancelled after %(done)d of %(total)d rows, which are imported; the rest is left out.") % {
        "done": job.rows_done,
        "total": job.rows_total,
    }


def _failed(job: ImportJob, why: str) -> str:
    if job.state != State.IMPORTING or not job.rows_done:
        return _("Nothing was imported: %(why)s") % {"why": why}
    return _(
        "Stopped after %(done)d of %(total)d rows, which are imported: %(why)s Upload the file again to go on."
    ) % {
        "done": job.rows_done,
        "total": job.rows_total,
        "why": why,
    }


def _end(job: ImportJob, state: State, sentence: str) -> None:
    _note(job, state=state, sentence=sentence, ended_at=timezone.now(), claimed_at=None)
    kept_rows.forget(job.kept)


def _note(job: ImportJob, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(job, name, value)
    job.save(update_fields=list(fields))


def _log(job: ImportJob) -> None:
    LogEntry.objects.create(
        user_id=str(job.user_id),
        content_type=ContentType.objects.get_for_model(apps.get_model(job.page)),
        object_repr=_("Import"),
        action_flag=CHANGE,
        change_message=words(job),
    )
