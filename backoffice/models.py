"""What belongs to the house as a whole and to no app: the keys with which programs speak for a person."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportJob(models.Model):
    """A large table that is brought in by the worker: kept, checked, shown to the person, and imported at their word.

    Its rows are worked on in parts, each in one transaction with `rows_done`: who stops in between loses and repeats none.
    """

    class State(models.TextChoices):
        READING = "reading", _("being read")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked: waiting for your word")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("imported")
        FAILED = "failed", _("could not be imported")
        CANCELLED = "cancelled", _("cancelled")

    page = models.CharField(max_length=80, help_text=_("The list it belongs to, as inventory.product."))
    resource = models.CharField(max_length=200, editable=False)
    options = models.JSONField(default=dict, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    file_name = models.CharField(max_length=250)
    kept = models.CharField(max_length=32, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.READING)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    shown = models.JSONField(default=dict, editable=False)
    report_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    sentence = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["reading", "checking", "importing"]),
                name="import_job_to_work_on",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_running(self) -> bool:
        return self.state in (self.State.READING, self.State.CHECKING, self.State.IMPORTING)

    @property
    def percent(self) -> int:
        return min(100, 100 * self.rows_done // self.rows_total) if self.rows_total else 0


class ExportJob(models.Model):
    """A large list that the worker writes into a file: asked for, found again, fetched by its person within a day."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for its turn")
        WRITING = "writing", _("being written")
        DONE = "done", _("written")
        FAILED = "failed", _("could not be written")
        CANCELLED = "cancelled", _("cancelled")

    page = models.CharField(max_length=80, help_text=_("The list it is of, as inventory.product."))
    resource = models.CharField(max_length=200, editable=False)
    query = models.TextField(blank=True, editable=False, help_text=_("What the list was narrowed to."))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports")
    rights = models.JSONField(default=list, editable=False, help_text=_("By which its person sees its columns."))
    file_name = models.CharField(max_length=250)
    kept = models.CharField(max_length=32, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    has_file = models.BooleanField(default=False)
    sentence = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["waiting", "writing"]),
                name="export_job_to_work_on",
            ),
            models.Index(fields=["ended_at"], condition=models.Q(has_file=True), name="export_job_kept"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_running(self) -> bool:
        return self.state in (self.State.WAITING, self.State.WRITING)

    @property
    def is_told(self) -> bool:
        """Whether it is known how far it is: a list of papers may have more rows than papers."""
        return self.rows_total >= self.rows_done > 0


class ApiKey(models.Model):
    """A key for the API: whoever has it may do what its user may. The key itself is shown once and kept nowhere.

    As sent: `bo_<prefix>_<secret>`. The prefix finds the row, the digest proves the rest.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120, help_text=_("What uses it: the web shop, the till."))
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} (bo_{self.prefix}_…)"
