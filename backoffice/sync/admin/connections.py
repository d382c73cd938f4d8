"""Connections: their health, their settings, and the buttons to test, pause, resume, poll and upload."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminURLInputWidget

from backoffice import desk, dropping, inward
from backoffice.sync import connections, health, waking
from backoffice.sync.connectors import Connector, account_of, connector_of, connectors
from backoffice.sync.errors import SyncError
from backoffice.sync.http import check_address
from backoffice.sync.models import Connection
from orders.models import LANGUAGES
from orders.stores.base import Store


class ConnectionForm(forms.ModelForm):
    class Meta:
        model = Connection
        labels: ClassVar = {
            "reserve_when_placed_hours": gettext_lazy("Reserve unpaid orders, hours"),
            "poll_minutes": gettext_lazy("Poll every, minutes"),
        }
        fields: ClassVar = [
            "name", "connector", "url", "time_zone", "language", "safety_buffer", "publishes_prices",
            "reserve_when_placed_hours", "live_from", "poll_minutes",
        ]  # fmt: skip

    url = forms.URLField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=400,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "connector" in self.fields:
            choices = [(name, kind.title) for name, kind in sorted(connectors().items())]
            # No model choice: a new connector is one file and no migration (design).
            self.fields["connector"] = forms.ChoiceField(
                label=_("System"), choices=[("", _("choose one")), *choices], widget=UnfoldAdminSelectWidget
            )
        if "language" in self.fields:
            self.fields["language"] = forms.ChoiceField(
                label=_("Language"),
                choices=LANGUAGES,
                widget=UnfoldAdminSelectWidget,
                help_text=_("Of customers whose language is not known."),
            )

    def clean_time_zone(self) -> str:
        return desk.known_zone(self.cleaned_data["time_zone"])

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).rstrip("/")
        if url:
            try:
                check_address(url, str(self.cleaned_data.get("name") or _("the store")))
            except SyncError as error:
                raise forms.ValidationError(str(error)) from None
        return url


class HealthyChangeList(desk.DeskChangeList):
    """Reads the health of all connections of the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        found = health.look(self.result_list)
        for connection in self.result_list:
            connection.health = found[connection.pk]


