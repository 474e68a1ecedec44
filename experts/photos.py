"""Photos: re-encoded on arrival, so that place, time and anything hidden in the file are gone."""

import uuid
from io import BytesIO
from typing import BinaryIO

from django.core.files.base import ContentFile
from PIL import Image, ImageOps

LONGEST = 800  # pixels


def reencoded(upload: BinaryIO) -> ContentFile:
    """A JPEG of at most 800 pixels a side under a random name, pixels only."""
    upload.seek(0)
    with Image.open(upload) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((LONGEST, LONGEST))
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    out = BytesIO()
    plain.save(out, "JPEG", quality=88)
    return ContentFile(out.getvalue(), name=f"{uuid.uuid4().hex}.jpg")
