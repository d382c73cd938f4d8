"""The floor on a phone of 390 pixels: a scanner that types, a camera that sees, sounds, and a connection that goes away."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from backoffice import stocktaking
from inventory import ledger
from inventory.models import CountLine, Location, Movement, Product, StockLevel
from tests import bars, needs
from tests.browser.conftest import Desk
from tests.floor import ordered
from tests.making import make_merchant, make_product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Tent for four people with a name that does not want to end on this small screen, and-a-word-without-any-space-in-it"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Floor(Desk):
    """One person with a phone in the warehouse."""

    def wedge(self, code: str) -> None:
        """What a scanner does that is a keyboard: it types quickly, wherever the focus is, and presses Enter."""
        self.page.keyboard.type(code)
        self.page.keyboard.press("Enter")

    def hears(self, tone: str) -> str:
        """Wait for the answer of this tone; its sentence."""
        self.page.wait_for_selector(f"#step[data-tone={tone}]:not([aria-busy])")
        assert self.page.evaluate("document.documentElement.dataset.sound") == tone
        return str(self.page.inner_text("#step .said"))

    def has_focus(self) -> bool:
        return bool(self.page.evaluate("document.activeElement.id === 'code'"))

    def go(self, screen: str, role: str = "warehouse") -> None:
        self.log_in(role)
        self.open(reverse(f"floor:{screen}"))


@pytest.fixture(scope="module")
def seeing_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser whose camera shows a bar code for ever."""
    from playwright.sync_api import sync_playwright

    film: Path = tmp_path_factory.mktemp("film") / "bars.mjpeg"
    film.write_bytes(bars.jpeg(bars.GTIN) * 4)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=needs.chromium(),
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}",
            ],
        )  # fmt: skip
        yield opened
        opened.close()


@pytest.fixture
def floor(seeing_browser: Any, live_server: Any) -> Iterator[Floor]:
    context = seeing_browser.new_context(**PHONE)
    yield Floor(context.new_page(), live_server.url)
    context.close()


@pytest.fixture
def tent(live_server: Any) -> Product:
    make_merchant()
    return make_product("TENT", 5, name=LONG, barcode=bars.GTIN)


def test_a_scanner_types_and_the_field_has_the_focus_again(floor: Floor, tent: Product) -> None:
    floor.go("look_up")
    assert floor.has_focus()

    floor.wedge("NO-SUCH-THING-" * 8)
    assert "means nothing here" in floor.hears("refused")
    floor.page.click("h1")
    floor.page.focus("#camera")
    floor.wedge(bars.GTIN)

    assert bars.GTIN in floor.hears("ok")
    assert LONG[:20] in floor.page.inner_text("#step .card")
    assert floor.has_focus()
    assert floor.page.input_value("#code") == ""
    assert floor.width() <= 390
    assert floor.complaints == []


def test_the_camera_finds_the_product(floor: Floor, tent: Product) -> None:
    floor.go("look_up")

    floor.page.click("#camera")
    floor.hears("ok")

    assert "TENT" in floor.page.inner_text("#step .card")
    floor.page.click("#camera")
    assert floor.page.is_hidden("#view")
    assert floor.complaints == []


def test_a_browser_that_reads_bars_itself_sends_no_pictures(floor: Floor, tent: Product) -> None:
    floor.page.add_init_script(
        f"""window.BarcodeDetector = class {{
              static async getSupportedFormats() {{ return ["ean_13", "code_128"]; }}
              async detect() {{ return [{{ rawValue: "{bars.GTIN}" }}]; }}
            }};"""
    )
    sent: list[str] = []
    floor.page.on("request", lambda request: sent.append(request.url))
    floor.go("look_up")

    floor.page.click("#camera")
    floor.hears("ok")

    assert "TENT" in floor.page.inner_text("#step .card")
    assert not [url for url in sent if url.endswith(reverse("floor:see"))]


def test_scans_without_a_connection_wait_and_are_sent_when_there_is_one(floor: Floor, tent: Product) -> None:
    floor.go("look_up")
    floor.page.context.set_offline(True)

    floor.wedge("TENT")
    floor.page.wait_for_selector("#trouble:visible")
    floor.wedge(bars.GTIN)
    assert "No connection" in floor.page.inner_text("#trouble")
    assert bars.GTIN in floor.page.inner_text("#queue")
    floor.page.context.set_offline(False)

    floor.page.wait_for_selector("text=“0628915123456”")
    assert floor.page.is_hidden("#trouble")
    assert floor.page.is_hidden("#queue")


@pytest.mark.parametrize("screen", ["home", "look_up", "receive", "put_away", "move", "count"])
def test_no_screen_is_wider_than_the_phone(floor: Floor, tent: Product, screen: str) -> None:
    floor.go(screen)

    assert floor.width() <= 390
    assert floor.complaints == []


