"""Refusals that only the web knows: they concern the request, not the record."""

from __future__ import annotations

from shared.errors import DomainError


class Unauthenticated(DomainError):
    """Nobody is logged in, or the gateway's token is missing or not valid (401)."""


class Malformed(DomainError):
    """The request can't be read: a header or a cursor is missing or damaged (400)."""


class PreconditionRequired(DomainError):
    """An edit came without `If-Match`, so that it could overwrite another's (428)."""


class UnsupportedMedia(DomainError):
    """The body is not of a type that this route reads (415)."""


class BadUpstream(DomainError):
    """A service behind the gateway answered nonsense or broke off (502)."""


class UpstreamTimeout(DomainError):
    """A service behind the gateway did not answer in time (504)."""


class TooLarge(DomainError):
    """A request brings more than is taken, for another reason than its length as a whole (413)."""
