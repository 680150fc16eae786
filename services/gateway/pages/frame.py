"""What every page needs: translations, filters, assets, navigation, and who is signed in."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import Babel  # type: ignore[import-untyped]
from sqlalchemy.exc import SQLAlchemyError

from services.gateway.pages import assets, navigation, words
from services.gateway.pages.place import Place, place_of
from services.gateway.security import is_secure_context
from services.gateway.sessions.csrf import csrf_token
from services.gateway.sessions.visitors import current_visitor
from shared.errors import DomainError
from shared.identity import Principal, Role
from shared.settings import settings
from shared.web import current_principal, current_session

COOKIE_LARGE = "large"

PAGE_COUNTERS: list[Callable[[Principal], dict[str, int]]] = []
"""Functions that count what stands beside a main page's name, by endpoint (unread 消息)."""


def install_frame(app: Flask) -> None:
    """Give the pages' templates their filters, words and variables, once per application."""
    if "babel" not in app.extensions:
        app.config.setdefault("BABEL_DEFAULT_LOCALE", "zh_Hans_CN")
        app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
        Babel(app)
    app.jinja_env.filters.update(words.FILTERS)
    app.jinja_env.globals.update(
        asset=assets.asset,
        csrf_token=csrf_token,
        new_idempotency_key=new_idempotency_key,
        page_href=navigation.page_href,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(page_variables)


def new_idempotency_key() -> str:
    """A fresh key for a form: a double tap and a repeated sending do the thing once."""
    return secrets.token_urlsafe(18)


def page_variables() -> dict[str, Any]:
    """Variables of `layout.html`. A page about a broken database must still be shown, so nothing here may fail."""
    principal = principal_or_public()
    signed_in = is_signed_in()
    place = this_place(principal)
    entries = navigation.links_for(principal, _counts(principal)) if signed_in else []
    return {
        "principal": principal,
        "signed_in": signed_in,
        "place": place,
        "demo": settings().demo or place.is_demo,
        "without_https": not is_secure_context(),
        "large": request.cookies.get(COOKIE_LARGE) == "1",
        "navigation": entries,
        "bottom_bar": navigation.bottom_bar(entries) if signed_in else navigation.public_links(),
        "home_href": url_for("todo.show") if signed_in and not principal.has(Role.RESIDENT) else url_for("public.home"),
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
        "Role": Role,
    }


def principal_or_public() -> Principal:
    """Who asks, or the public where that can't be found out (on an error page)."""
    try:
        return current_principal()
    except (DomainError, SQLAlchemyError):
        return Principal(0)


def is_signed_in() -> bool:
    """Whether there is a session, be its rights pending."""
    try:
        return current_visitor().signed_in
    except (DomainError, SQLAlchemyError):
        return False


def this_place(principal: Principal) -> Place:
    """The township of this page, read once a request."""
    if "place" not in g:
        try:
            g.place = place_of(current_session(), principal.township_id)
        except (DomainError, SQLAlchemyError, AttributeError):
            return Place()
    place: Place = g.place
    return place


def _counts(principal: Principal) -> dict[str, int]:
    counted: dict[str, int] = {}
    for count in PAGE_COUNTERS:
        try:
            counted.update(count(principal))
        except (DomainError, SQLAlchemyError):
            continue
    return counted
