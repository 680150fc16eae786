"""Photos made anew: what was sent is decoded and encoded again, so that nothing hides in it.

A small file can unpack into a huge picture. How large it will be stands at its beginning and is looked at first;
what is decoded is decoded small where the format can do so, and one at a time in a process.
"""

from __future__ import annotations

import io
import threading

from PIL import Image, ImageOps, UnidentifiedImageError

PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
# The content's own word for its type was read by something else: no other decoder may be tried.
_FORMATS = ("JPEG", "PNG", "WEBP")
# A JPEG with a second picture behind it (MPO), as many phones make, is opened as what its first one is.
_SCALED = ("JPEG", "MPO")
_LONGEST_SIDE = 2048
# Phones make up to about 50 million points, and a plain JPEG is scaled down while it is decoded.
_MOST_POINTS = 64_000_000
# Everything else is decoded whole: three bytes a point, or more.
_MOST_POINTS_WHOLE = 25_000_000
_TOO_LARGE = "照片太大，请用手机自带相机的普通尺寸重新拍。"
_ONE_AT_A_TIME = threading.Lock()


class BadPhoto(Exception):
    """A photo that is none, is damaged, or would be too large; the sentence is for people."""


def photo_anew(content: bytes) -> bytes:
    """The picture as JPEG, upright, at most 2,048 points a side, without metadata. Raises BadPhoto."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            scaled = opened.format in _SCALED and "progressive" not in opened.info
            if opened.width * opened.height > (_MOST_POINTS if scaled else _MOST_POINTS_WHOLE):
                raise BadPhoto(_TOO_LARGE)
            with _ONE_AT_A_TIME:
                return _encoded(_small(opened))
    except Image.DecompressionBombError as error:
        raise BadPhoto(_TOO_LARGE) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise BadPhoto("这张照片打不开，请重新拍一张再上传。") from error


def _small(opened: Image.Image) -> Image.Image:
    """Small before it is turned, so that no second copy of the large one is made."""
    opened.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
    opened.load()
    picture = opened if opened.mode == "RGB" else opened.convert("RGB")
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return ImageOps.exif_transpose(picture)


def _encoded(picture: Image.Image) -> bytes:
    # A comment would go along otherwise.
    picture.info = {}
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=82, optimize=True)
    return written.getvalue()