def test_a_sheet_is_counted_by_scanner_camera_and_keys(floor: Floor, tent: Product) -> None:
    home = ledger.default_location()
    sheet = stocktaking.start(home.pk, lambda: [(tent.pk, home.pk)])[0][0]
    floor.go("count")

    floor.wedge(sheet.number)
    floor.hears("ok")
    floor.wedge("TENT")
    floor.page.wait_for_selector("text=1 × TENT")
    floor.page.click("#camera")
    floor.page.wait_for_selector("text=2 × TENT")
    floor.page.click("#camera")
    floor.page.click("[data-add='1']")
    floor.page.click("[data-add='1']")
    floor.wedge("TENT")
    floor.page.wait_for_selector("text=5 × TENT")
    floor.page.fill("#amount", "4")
    floor.page.keyboard.press("Enter")
    floor.page.wait_for_selector("text=4 × TENT")
    assert floor.has_focus()
    assert floor.width() <= 390
    floor.page.get_by_role("button", name="Hand in").press("Enter")

    floor.page.wait_for_selector("text=is booked")
    assert Movement.objects.get(reason="count").quantity == -1
    assert floor.complaints == []


def test_what_was_being_done_is_there_again_after_the_page_was_lost(floor: Floor, tent: Product) -> None:
    home = ledger.default_location()
    sheet = stocktaking.start(home.pk, lambda: [(tent.pk, home.pk)])[0][0]
    floor.go("count")
    floor.wedge(sheet.number)
    floor.hears("ok")
    floor.page.context.set_offline(True)
    floor.wedge("TENT")
    floor.page.wait_for_selector("#trouble:visible")
    floor.page.context.set_offline(False)

    floor.page.reload()

    floor.page.wait_for_function("document.getElementById('amount')?.value === '1'")
    floor.page.reload()
    floor.page.wait_for_function("document.getElementById('amount')?.value === '1'")
    assert CountLine.objects.get().counted == 1


def test_a_purchase_order_is_received_by_scanner_and_camera(floor: Floor, tent: Product) -> None:
    milk = make_product("MILK", tracking="lot", expires=True)
    order = ordered((tent, 2), (milk, 6))
    floor.go("receive")

    floor.wedge(order.number)
    floor.page.wait_for_url(f"**{reverse('floor:receive_purchase', args=[order.number])}")
    floor.page.click("#camera")
    floor.page.wait_for_selector("text=1 × TENT")
    floor.page.click("#camera")
    floor.wedge("MILK")
    floor.wedge("L7")
    floor.page.fill("[name=expires]", "2027-01-31")
    floor.page.get_by_role("button", name="OK", exact=True).last.click()
    floor.page.wait_for_selector("text=1 × MILK · L7")
    floor.page.reload()
    floor.page.wait_for_selector("text=nothing of it is booked yet")
    floor.wedge("TENT")
    floor.page.wait_for_selector("text=2 × TENT")
    floor.wedge("TENT")
    assert "3 of TENT would be here; 2 are expected" in floor.hears("ask")
    assert floor.width() <= 390
    floor.page.get_by_role("button", name="Leave it out").click()
    floor.page.wait_for_selector("text=is left out")
    floor.page.get_by_role("button", name="Book what was counted").press("Enter")

    floor.page.wait_for_selector("text=3 units received")
    assert sorted(StockLevel.objects.filter(location=ledger.default_location()).values_list("product__sku", "on_hand")) == [
        ("MILK", 1), ("TENT", 7),
    ]  # fmt: skip
    assert floor.complaints == []


def test_goods_are_put_away_and_moved_by_scanner_camera_and_keys(floor: Floor, tent: Product) -> None:
    home = ledger.default_location()
    for code in ("A-1", "A-2"):
        Location.objects.create(code=code, name=code, kind="bin", warehouse=home)

    def lies() -> dict[str, int]:
        return dict(StockLevel.objects.filter(on_hand__gt=0).values_list("location__code", "on_hand"))

    floor.go("put_away")
    floor.page.click("#camera")
    floor.page.wait_for_selector("text=5 × TENT")
    floor.page.click("#camera")
    floor.wedge("A-1")
    floor.page.wait_for_selector("text=put away in")
    assert lies() == {"A-1": 5}
    assert floor.width() <= 390
    floor.page.get_by_role("button", name="Undo").press("Enter")
    floor.page.wait_for_selector("text=is back in")
    assert lies() == {home.code: 5}
    assert floor.has_focus()

    floor.open(reverse("floor:move"))
    for code in ("TENT", "TENT", "A-2"):
        floor.wedge(code)
    floor.page.wait_for_selector("text=2 × TENT moved from")
    assert lies() == {home.code: 3, "A-2": 2}
    floor.wedge("NOPE")
    floor.wedge("A-1")
    floor.hears("refused")
    assert floor.width() <= 390
    assert floor.complaints == []
