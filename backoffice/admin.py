"""The admin as a whole: people and roles, the search page, and other packages' pages in the house's frame."""

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultiple

from backoffice import desk, paper_search, search
from backoffice.api import key_admin
from backoffice.exchange import export_admin, job_admin

__all__ = ["export_admin", "job_admin", "key_admin"]

SHOWN = 50

# Nothing in this house is deleted by a tick: rows are archived, switched off or reversed.
admin.site.disable_action("delete_selected")

for model in (User, Group, Schedule, Success, Failure, OrmQ, AccessAttempt, AccessFailureLog, AccessLog):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


def find_order(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """The one search box: a number goes straight to its order, lot or paper; anything else lists what was found."""
    desk.must(request, "orders.view_order")
    q = request.GET.get("q", "").strip()
    found = search.find(q, limit=SHOWN + 1)
    order = search.sure(found)
    if order is not None:
        return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))
    lots = search.find_lots(q) if request.user.has_perm("inventory.view_lot") else []
    papers = paper_search.find(q, may_see=request.user.has_perm)
    only = [reverse("admin:inventory_lot_change", args=[lot.pk]) for lot in lots] + [paper.url for paper in papers]
    if len(only) == 1 and not found:
        return HttpResponseRedirect(only[0])
    shown, more = found[:SHOWN], len(found) > SHOWN
    words = {"q": q, "found": shown, "lots": lots, "papers": papers, "more": more, "limit": SHOWN}
    return desk.page(request, "admin/search.html", _("Find"), **words)


# Unfold's site has a page at this address that looks for apps and models; staff look for orders (rule: O7).
setattr(admin.site, "search", find_order)  # noqa: B010


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "shown_roles", "is_active", "last_login")
    list_filter = ("groups", "is_active", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "last_name", "email")}),
        (_("What they may do"), {"fields": ("groups", "is_active", "is_staff", "is_superuser")}),
        (_("When"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "password1", "password2", "groups", "is_staff")}),
    )
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # Four roles are four ticks; Django's two boxes side by side do not fit a screen.
        return forms.ModelMultipleChoiceField(
            queryset=Group.objects.order_by("name"),
            required=False,
            label=_("Roles"),
            widget=UnfoldAdminCheckboxSelectMultiple,
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The timeline and the ledger name people; who leaves is made inactive.
        return False

    @admin.display(description=_("roles"))
    def shown_roles(self, user: User) -> str:
        roles = [group.name for group in user.groups.all()]
        return ", ".join([*(["administrator"] if user.is_superuser else []), *roles])


@admin.register(Group)
class GroupAdmin(desk.ReadOnlyAdmin):
    """Roles are one table in the code (backoffice/roles.py), set anew with every migration; here they are only read."""

    list_display = ("name",)
    fields = ("name", "shown_permissions")
    readonly_fields = ("shown_permissions",)

    @admin.display(description=_("may"))
    def shown_permissions(self, group: Group) -> str:
        return "; ".join(
            permission.name for permission in group.permissions.order_by("content_type__app_label", "codename")
        )


@admin.register(AccessAttempt)
class AccessAttemptAdmin(desk.ReadOnlyAdmin):
    """Failed log-ins. Deleting one lets that person try again at once."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")
    fields = ("attempt_time", "username", "ip_address", "user_agent", "failures_since_start")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")


class TaskAdmin(desk.ReadOnlyAdmin):
    list_display = ("func", "started", "stopped", "attempt_count")
    search_fields = ("func", "name")
    fields = ("name", "func", "started", "stopped", "attempt_count", "result")
    actions = None


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    pass


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    pass


@admin.register(Schedule)
class ScheduleAdmin(desk.ReadOnlyAdmin):
    """What the clock starts. It is written in the code; one bad row here would stop all of it."""

    list_display = ("name", "func", "schedule_type", "minutes", "next_run")
    fields = ("name", "func", "schedule_type", "minutes", "next_run", "repeats")
    actions = None
