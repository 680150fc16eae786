"""The request that is being worked for: one id from the browser through services, messages and tasks into the logs."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

_REQUEST_ID = ContextVar[str | None]("xiangzhi_request_id", default=None)
_ALLOWED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current_request_id() -> str | None:
    """The id of the request that is being worked for; None outside of any."""
    return _REQUEST_ID.get()


def accept_request_id(offered: str | None) -> str:
    """`offered` where it is 8 to 64 harmless characters, else a new id."""
    if offered and _ALLOWED.fullmatch(offered):
        return offered
    return uuid.uuid4().hex


@contextmanager
def request_context(request_id: str) -> Iterator[None]:
    """Work for `request_id` in this block: logs carry it, and messages written in it do."""
    token = _REQUEST_ID.set(request_id)
    try:
        with structlog.contextvars.bound_contextvars(request_id=request_id, number=short_number(request_id)):
            yield
    finally:
        _REQUEST_ID.reset(token)


def short_number(request_id: str) -> str:
    """Eight digits that people can read out on the phone; log lines carry the same as `number`."""
    return f"{int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:6]) % 100_000_000:08d}"
