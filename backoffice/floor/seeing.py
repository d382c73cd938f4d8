"""Reads the bar code in one frame of a phone's camera, for browsers that cannot; the frame is never kept."""

import warnings
from io import BytesIO

import zxingcpp
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from PIL import Image, UnidentifiedImageError

from backoffice.floor.doors import screen

MOST_BYTES = 400_000
MOST_PIXELS = 1600 * 1600
FORMATS = (
    zxingcpp.BarcodeFormat.EAN13,
    zxingcpp.BarcodeFormat.EAN8,
    zxingcpp.BarcodeFormat.UPCA,
    zxingcpp.BarcodeFormat.UPCE,
    zxingcpp.BarcodeFormat.Code128,
    zxingcpp.BarcodeFormat.ITF,
    zxingcpp.BarcodeFormat.QRCode,
    zxingcpp.BarcodeFormat.DataMatrix,
)


@require_POST
@screen("look_up")
def decode(request: HttpRequest) -> HttpResponse:
    """A JPEG as the body; answers `{"codes": ["0628915123456"]}`, empty where there is none in it."""
    try:
        size = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        size = 0
    if request.content_type != "image/jpeg" or size <= 0:
        return _wrong(_("Send one picture as image/jpeg."), status=415)
    if size > MOST_BYTES:
        return _wrong(_("The picture is too large: at most 400 kB."), status=413)
    frame = _frame(request.body)
    if frame is None:
        return _wrong(_("This is no picture that can be read."), status=400)
    found = zxingcpp.read_barcodes(frame, formats=FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return JsonResponse({"codes": [code.text for code in found if code.text]})


def _frame(body: bytes) -> Image.Image | None:
    """The picture in grey, or None. Its size is looked at before it is unpacked: a small file can hold a huge picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(body), formats=["JPEG"])
            if picture.width * picture.height > MOST_PIXELS:
                return None
            return picture.convert("L")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombWarning):
        return None


def _wrong(sentence: str, *, status: int) -> HttpResponse:
    return JsonResponse({"codes": [], "message": sentence}, status=status)
