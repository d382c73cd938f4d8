"""A screen of the floor as its script uses it: what the last answer carried in its fields goes along with the next scan."""

import html
import re
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from tests.staff import logged_in


@dataclass
class Answer:
    tone: str
    prompt: str
    sentence: str
    text: str


class Screen:
    """One person of a role in front of one screen."""

    def __init__(self, name: str, *, role: str = "warehouse", args: tuple[Any, ...] = ()) -> None:
        self.client, self.url = logged_in(role), reverse(f"floor:{name}", args=args)
        self.last: dict[str, str] = {}
        self.answer = self._read(self.client.get(self.url, headers={"X-Floor": "1"}))

    def scan(self, code: str) -> Answer:
        return self.send(code=code)

    def press(self, button: str) -> Answer:
        return self.send(act=button)

    def send(self, **typed: str) -> Answer:
        self.last = {**self.fields, "code": "", "act": "scan", **typed}
        return self.repeat()

    def repeat(self) -> Answer:
        """Send the very same once more."""
        return self._read(self.client.post(self.url, self.last, headers={"X-Floor": "1"}))

    def _read(self, answer: Any) -> Answer:
        assert answer.status_code == 200, answer.status_code
        text = answer.content.decode()
        self.fields = dict(_field(tag) for tag in re.findall(r"<input [^>]*form=\"scan\"[^>]*>", text))
        for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*form="scan"[^>]*>(.*?)</select>', text, re.S):
            chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
            self.fields[name] = chosen[1] if chosen else ""
        said = re.search(r'<p class="said[^>]*>(.*?)</p>', text, re.S)
        self.answer = Answer(
            tone=_attribute(text, "data-tone"),
            prompt=_attribute(text, "data-prompt"),
            sentence=html.unescape(re.sub(r"<[^>]+>", "", said[1])).strip() if said else "",
            text=text,
        )
        return self.answer


def _attribute(text: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', text)
    return html.unescape(found[1]) if found else ""


def _field(tag: str) -> tuple[str, str]:
    return _attribute(tag, " name"), _attribute(tag, " value")
