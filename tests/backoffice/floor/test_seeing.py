"""Frames of a phone's camera, read on the server: small ones, from who may, and never kept."""

from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image

from backoffice.floor import seeing
from tests import bars
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


def see(client: Client, body: bytes, content_type: str = "image/jpeg") -> tuple[int, list[str]]:
    answer = client.post(reverse("floor:see"), body, content_type=content_type)
    return answer.status_code, answer.json()["codes"]


@pytest.mark.parametrize(("text", "kind"), [(bars.GTIN, "ean13"), ("PO-1001", "code128"), ("A-01-1", "code128")])
@pytest.mark.parametrize("turned", [0, 90, 7])
def test_a_bar_code_is_read(text: str, kind: str, turned: int) -> None:
    seen = bars.picture(text, kind).rotate(turned, expand=True, fillcolor=190)

    assert see(logged_in("warehouse"), bars.as_jpeg(seen)) == (200, [text])


def test_a_frame_without_one_is_no_failure() -> None:
    assert see(logged_in("clerk"), bars.as_jpeg(Image.new("L", (640, 480), 128))) == (200, [])


def test_what_is_no_jpeg_is_refused() -> None:
    client = logged_in("warehouse")
    png = BytesIO()
    Image.new("L", (20, 20)).save(png, "PNG")

    assert see(client, b"not a picture")[0] == 400
    assert see(client, png.getvalue())[0] == 400
    assert see(client, bars.jpeg(bars.GTIN)[:200])[0] == 400
    assert see(client, png.getvalue(), "image/png")[0] == 415
    assert see(client, b"")[0] == 415


def test_a_large_file_and_a_small_file_of_a_large_picture_are_refused() -> None:
    client = logged_in("warehouse")
    huge = bars.as_jpeg(Image.new("L", (5000, 5000), 255))

    assert see(client, b"x" * (seeing.MOST_BYTES + 1))[0] == 413
    assert len(huge) < seeing.MOST_BYTES
    assert see(client, huge)[0] == 400


def test_who_may_not_look_up_may_not_send_pictures() -> None:
    url, frame = reverse("floor:see"), bars.jpeg(bars.GTIN)

    assert logged_in("nobody").post(url, frame, content_type="image/jpeg").status_code == 403
    assert Client().post(url, frame, content_type="image/jpeg").status_code == 302
    assert Client().post(url, frame, content_type="image/jpeg", headers={"X-Floor": "1"}).status_code == 401
    assert logged_in("warehouse").get(url).status_code == 405


def test_the_token_of_the_page_is_wanted() -> None:
    client = logged_in("warehouse")
    client.handler.enforce_csrf_checks = True

    assert client.post(reverse("floor:see"), bars.jpeg(bars.GTIN), content_type="image/jpeg").status_code == 403


def test_no_frame_is_kept() -> None:
    def files() -> set[Path]:
        return {path for path in Path(settings.VAR_DIR).rglob("*") if path.suffix in {".jpg", ".jpeg", ".upload"}}

    before = files()
    see(logged_in("warehouse"), bars.jpeg(bars.GTIN))

    assert files() == before
