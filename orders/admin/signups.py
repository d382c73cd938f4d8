"""Who wants to be told that something is back in stock."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from backoffice import desk
from orders import back_in_stock
from orders.import_export import SignupExchange
from orders.models import BackInStockSignup


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waiting", gettext_lazy("waiting")),
            ("told", gettext_lazy("told")),
            ("stopped", gettext_lazy("taken back")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted: dict[str, dict[str, Any]] = {
            "waiting": {"called_at": None, "cancelled_at": None},
            "told": {"called_at__isnull": False, "cancelled_at": None},
            "stopped": {"cancelled_at__isnull": False},
        }
        return queryset.filter(**wanted.get(self.value() or "", {}))


@admin.register(BackInStockSignup)
class BackInStockSignupAdmin(SignupExchange, desk.ReadOnlyAdmin):
    list_display = ("product", "email", "language", "created_at", "shown_state")
    list_filter = (StateFilter, ("connection", RelatedDropdownFilter))
    list_select_related = ("product",)
    search_fields = ("email_key", "=product__sku")
    search_help_text = gettext_lazy("Mail address or SKU")
    sortable_by = ()
    fields = ("product", "email", "language", "connection", "created_at", "called_at", "mailed_at", "cancelled_at")
    actions: ClassVar = ["take_back"]

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, signup: BackInStockSignup) -> Any:
        if signup.cancelled_at or signup.mailed_at:
            return desk.badge(signup.state, "quiet" if signup.cancelled_at else "good")
        return desk.badge(signup.state, "info" if signup.called_at else "warn")

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.change_backinstocksignup")

    @admin.action(description=gettext_lazy("Take the wish back"), permissions=["take_back"])
    def take_back(self, request: HttpRequest, signups: QuerySet[BackInStockSignup]) -> None:
        count = back_in_stock.stop(signups.values_list("pk", flat=True))
        self.message_user(request, _("%(count)d taken back: they get no mail.") % {"count": count})
