"""Import and export of customers and orders, for their admin pages: `class OrderAdmin(OrderExchange, …)`."""

from typing import Any

from django.http import HttpRequest

from backoffice.exchange.admin import TableExchange
from backoffice.exchange.forms import OrderConfirmForm, OrderImportForm
from orders.resources import CustomerResource, OrderResource
from orders.signup_resource import SignupResource


class CustomerExchange(TableExchange):
    resource_classes = (CustomerResource,)
    may_import = ("orders.add_customer", "orders.change_customer")
    may_export = ("orders.view_customer",)


class SignupExchange(TableExchange):
    """Out only: people sign up themselves."""

    resource_classes = (SignupResource,)
    may_export = ("orders.view_backinstocksignup",)


class OrderExchange(TableExchange):
    resource_classes = (OrderResource,)
    may_import = ("sync.upload_orders",)
    may_export = ("orders.view_order",)
    in_background = False
    import_form_class = OrderImportForm
    confirm_form_class = OrderConfirmForm

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form")
        known = form is not None and form.is_bound and form.is_valid()
        return {
            **self.get_resource_kwargs(request),
            "connection": form.cleaned_data.get("connection") if known and form is not None else None,
        }

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        if import_form is not None:
            initial["connection"] = import_form.cleaned_data.get("connection")
        return initial
