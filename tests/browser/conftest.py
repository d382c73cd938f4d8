"""Debian's Chromium, and a page that notes everything the browser complains of."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests import needs
from tests.staff import PASSWORD, make_person

# Playwright runs a loop of its own in this thread; Django would take it for an asynchronous view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


# Not for the whole session: while Playwright's loop runs in this thread, Django keeps its connections elsewhere, and a test
# that forks would share them with its children.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=needs.chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield opened
        opened.close()


class Desk:
    """One person at one screen."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        page.on(
            "console",
            lambda said: (
                self.complaints.append(f"{said.text} {said.location.get('url', '')}".strip())
                if said.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def open(self, path: str) -> Any:
        answer = self.page.goto(f"{self.address}{path}")
        self.page.wait_for_load_state("networkidle")
        return answer

    def log_in(self, role: str) -> None:
        make_person(role, password=PASSWORD)
        self.open("/admin/login/")
        self.page.fill("#id_username", role)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/admin/")

    def width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


@pytest.fixture
def desk(browser: Any, live_server: Any, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """At 1280 pixels; `@pytest.mark.parametrize("desk", [390], indirect=True)` for a phone."""
    context = browser.new_context(viewport={"width": getattr(request, "param", 1280), "height": 844})
    yield Desk(context.new_page(), live_server.url)
    context.close()
