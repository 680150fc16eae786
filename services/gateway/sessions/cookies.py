"""The two cookies: of a session, and of a browser without one. Neither can be read by a script."""

from __future__ import annotations

import secrets

from flask import Response, g, request

from services.gateway.sessions.sessions import NewSession
from shared.models.base import now
from shared.settings import settings

SESSION = "xz_session"
BROWSER = "xz_browser"
WORDS = "xz_words"
"""Of Flask: a sentence that is carried over a redirect."""


def name_of(cookie: str) -> str:
    """What a cookie is called. Over HTTPS a browser takes this name from this very host only, not from a sibling
    (`__Host-`, RFC 6265bis section 4.1.3): townships of one county are siblings.
    """
    return f"__Host-{cookie}" if settings().secure_cookies else cookie


def session_token() -> str | None:
    """The token that the browser brought."""
    return request.cookies.get(name_of(SESSION)) or None


def give_session(response: Response, made: NewSession) -> Response:
    """Let the browser keep a new session; the one before is replaced."""
    seconds = int((made.expires_at - now()).total_seconds())
    _set(response, SESSION, made.token, seconds)
    return response


def take_session(response: Response) -> Response:
    """Let the browser forget its session."""
    response.delete_cookie(name_of(SESSION), path="/", secure=settings().secure_cookies, httponly=True, samesite="Lax")
    return response


def browser_secret() -> str:
    """The random value of this browser, that forms without login are bound to; given with this answer if new."""
    if "browser_secret" not in g:
        offered = request.cookies.get(name_of(BROWSER), "")
        g.browser_secret = offered if 32 <= len(offered) <= 64 else secrets.token_urlsafe(32)
        g.browser_is_new = g.browser_secret != offered
    return str(g.browser_secret)


def send_browser_cookie(response: Response) -> Response:
    """Give the browser its value, where a form of this answer was bound to a new one."""
    if g.get("browser_is_new"):
        _set(response, BROWSER, browser_secret(), None)
    return response


def _set(response: Response, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(
        name_of(name), value, max_age=seconds, path="/", secure=settings().secure_cookies, httponly=True, samesite="Lax"
    )
