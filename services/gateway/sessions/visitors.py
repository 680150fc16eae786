"""Who sends this request: read once, in a short transaction of its own, before anything is forwarded."""

from __future__ import annotations

from flask import current_app, g, request

from services.gateway.sessions.cookies import session_token
from services.gateway.sessions.sessions import Visitor, visitor_of
from services.gateway.townships import township_of_host
from shared.calendar import today
from shared.database import Database
from shared.identity import Principal
from shared.request_context import current_request_id


def current_visitor() -> Visitor:
    """The visitor of this request: by the session's cookie, else the public of the township that this host is."""
    if "visitor" not in g:
        database: Database = current_app.database  # type: ignore[attr-defined]
        request_id = current_request_id() or ""
        with database.reading() as session:
            token = session_token()
            visitor = visitor_of(session, token, today(), request_id) if token else None
            if visitor is None:
                township_id = township_of_host(session, request.host)
                visitor = Visitor(Principal(township_id, request_id=request_id))
            g.visitor = visitor
    result: Visitor = g.visitor
    return result


def principal_of_visitor() -> Principal:
    """Who asks, for `current_principal()`."""
    return current_visitor().principal


def forget_visitor() -> None:
    """Read the visitor anew: a login, logout or change of password has happened in this request."""
    g.pop("visitor", None)
    g.pop("principal", None)
