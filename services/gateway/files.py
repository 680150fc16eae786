"""Files that never change while this runs: read and squeezed once, then answered from memory."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Response, request

from services.gateway.compression import accepts_gzip, squeeze


@dataclass(frozen=True, slots=True)
class File:
    """A file as it lies in memory; `squeezed` is None where gzip would not make it smaller."""

    mimetype: str
    content: bytes
    squeezed: bytes | None
    digest: str


@lru_cache(maxsize=256)
def _read(path: Path) -> File:
    content = path.read_bytes()
    squeezed = squeeze(content)
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    digest = hashlib.sha256(content).hexdigest()[:32]
    return File(mimetype, content, squeezed if len(squeezed) < len(content) else None, digest)


def answer_file(path: Path) -> Response:
    """The file as this client takes it, or 304 where it has it. The bytes differ by encoding, so their ETags do."""
    file = _read(path)
    if file.squeezed is not None and accepts_gzip():
        response = Response(file.squeezed, mimetype=file.mimetype, headers={"Content-Encoding": "gzip"})
        response.set_etag(f"{file.digest}-gzip")
    else:
        response = Response(file.content, mimetype=file.mimetype)
        response.set_etag(file.digest)
    response.vary.add("Accept-Encoding")
    response.make_conditional(request)
    return response
