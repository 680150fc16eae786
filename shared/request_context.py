"""The id of the request that is being worked on, carried through services, messages and logs.

A web request sets it from `X-Request-ID`, a worker from the envelope; logs, outbox rows and audit rows read it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token

_request_id: ContextVar[str] = ContextVar("request_id", default="")

# What an outside caller may choose: short, printable, nothing that could break a log line.
_ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def current_request_id() -> str:
    """The id of the present request or task; empty outside of one."""
    return _request_id.get()


def new_request_id() -> str:
    """A fresh id of 32 hexadecimal digits."""
    return uuid.uuid4().hex


def accepted_request_id(offered: str | None) -> str:
    """`offered` if it may be logged and stored as it is, else a fresh id."""
    return offered if offered and _ACCEPTED.fullmatch(offered) else new_request_id()


def set_request_id(request_id: str) -> Token[str]:
    """Set the id for callers with separate begin and end hooks; give the token back to `reset_request_id`."""
    return _request_id.set(request_id)


def reset_request_id(token: Token[str]) -> None:
    """Undo `set_request_id`."""
    _request_id.reset(token)


@contextmanager
def request_context(request_id: str) -> Iterator[None]:
    """Work inside the block is done for this request."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)
