"""Errors of the domain: sentences in plain Chinese that a village cadre understands and can act on.

Domain functions raise them; `shared.web.problems` turns each kind into an RFC 9457 problem, one table for all services.
"""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """A request that can't be done. `detail` says what happened, why and what to do next, in Chinese.

    `errors` maps field paths (`"rows.3.quantity"`) to the sentences that belong beside that field.
    """

    def __init__(self, detail: str, *, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = dict(errors or {})


class Invalid(DomainError):
    """The values can't be accepted (422)."""


class NotFound(DomainError):
    """No such record, or none that this person may know of (404)."""


class Forbidden(DomainError):
    """This person's duties do not cover the act (403)."""


class Conflict(DomainError):
    """The record's state does not allow the act, or another act came first (409)."""


class Stale(DomainError):
    """The record was changed since it was read: `If-Match` does not match (412)."""


class TooMany(DomainError):
    """Too many tries; `retry_after` in seconds says when the next is heard (429)."""

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Something behind this service does not answer right now; trying again later is right (503)."""


class NoRoom(DomainError):
    """The disk for files is full: nothing was stored (507)."""
