"""What the hub knows of other systems: who they are, what came from them, what they should know and whether they do."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.sync.secrets import EncryptedJSONField, masked


class Connection(models.Model):
    """One account with one system: a store, or one of the hub's own doors (API, files, mail, papers)."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused: needs a person")
        OFF = "off", _("switched off")

    name = models.CharField(max_length=120, unique=True)
    connector = models.CharField(max_length=60, help_text=_("Name of the connector, e.g. woocommerce."))
    url = models.URLField(max_length=400, blank=True)
    credentials = EncryptedJSONField()
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    state_sentence = models.TextField(blank=True, help_text=_("Why it is paused, and what to do."))
    state_since = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=60, default="America/Toronto")
    language = models.CharField(max_length=5, default="en", help_text=_("Of customers whose language is not known."))
    safety_buffer = models.PositiveIntegerField(default=0, help_text=_("Units kept back from what the store is told."))
    publishes_prices = models.BooleanField(
        default=False,
        help_text=_("The store is told our prices too, per selling unit; off: it keeps its own."),
    )
    reserve_when_placed_hours = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("Reserve stock for unpaid orders for this many hours; empty: only when paid."),
    )
    live_from = models.DateTimeField(
        null=True, blank=True, help_text=_("Orders placed before are kept as history: no stock, invoice or mail.")
    )
    poll_minutes = models.PositiveIntegerField(default=5)
    cursor = models.JSONField(default=dict, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    poll_not_before = models.DateTimeField(
        null=True, blank=True, help_text=_("The other system asked to be left alone until then.")
    )
    last_heard_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions: ClassVar = [
            ("set_credentials", _("Can set credentials")),
            ("upload_orders", _("Can upload files of orders")),
        ]
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_credentials(self) -> dict[str, str]:
        return masked(self.credentials)


class Arrival(models.Model):
    """Something another system sent, kept as it came (rule: Y3)."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        OLD = "old", _("kept, not applied: a newer version was there")
        IGNORED = "ignored", _("nothing to do")
        FAILED = "failed", _("needs a person")
        SKIPPED = "skipped", _("skipped by a person")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="arrivals")
    topic = models.CharField(max_length=60)
    key = models.CharField(max_length=200, help_text=_("The same thing sent twice has the same key."))
    external_id = models.CharField(max_length=120, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    body = models.BinaryField()
    context = models.JSONField(default=dict, blank=True, help_text=_("Harmless headers, file name, row."))
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0, help_text=_("How often the same came again."))
    not_before = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    sentence = models.TextField(blank=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        permissions: ClassVar = [
            ("retry_arrival", _("Can try arrivals again or skip them")),
        ]
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "topic", "key"], name="arrival_known_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(state="waiting"), name="arrival_waiting"),
            models.Index(fields=["state", "-id"], name="arrival_state"),
            models.Index(fields=["object_type", "object_id"], name="arrival_object"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.external_id}"


class Delivery(models.Model):
    """What another system should know of one object, and what it does know (rules: Y1, Y2).

    Written by `sync.deliveries` only.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        CLAIMED = "claimed", _("on its way")
        DONE = "done", _("delivered")
        FAILED = "failed", _("needs a person")
        UNCLEAR = "unclear", _("sent, no sure answer: needs a person")
        SKIPPED = "skipped", _("skipped by a person")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="deliveries")
    topic = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    wanted_version = models.PositiveIntegerField(default=1)
    known_version = models.PositiveIntegerField(default=0)
    claimed_version = models.PositiveIntegerField(default=0)
    known = models.JSONField(null=True, blank=True, help_text=_("What the other system was last told, or told us."))
    external_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=80, blank=True)
    claimed_since = models.DateTimeField(null=True, blank=True)
    in_doubt = models.BooleanField(
        default=False, help_text=_("A call that must not be repeated has begun and its answer is not written yet.")
    )
    wanted_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_words = models.TextField(blank=True)

    class Meta:
        permissions: ClassVar = [
            ("retry_delivery", _("Can try deliveries again or skip them")),
        ]
        ordering: ClassVar = ["-id"]
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "topic", "object_id"], name="delivery_once_per_object"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["connection", "topic", "not_before"],
                condition=models.Q(state="waiting"),
                name="delivery_waiting",
            ),
            models.Index(fields=["claimed_since"], condition=models.Q(state="claimed"), name="delivery_claimed"),
            models.Index(fields=["topic", "object_id"], name="delivery_object"),
            models.Index(fields=["state", "-id"], name="delivery_state"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.object_id} → {self.connection}"


class Attempt(models.Model):
    """One try at an arrival or a delivery, in a sentence a clerk can read (rule: Y6)."""

    class Outcome(models.TextChoices):
        OK = "ok", _("worked")
        AGAIN = "again", _("will be tried again")
        FAILED = "failed", _("needs a person")

    arrival = models.ForeignKey(Arrival, null=True, blank=True, on_delete=models.CASCADE, related_name="tries")
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    sentence = models.TextField()
    request = models.TextField(blank=True)
    response = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(arrival__isnull=False) ^ models.Q(delivery__isnull=False),
                name="attempt_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence


class Heartbeat(models.Model):
    """When a part of the running system last said that it works; the watchdog and the home page look here."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()
    words = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M:%S}"
