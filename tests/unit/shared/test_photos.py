"""Photos made anew, and pictures that would unpack into more than there is, measured in a process of their own."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.photos import BadPhoto, photo_anew
from tests.fixtures.postgresql_cluster import PROJECT

# The peak of this program alone: what `getrusage` says begins with the peak of whoever started it.
_MAKE = """
import re, sys
from pathlib import Path
from shared.photos import BadPhoto, photo_anew
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
content = Path(sys.argv[1]).read_bytes()
before = peak()
try:
    print("taken", len(photo_anew(content)))
except BadPhoto as error:
    print(error)
print((peak() - before) // 1024)
"""


def picture(width: int, height: int, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(written, kind, **options)
    return written.getvalue()


def claimed(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is so large."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(bytes(64))) + part(b"IEND", b"")


KINDS: dict[str, tuple[Callable[[], bytes], str, int]] = {
    "a PNG of ten thousand millions": (lambda: claimed(100_000, 100_000), "照片太大", 8),
    "a PNG just beyond": (lambda: claimed(5_001, 5_000), "照片太大", 8),
    "a JPEG of 100 millions": (lambda: picture(10_000, 10_000, "JPEG"), "照片太大", 8),
    "a JPEG whose every point is kept until the end": (
        lambda: picture(6_000, 6_000, "JPEG", progressive=True),
        "照片太大",
        8,
    ),
    "a WEBP of 36 millions": (lambda: picture(6_000, 6_000, "WEBP", quality=1, method=0), "照片太大", 8),
    "what the best phones take": (lambda: picture(8_160, 6_120, "JPEG"), "taken", 100),
    "a phone's JPEG with a second picture behind it": (
        lambda: picture(8_160, 6_120, "MPO", save_all=True, append_images=[Image.new("RGB", (320, 240))]),
        "taken",
        100,
    ),
    "the largest PNG": (lambda: picture(5_000, 5_000, "PNG", compress_level=1), "taken", 170),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_takes_little_memory_or_is_refused(tmp_path: Path, kind: str) -> None:
    make, words, most_megabytes = KINDS[kind]
    path = tmp_path / "photo"
    path.write_bytes(make())
    command = [sys.executable, "-c", _MAKE, str(path)]
    answer = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60)
    said, megabytes = answer.stdout.splitlines()
    assert words in said
    assert int(megabytes) < most_megabytes


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "EPS"])
def test_no_other_decoder_is_tried_than_that_of_the_three_kinds(kind: str) -> None:
    with pytest.raises(BadPhoto, match="打不开"):
        photo_anew(picture(10, 10, kind))


@pytest.mark.parametrize("length", [20, 200, 400])
def test_a_photo_that_breaks_off_is_refused(length: int) -> None:
    with pytest.raises(BadPhoto, match="打不开"):
        photo_anew(picture(400, 400, "JPEG")[:length])


def test_a_photo_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "石桂花家门口"
    anew = photo_anew(picture(60, 40, "JPEG", exif=exif, comment=b"25.9,109.8"))
    assert b"25.9" not in anew
    assert "石桂花".encode() not in anew
    with Image.open(io.BytesIO(anew)) as opened:
        assert opened.size == (40, 60)
        assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_every_way_of_holding_colours_is_taken(mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (30, 20)).save(written, "JPEG" if mode == "CMYK" else "PNG")
    with Image.open(io.BytesIO(photo_anew(written.getvalue()))) as opened:
        assert (opened.mode, opened.size) == ("RGB", (30, 20))
