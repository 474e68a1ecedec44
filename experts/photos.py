"""Photos: re-encoded on arrival, so that place, time and anything hidden in the file are gone."""

import struct
import uuid
import zlib
from io import BytesIO
from typing import BinaryIO

from django.core.files.base import ContentFile
from PIL import Image, ImageOps

LONGEST = 800  # pixels
LARGEST = 40_000_000  # pixels: a small file may unfold into more memory than there is
FORMATS = {"JPEG", "MPO", "PNG"}  # MPO is what several telephones write as .jpg
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)


class NotAPicture(ValueError):
    """The file cannot be taken as a photo; the text says why."""


def check_picture(upload: BinaryIO) -> None:
    """Raise NotAPicture unless the file is a JPEG or PNG of bearable size that decodes to its end."""
    broken = NotAPicture("这个文件不是可用的照片，请上传 JPG 或 PNG。")
    try:
        with Image.open(upload) as image:
            if image.format not in FORMATS:
                raise broken
            if image.width * image.height > LARGEST:
                raise NotAPicture("照片的像素太多，请缩小后再上传。")
            image.load()
    except NotAPicture:
        raise
    except (*UNREADABLE, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise broken from None


def reencoded(upload: BinaryIO, *, longest: int = LONGEST) -> ContentFile:
    """A JPEG of at most `longest` pixels a side under a random name, pixels only."""
    upload.seek(0)
    with Image.open(upload) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((longest, longest))
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    out = BytesIO()
    plain.save(out, "JPEG", quality=88)
    return ContentFile(out.getvalue(), name=random_name())


def random_name() -> str:
    return f"{uuid.uuid4().hex}.jpg"


def stored_name() -> str:
    """Where a photo of an expert lies, as its column says it (`upload_to` of Expert.photo)."""
    return f"photos/{random_name()}"