@admin.register(Connection)
class ConnectionAdmin(desk.DeskAdmin):
    form = ConnectionForm
    list_display = ("name", "shown_connector", "shown_state", "shown_health", "shown_waiting", "last_heard_at")
    list_filter = (("state", ChoicesDropdownFilter),)
    sortable_by = ("name", "last_heard_at")
    change_form_outer_before_template = "admin/sync/connection_before.html"
    change_form_outer_after_template = "admin/sync/connection_after.html"
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return HealthyChangeList

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(ConnectionForm.Meta.fields)
        return [f for f in fields if f != "connector"] if obj else fields[:3]

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:pk>/do/<slug:name>/", guard(self.press), name="sync_connection_do"),
            path("<int:pk>/credentials/", guard(self.credentials), name="sync_connection_credentials"),
            *super().get_urls(),
        ]

    def response_add(self, request: HttpRequest, obj: Connection, post_url_continue: Any = None) -> HttpResponse:
        name = "credentials" if kind_of(obj) and request.user.has_perm("sync.set_credentials") else "change"
        return HttpResponseRedirect(reverse(f"admin:sync_connection_{name}", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        connection = self.get_object(request, object_id)
        return super().change_view(
            request, object_id, form_url, {**_context(request, connection), **(extra_context or {})}
        )

    # --- columns ------------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("system"))
    def shown_connector(self, connection: Connection) -> str:
        kind = kind_of(connection)
        return kind.title if kind else _("this house")

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, connection: Any) -> SafeString:
        return desk.badge(connection.get_state_display(), connection.health.tone)

    @admin.display(description=gettext_lazy("health"))
    def shown_health(self, connection: Any) -> SafeString:
        return format_html('<span class="desk-sentence">{}</span>', connection.health.sentence[:300])

    @admin.display(description=gettext_lazy("to be told"))
    def shown_waiting(self, connection: Any) -> str:
        return "999+" if connection.health.waiting > 999 else str(connection.health.waiting)

    # --- buttons ------------------------------------------------------------------------------------------------------
    def press(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        if name not in BUTTONS:
            raise Http404
        permission, do = BUTTONS[name]
        desk.must(request, permission)
        connection = get_object_or_404(Connection, pk=pk)
        desk.press(request, lambda: do(request, connection))
        return HttpResponseRedirect(reverse("admin:sync_connection_change", args=[pk]))

    def credentials(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write-only: what is kept is never sent to a browser, and a field left empty keeps what is kept."""
        desk.must(request, "sync.set_credentials")
        connection = get_object_or_404(Connection, pk=pk)
        kind = kind_of(connection)
        if kind is None or not kind.credentials:
            raise Http404
        if request.method == "POST" and desk.press(request, lambda: _keep_credentials(request, connection, kind)):
            return HttpResponseRedirect(reverse("admin:sync_connection_change", args=[pk]))
        kept: dict[str, Any] = account_of(connection).credentials
        fields = [(credential, bool(kept.get(credential.name))) for credential in kind.credentials]
        title = _("Credentials of %(connection)s") % {"connection": connection}
        return desk.page(request, "admin/sync/credentials.html", title, connection=connection, fields=fields)


def kind_of(connection: Connection) -> type[Connector] | None:
    """The connector's class; None for the hub's own doors and for code that is gone."""
    return connectors().get(connection.connector)


def _context(request: HttpRequest, connection: Connection | None) -> dict[str, Any]:
    if connection is None:
        return {}
    kind = kind_of(connection)
    is_store = kind is not None and issubclass(kind, Store)
    unpacks = is_store and kind.unpack is not Store.unpack  # type: ignore[union-attr]
    hears = is_store and kind.webhook is not Store.webhook  # type: ignore[union-attr]
    may = request.user.has_perm
    return {
        "connection": connection,
        "health": health.look([connection])[connection.pk],
        # Not the class itself: a template calls what can be called.
        "title_of_kind": kind.title if kind else "",
        "asked": kind.credentials if kind else (),
        "credentials": connection.masked_credentials if may("sync.set_credentials") and kind else None,
        "webhook_url": f"{settings.BASE_URL}/webhooks/{connection.pk}/" if hears else "",
        "may_upload": unpacks and may("sync.upload_orders"),
        "may_change": may("sync.change_connection"),
        "may_poll": bool(is_store and kind.polls) and may("sync.change_connection"),  # type: ignore[union-attr]
        "may_check": kind is not None and kind.credentials != () and may("sync.change_connection"),
        "most": settings.UPLOAD_MAX_BYTES,
        "show_save_and_add_another": False,
    }


def _keep_credentials(request: HttpRequest, connection: Connection, kind: type[Connector]) -> str:
    kept: dict[str, Any] = dict(account_of(connection).credentials)
    for credential in kind.credentials:
        typed = request.POST.get(f"credential-{credential.name}", "").strip()
        if typed:
            kept[credential.name] = typed[:2000]
        elif credential.required and not kept.get(credential.name):
            raise ValueError(_("“%(label)s” is needed.") % {"label": credential.label})
    connection.credentials = kept
    connection.save(update_fields=["credentials"])
    return _("The credentials are kept, encrypted. Press “Test” to see whether they work.")


def _check(request: HttpRequest, connection: Connection) -> str:
    found: Any = connector_of(connection)
    said: str = found.check()
    connections.heard(connection.pk)
    return said


def _pause(request: HttpRequest, connection: Connection) -> str:
    connections.pause(connection.pk, _("Paused by %(who)s.") % {"who": desk.who(request)})
    return _("Paused: nothing is told and nothing is polled. What comes in is kept and worked on.")


def _resume(request: HttpRequest, connection: Connection) -> str:
    connections.resume(connection.pk)
    waking.wake(waking.DELIVER)
    return _("It goes on; what waited is being told.")


def _poll(request: HttpRequest, connection: Connection) -> str:
    counts = inward.poll(connection)
    waking.wake(waking.WORK)
    new = sum(counts.values())
    if not new:
        return _("Polled: nothing new.")
    return ngettext("Polled: %(n)d new thing came.", "Polled: %(n)d new things came.", new) % {"n": new}


def _upload(request: HttpRequest, connection: Connection) -> str:
    file = request.FILES.get("file")
    if file is None:
        raise ValueError(_("Choose a file first."))
    if (file.size or 0) > settings.UPLOAD_MAX_BYTES:
        raise ValueError(
            _("The file has %(size)d bytes; at most %(most)d are taken at once. Divide it.")
            % {"size": file.size, "most": settings.UPLOAD_MAX_BYTES}
        )
    with transaction.atomic():
        new = dropping.take(connection, (file.name or "")[:200], file.read())
        waking.wake(waking.WORK)
    if not new:
        return _("All that is in this file was known already.")
    return ngettext("%(n)d order is being taken in.", "%(n)d orders are being taken in.", new) % {"n": new}


BUTTONS: dict[str, tuple[str, Any]] = {
    "check": ("sync.change_connection", _check),
    "pause": ("sync.change_connection", _pause),
    "resume": ("sync.change_connection", _resume),
    "poll": ("sync.change_connection", _poll),
    "upload": ("sync.upload_orders", _upload),
}
