"""Who sends this request: read once, in a short transaction of its own, before anything is forwarded."""

from __future__ import annotations

import time

from flask import current_app, g, request

from services.gateway.sessions.cookies import session_token
from services.gateway.sessions.sessions import Visitor, visitor_of
from services.gateway.townships import NONE_YET, township_of_host
from shared.calendar import today
from shared.database import Database
from shared.identity import Principal
from shared.request_context import current_request_id

_REMEMBERED_SECONDS = 5.0
_MOST_HOSTS = 256


def current_visitor() -> Visitor:
    """The visitor of this request: by the session's cookie, else the public of the township that this host is."""
    if "visitor" not in g:
        request_id = current_request_id() or ""
        token = session_token()
        visitor = _signed_in(token, request_id) if token else None
        g.visitor = visitor or Visitor(Principal(_township_of_this_host(), request_id=request_id))
    result: Visitor = g.visitor
    return result


def _signed_in(token: str, request_id: str) -> Visitor | None:
    with _database().reading() as session:
        return visitor_of(session, token, today(), request_id)


def _township_of_this_host() -> int:
    """The township, remembered for some seconds: the public asks most often, and townships hardly change."""
    known: dict[str, tuple[float, int]] = current_app.extensions.setdefault("xiangzhi.townships", {})
    read_at, township_id = known.get(request.host, (0.0, NONE_YET))
    if township_id == NONE_YET or time.monotonic() - read_at > _REMEMBERED_SECONDS:
        with _database().reading() as session:
            township_id = township_of_host(session, request.host)
        if len(known) >= _MOST_HOSTS:
            # Host names come from clients: whoever invents many of them fills nothing.
            known.clear()
        known[request.host] = (time.monotonic(), township_id)
    return township_id


def _database() -> Database:
    database: Database = current_app.database  # type: ignore[attr-defined]
    return database


def principal_of_visitor() -> Principal:
    """Who asks, for `current_principal()`."""
    return current_visitor().principal


def forget_visitor() -> None:
    """Read the visitor anew: a login, logout or change of password has happened in this request."""
    g.pop("visitor", None)
    g.pop("principal", None)
