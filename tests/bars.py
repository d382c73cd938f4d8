"""Pictures with bar codes in them, as a phone's camera would see them."""

from io import BytesIO

import zxingcpp
from PIL import Image

FORMATS = {"ean13": zxingcpp.BarcodeFormat.EAN13, "code128": zxingcpp.BarcodeFormat.Code128}
GTIN = "0628915123456"


def picture(text: str, kind: str = "ean13", *, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """The code in the middle of a grey table."""
    bars = memoryview(zxingcpp.create_barcode(text, FORMATS[kind]).to_image(scale=3))
    code = Image.frombytes("L", (bars.shape[1], bars.shape[0]), bars.tobytes())
    table = Image.new("L", size, 190)
    label = Image.new("L", (code.width + 80, code.height + 60), 255)
    label.paste(code, (40, 30))
    table.paste(label, ((size[0] - label.width) // 2, (size[1] - label.height) // 2))
    return table


def jpeg(text: str, kind: str = "ean13", *, size: tuple[int, int] = (640, 480)) -> bytes:
    return as_jpeg(picture(text, kind, size=size))


def as_jpeg(seen: Image.Image) -> bytes:
    file = BytesIO()
    seen.convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()
