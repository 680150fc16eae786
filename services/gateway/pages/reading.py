"""大字版: larger type, targets and spacing, remembered by a cookie for a year; works without JavaScript."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from services.gateway.pages.frame import COOKIE_LARGE
from shared.identity import Role
from shared.settings import settings
from shared.web import allow

blueprint = Blueprint("reading", __name__)
_YEAR = 365 * 24 * 3600


def local_path(offered: str | None, default: str = "/") -> str:
    """`offered` where it is a path of this site, else `default`: nobody is sent elsewhere by a link like ours."""
    if not offered or not offered.startswith("/") or offered.startswith(("//", "/\\")):
        return default
    parts = urlsplit(offered)
    return default if parts.scheme or parts.netloc or any(ord(sign) < 32 for sign in offered) else offered


@blueprint.post("/reading/size")
@allow(Role.PUBLIC)
def switch_size() -> Response:
    """Switch between the two sizes and return to the page."""
    response = redirect(local_path(request.form.get("back")), code=303)
    large = request.cookies.get(COOKIE_LARGE) == "1"
    response.set_cookie(
        COOKIE_LARGE,
        "0" if large else "1",
        max_age=_YEAR,
        samesite="Lax",
        httponly=True,
        secure=settings().secure_cookies,
    )
    return response
