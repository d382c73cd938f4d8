"""The page for API keys: made, shown once, revoked. Nothing of a key can be read later."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from backoffice.api import keys
from backoffice.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    list_display = ("name", "user", "shown_prefix", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "prefix")
    fields = ("user", "name")
    actions = ("revoke",)

    @admin.display(description=_("Key"))
    def shown_prefix(self, key: ApiKey) -> str:
        return f"bo_{key.prefix}_…"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Revoked, not deleted: the list tells later which key was once good.
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("backoffice.change_apikey")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        found = super().get_queryset(request)
        return found if request.user.is_superuser else found.filter(user=request.user.pk)

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        # A key is as strong as its user: nobody makes one that is stronger than themselves.
        users = get_user_model()._default_manager.filter(is_active=True)
        kwargs["queryset"] = users if request.user.is_superuser else users.filter(username=request.user.get_username())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        key, text = keys.issue(obj.user, obj.name)
        obj.pk = key.pk
        messages.warning(request, _("Copy the key now; it is not shown again: %(key)s") % {"key": text})

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:backoffice_apikey_changelist"))

    @admin.action(description=_("Revoke: the key opens nothing any more"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = keys.revoke(list(queryset.values_list("pk", flat=True)))
        messages.success(request, _("%(count)d keys revoked.") % {"count": count})
