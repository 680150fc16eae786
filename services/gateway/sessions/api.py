"""`/api/session`: log in, look who is logged in, log out."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, request

from services.gateway.sessions.entry import enter, leave
from services.gateway.sessions.login import log_in, log_in_as_demo, log_in_with_card
from services.gateway.sessions.schemas import DemoLoginSchema, LoginSchema, SessionSchema
from services.gateway.sessions.sessions import NewSession, Visitor, visitor_of
from services.gateway.sessions.visitors import current_visitor
from shared.calendar import today
from shared.database import Database
from shared.identity import Role
from shared.request_context import current_request_id
from shared.web import Blueprint, allow

blueprint = Blueprint("session", __name__, url_prefix="/api/session", description="登录和退出")
_dump = SessionSchema()


@blueprint.route("", methods=["POST"])
@allow(Role.PUBLIC)
@blueprint.arguments(LoginSchema)
@blueprint.response(201, SessionSchema)
def create_session(body: dict[str, str]) -> Response:
    """Log in by user name and password, or by card number and PIN. The answer sets the session's cookie."""
    database, address = _database(), request.remote_addr or "unknown"
    if "card" in body:
        made = log_in_with_card(database, card=body["card"], pin=body["pin"], address=address)
    else:
        made = log_in(
            database,
            username=body["username"],
            password=body["password"],
            code=body.get("code"),
            address=address,
        )
    return _welcome(database, made)


@blueprint.route("/demo", methods=["POST"])
@allow(Role.PUBLIC)
@blueprint.arguments(DemoLoginSchema)
@blueprint.response(201, SessionSchema)
def create_demo_session(body: dict[str, str]) -> Response:
    """Log in as a demo account without typing; only in the demo."""
    township_id = current_visitor().principal.township_id
    made = log_in_as_demo(_database(), username=body["username"], township_id=township_id)
    return _welcome(_database(), made)


@blueprint.route("", methods=["GET"])
@allow(Role.PUBLIC)
@blueprint.response(200, SessionSchema)
def show_session() -> dict[str, Any]:
    """Who is logged in, and the CSRF token for API clients."""
    return describe(current_visitor())


@blueprint.route("", methods=["DELETE"])
@allow(Role.PUBLIC)
@blueprint.response(204)
def delete_session() -> Response:
    """Log out. Without a session nothing happens."""
    return leave(_database(), make_response("", 204))


def describe(visitor: Visitor) -> dict[str, Any]:
    """The visitor for the API."""
    principal = visitor.principal
    return {
        "signed_in": visitor.signed_in,
        "name": principal.name,
        "township_id": principal.township_id,
        "person_id": principal.person_id,
        "household_id": principal.household_id,
        "grants": principal.grants,
        "pending": visitor.pending,
        "csrf_token": visitor.csrf_token,
        "expires_at": visitor.expires_at,
    }


def _welcome(database: Database, made: NewSession) -> Response:
    with database.reading() as session:
        visitor = visitor_of(session, made.token, today(), current_request_id() or "")
    if visitor is None:
        raise RuntimeError("a session that has just begun is not there")
    response = make_response(_dump.dump(describe(visitor)), 201)
    response.headers["Cache-Control"] = "no-store"
    return enter(database, response, made)


def _database() -> Database:
    database: Database = current_app.database  # type: ignore[attr-defined]
    return database
