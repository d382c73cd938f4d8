"""The mail that is kept because no mail server is set: to be read, with its papers, by who may see invoices."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from backoffice import desk

PERMISSION = "accounting.view_invoice"
PER_PAGE = 50
HEADER_BYTES = 32 * 1024
MOST_BYTES = 40 * 1024 * 1024
ENDING = re.compile(rb"\r?\n-{79}\r?\n?\s*\Z")
"""The line with which Django closes each mail in such a file."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept mail as the list shows it."""

    name: str
    to: str
    subject: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Enclosed:
    position: int
    name: str
    kilobytes: int


@require_safe
@login_required
@permission_required(PERMISSION, raise_exception=True)
def mails(request: HttpRequest) -> HttpResponseBase:
    """The kept mails, the newest first."""
    # Only the names of all are read; the headers only of those that are shown.
    names = [path.name for path in sorted(_files(), key=lambda path: path.stat().st_mtime_ns, reverse=True)]
    shown = Paginator(names, PER_PAGE).get_page(request.GET.get("page"))
    return _unkept(
        desk.page(
            request,
            "kept_mail/list.html",
            "Mail",
            mails=[_listed(_folder() / name) for name in shown],
            page=shown,
            server=settings.EMAIL_HOST,
        )
    )


@require_safe
@login_required
@permission_required(PERMISSION, raise_exception=True)
def mail(request: HttpRequest, name: str) -> HttpResponseBase:
    """One kept mail: its text as text, its HTML in a frame in which nothing runs and nothing is loaded."""
    message = _read(name)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return _unkept(
        desk.page(
            request,
            "kept_mail/mail.html",
            str(message["Subject"] or ""),
            message=message,
            kept=_listed(_folder() / name),
            text=text.get_content() if text else "",
            html=html.get_content() if html else "",
            enclosed=[
                Enclosed(at, part.get_filename() or "", max(1, len(part.get_payload(decode=True) or b"") // 1024))
                for at, part in enumerate(_attached(message))
            ],
        )
    )


@require_safe
@login_required
@permission_required(PERMISSION, raise_exception=True)
def enclosed(request: HttpRequest, name: str, position: int) -> HttpResponseBase:
    """One paper that came with a kept mail, to be saved."""
    parts = list(_attached(_read(name)))
    if position >= len(parts):
        raise Http404
    part = parts[position]
    pdf = part.get_content_type() == "application/pdf"
    response = HttpResponse(
        cast(bytes, part.get_payload(decode=True)),
        content_type="application/pdf" if pdf else "application/octet-stream",
    )
    response["Content-Disposition"] = content_disposition_header(True, part.get_filename() or "enclosed")
    response["X-Content-Type-Options"] = "nosniff"
    return _unkept(response)


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _files() -> list[Path]:
    return [path for path in _folder().glob("*.log") if path.is_file()] if _folder().is_dir() else []


def _listed(path: Path) -> Kept:
    with path.open("rb") as file:
        message = BytesHeaderParser(policy=default).parsebytes(file.read(HEADER_BYTES))
    return Kept(path.name, str(message["To"] or ""), str(message["Subject"] or ""), _sent_at(message))


def _sent_at(message: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        return None
    # Django writes the zone as -0000: UTC, of a machine that does not say where it stands (RFC 5322 3.3).
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read(name: str) -> EmailMessage:
    # The name is one that the folder itself has; nothing typed is made a path.
    path = next((path for path in _files() if path.name == name), None)
    if path is None or path.stat().st_size > MOST_BYTES:
        raise Http404
    return message_from_bytes(ENDING.sub(b"", path.read_bytes()), policy=default)


def _attached(message: EmailMessage) -> Iterator[EmailMessage]:
    return message.iter_attachments()
