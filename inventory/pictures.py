"""Pictures of products: only what really is a picture is kept, drawn anew, under a name that nobody chose."""

import io
from functools import partial
from uuid import uuid4

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from inventory.models import ProductPicture

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
"""What is unpacked to look at a picture: a file of a few kilobytes can claim to be larger than any memory."""
LONGEST_SIDE = 1600
THUMBNAIL = 240
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "png"}
TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def drawn_anew(upload: File) -> ContentFile:
    """The picture in an uploaded file, without whatever else the file holds: place and camera, scripts, other files.

    ValueError with a sentence where it is too large, or no picture.
    """
    if upload.size > MOST_BYTES:
        raise ValueError(
            _("The picture has %(size)d MB; at most %(most)d MB are taken. Save it smaller.")
            % {"size": -(-upload.size // 1024**2), "most": MOST_BYTES // 1024**2}
        )
    try:
        upload.seek(0)
        with Image.open(upload, formats=list(FORMATS)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError(_("The picture has more pixels than are taken. Save it smaller."))
            ending = FORMATS[picture.format or ""]
            return ContentFile(_drawn(picture, ending, LONGEST_SIDE), name=f"{uuid4().hex}.{ending}")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError(_("This is no picture that can be read. Use a JPEG, PNG, WebP or GIF file.")) from None


def thumbnail(picture: ProductPicture) -> bytes:
    """The picture small, for a list."""
    with picture.picture.open("rb") as file, Image.open(file, formats=list(FORMATS)) as opened:
        opened.draft("RGB", (THUMBNAIL, THUMBNAIL))
        return _drawn(opened, ending(picture), THUMBNAIL)


def ending(picture: ProductPicture) -> str:
    return str(picture.picture.name).rpartition(".")[2]


def forget_file(picture: ProductPicture) -> None:
    """The file behind a row is not needed any more: it goes once that is certain."""
    # As it is kept: the row in memory may carry a file that was uploaded just now.
    for name in ProductPicture.objects.filter(pk=picture.pk).values_list("picture", flat=True):
        transaction.on_commit(partial(default_storage.delete, name))


def _drawn(picture: Image.Image, ending: str, side: int) -> bytes:
    turned = ImageOps.exif_transpose(picture) or picture
    plain: Image.Image = turned.convert("RGB" if ending == "jpg" else "RGBA")
    plain.thumbnail((side, side))
    plain.info.clear()
    written = io.BytesIO()
    plain.save(written, {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[ending])
    return written.getvalue()
