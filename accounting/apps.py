from django.apps import AppConfig


class AccountingConfig(AppConfig):
    name = "accounting"
    label = "accounting"
    verbose_name = "Accounting"
