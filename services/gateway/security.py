"""Headers that keep a page to itself: nothing from elsewhere, no inline script or style, no frame around it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from flask import Response, g, request

from shared.certificates import township_authority
from shared.settings import settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "media-src 'self' blob:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The camera scans cards; where a visit took place is asked for by the page that needs it.
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
}


def protect(response: Response) -> Response:
    """Add the headers. A page that depends on who looks at it is kept by nobody on the way.

    A service's own word holds only where it is stricter: a stored file is served in a sandbox.
    """
    response.headers.update(_HEADERS)
    if not response.headers.get("Content-Security-Policy", "").startswith("sandbox;"):
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    # Browsers complain aloud about this header where it can have no effect.
    if is_secure_context():
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if keeps_to_encryption():
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def spare_borrowed_phones(response: Response) -> Response:
    """What a card opened is kept by no browser at all: it is often looked at on somebody else's phone.

    Runs after the page was squeezed, which what nobody may keep is not.
    """
    visitor = g.get("visitor")
    if visitor is not None and visitor.signed_in and visitor.account_id is None:
        response.headers["Cache-Control"] = "private, no-store"
    return response


def is_secure_context() -> bool:
    """Whether browsers let this page use camera and service workers, as far as the server can know.

    Source: W3C Secure Contexts, section 3.1: HTTPS, and this machine itself.
    """
    if request.is_secure:
        return True
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False


def keeps_to_encryption() -> bool:
    """Whether browsers are told never to come without HTTPS again (Strict-Transport-Security).

    Not with a township's own CA: a phone that loses it, or gets a new one, has to come back to the page without
    encryption from which it is installed, at another port of the same host.
    """
    current = settings()
    # A proxy may keep to itself that it was asked over HTTPS; what people type into the browser says so too.
    encrypted = request.is_secure or current.gateway_public_url.startswith("https://")
    return current.secure_cookies and encrypted and not _has_own_authority(current.certificate_dir)


@lru_cache(maxsize=1)
def _has_own_authority(folder: Path) -> bool:
    """Read once: another kind of certificate comes with a new start."""
    return township_authority(folder) is not None
