"""Which headers go through the gateway. What concerns one connection, and what only the gateway may say, does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# RFC 9110 section 7.6.1, and what was used before it.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# The gateway says who asks and where from; a browser's word for it stays outside. `Expect` is answered here.
_NOT_INWARD = _HOP_BY_HOP | {
    "authorization",
    "baggage",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "traceparent",
    "tracestate",
    "x-csrf-token",
    "x-real-ip",
    "x-request-id",
}
# Services know no browser: they set no cookies, and the gateway's server names itself and the time.
_NOT_OUTWARD = _HOP_BY_HOP | {"set-cookie", "server", "date", "x-request-id"}


def inward(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers of a request that a service gets."""
    return _passed(headers, _NOT_INWARD, "x-forwarded-")


def outward(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a service's answer that the client gets."""
    return _passed(headers.items(), _NOT_OUTWARD, None)


def _passed(headers: Iterable[tuple[str, str]], refused: frozenset[str], prefix: str | None) -> dict[str, str]:
    pairs = list(headers)
    named = {word.strip().lower() for name, value in pairs if name.lower() == "connection" for word in value.split(",")}
    passed: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        # A name with a line break or a space would let a client write headers of its own.
        if key in refused or key in named or (prefix and key.startswith(prefix)) or not _is_clean(name, value):
            continue
        passed[name] = f"{passed[name]}, {value}" if name in passed else value
    return passed


def _is_clean(name: str, value: str) -> bool:
    return (
        bool(name) and name.isascii() and all(sign.isalnum() or sign in "-!#$%&'*+.^_`|~" for sign in name)
    ) and not any(sign in value for sign in "\r\n\0")
