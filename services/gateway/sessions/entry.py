"""The browser's side of logging in and out, for the API and the pages alike."""

from __future__ import annotations

from flask import Response

from services.gateway.sessions.cookies import give_session, session_token, take_session
from services.gateway.sessions.sessions import NewSession, end_session
from services.gateway.sessions.visitors import forget_visitor
from shared.database import Database


def enter(database: Database, response: Response, made: NewSession) -> Response:
    """Let the browser go on with the new session; one that it brought ends here and now."""
    _end_former(database)
    return give_session(response, made)


def leave(database: Database, response: Response) -> Response:
    """End the browser's session, if it has one; over HTTPS it also forgets the pages it kept, so that going back
    shows nothing."""
    _end_former(database)
    response.headers["Clear-Site-Data"] = '"cache"'
    return take_session(response)


def _end_former(database: Database) -> None:
    if former := session_token():
        with database.transaction() as session:
            end_session(session, former)
    forget_visitor()
