"""What can go wrong with another system, told apart by what to do next (rule: Y5).

The message of each is a whole sentence that a clerk can read, without secrets.
"""


class SyncError(Exception):
    """Something went wrong with another system; `sentence` says what, `advice` what a person can do."""

    def __init__(self, sentence: str, *, advice: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}".strip()


class Unavailable(SyncError):
    """Passing: time-out, 429, 5xx. Tried again with growing pauses; `retry_after` is the other side's wish in seconds."""

    def __init__(self, sentence: str, *, advice: str = "", retry_after: float | None = None) -> None:
        super().__init__(sentence, advice=advice)
        self.retry_after = retry_after


class Refused(SyncError):
    """Lasting, for this item only: a 4xx, a mapping that is missing."""


class NotConnected(SyncError):
    """The credentials do not work: the connection is paused with one alert."""


class Unclear(SyncError):
    """Sent, no sure answer, and repeating would cost money or do harm: look up first, or ask a person."""
