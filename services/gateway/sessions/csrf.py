"""Forged requests: what changes something must come from our own page or client, not from another site's form.

With a session, its token comes back in the form or in `X-CSRF-Token`. A form without login carries a value bound to
the browser's cookie. Calls of the API without a session carry no one's authority and need none. The browser's own
word about where a request comes from (`Sec-Fetch-Site`, `Origin`) is checked for all.

A page never shows the token itself: it is masked with a pad of its own for each answer, because the length of a
compressed page would betray, guess by guess, a text that stays the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import g, request

from services.gateway.sessions.cookies import browser_secret
from services.gateway.sessions.visitors import current_visitor
from shared.errors import Forbidden

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
_EXPIRED_FORM = "这个页面打开太久了，或者登录已经过期，所以还没有提交。您填的内容都在，请按下面的步骤继续。"
_HEADER_MISSING = (
    "请求头 X-CSRF-Token 缺少或已失效，没有执行。请用 GET /api/session 取 csrf_token，放进 X-CSRF-Token 后再发一次。"
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_EXPIRED = "这个页面打开太久了，或者登录已经过期，没有提交。请刷新页面后重新提交，填过的内容可以先复制下来。"


class ExpiredForm(Forbidden):
    """A form of ours came with a token that holds no longer: it is given back filled in, to be confirmed (403)."""


def csrf_token() -> str:
    """The token for this page's forms: the same for all forms of one answer, another for each answer."""
    token = _own_token().encode()
    pad: bytes = g.setdefault("csrf_pad", secrets.token_bytes(len(token)))
    if len(pad) != len(token):
        # The answer logs in or out: what follows is of another session.
        pad = g.csrf_pad = secrets.token_bytes(len(token))
    return base64.urlsafe_b64encode(pad + _xor(pad, token)).decode()


def check_csrf() -> None:
    """Raise Forbidden for a request that changes something and does not come from our page or client."""
    if request.method in _SAFE:
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site" or not _same_origin():
        raise Forbidden("这次提交来自别的网站，已被拦下。请从本系统的页面操作。")
    visitor = current_visitor()
    if visitor.csrf_token is None and is_api_path(request.path):
        return
    offered = request.headers.get(HEADER) or _form_field()
    if not offered or not _is_own_token(offered):
        if is_api_path(request.path):
            raise Forbidden(_HEADER_MISSING)
        raise ExpiredForm(_EXPIRED_FORM) if _is_own_form() else Forbidden(_EXPIRED)


def is_api_path(path: str) -> bool:
    """Whether programs call it: problems as JSON, and no forms."""
    return path.startswith(("/api/", "/open311/"))


def _form_field() -> str | None:
    # A body that goes on to a service is not read here; its client sends the header.
    if is_api_path(request.path):
        return None
    return request.form.get(FIELD)


def _is_own_form() -> bool:
    """Whether the browser itself says that our own page sent this form; only then is it shown back."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def _same_origin() -> bool:
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _own_token() -> str:
    return current_visitor().csrf_token or _of_browser(browser_secret())


def _is_own_token(offered: str) -> bool:
    """A program sends the token as `GET /api/session` gave it, a page sends it masked."""
    token = _own_token().encode()
    if hmac.compare_digest(offered.encode(), token):
        return True
    try:
        masked = base64.b64decode(offered.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(_xor(masked[: len(token)], masked[len(token) :]), token)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=False))


def _of_browser(secret: str) -> str:
    digest = hashlib.sha256(f"csrf:{secret}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()
