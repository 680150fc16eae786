"""Pages leave compressed, for browsers that accept gzip. What stays as it is, and why: docs/decisions/0020."""

from __future__ import annotations

import gzip

from flask import Response, request

from services.gateway.sessions.cookies import session_token

# Below this the head of a packet weighs more than what is saved.
_LEAST = 600
_LEVEL = 6


def squeeze(content: bytes) -> bytes:
    """`content` as gzip; the same bytes each time, so that they can be kept and named by a digest."""
    return gzip.compress(content, compresslevel=_LEVEL, mtime=0)


def accepts_gzip() -> bool:
    """Whether this client takes gzip at all, and not less gladly than the bare bytes."""
    offered = request.accept_encodings
    return 0 < offered.quality("gzip") >= offered.quality("identity")


def compress(response: Response) -> Response:
    """Squeeze a page. Its length tells something about its content, so what another site caused stays as it is."""
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or response.status_code in {204, 304} or not _may_be_measured(response):
        return response
    content = response.get_data()
    if len(content) < _LEAST or not accepts_gzip():
        return response
    response.set_data(squeeze(content))
    response.headers["Content-Encoding"] = "gzip"
    if response.headers.get("ETag"):
        # One name for two sequences of bytes: the same page, but not the same to the byte.
        response.set_etag(response.get_etag()[0] or "", weak=True)
    return response


def _may_be_measured(response: Response) -> bool:
    if response.cache_control.no_store:
        return False
    from_elsewhere = request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
    return not (from_elsewhere and session_token())
