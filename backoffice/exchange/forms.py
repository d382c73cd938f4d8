"""The forms of an import: a file that is not too large, and for orders the connection they come in by."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from import_export.forms import ConfirmImportForm
from unfold.contrib.import_export.forms import ImportForm
from unfold.widgets import UnfoldAdminSelectWidget

from backoffice.dropping import CONNECTOR
from backoffice.sync.models import Connection


class TableImportForm(ImportForm):
    @staticmethod
    def most_bytes() -> int:
        return int(settings.IMPORT_MAX_BYTES)

    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > self.most_bytes():
            raise ValidationError(
                _("The file has %(size)d MB; at most %(most)d MB are taken. Divide it.")
                % {"size": -(-file.size // 1024**2), "most": self.most_bytes() // 1024**2}
            )
        return file


def _connections() -> Any:
    return Connection.objects.filter(connector=CONNECTOR).exclude(state=Connection.State.OFF)


class OrderImportForm(TableImportForm):
    @staticmethod
    def most_bytes() -> int:
        # Orders are read whole, and kept one by one for the worker.
        return int(settings.UPLOAD_MAX_BYTES)

    connection = forms.ModelChoiceField(
        queryset=Connection.objects.none(), required=False, label=_("Come in by"), widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["connection"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = _connections()
        field.required = field.queryset.count() > 1
        if not field.required:
            field.widget = forms.HiddenInput()


class OrderConfirmForm(ConfirmImportForm):
    connection = forms.ModelChoiceField(queryset=Connection.objects.none(), required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["connection"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = _connections()
