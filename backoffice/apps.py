from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BackofficeConfig(AppConfig):
    name = "backoffice"
    label = "backoffice"
    verbose_name = "Back office"

    def ready(self) -> None:
        from backoffice import roles, schedules

        # Django makes permissions in the same signal, with receivers connected before this one.
        post_migrate.connect(roles.after_migrate, dispatch_uid="backoffice.roles")
        post_migrate.connect(schedules.after_migrate, sender=self, dispatch_uid="backoffice.schedules")
