"""A small service application with routes of every kind, on a clean database."""

from __future__ import annotations

from typing import Any

import pytest
from flask import jsonify
from marshmallow import Schema, fields, validate
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from shared.errors import Conflict, NotFound
from shared.identity import Principal, Role
from shared.models.plumbing import FILES
from shared.topology import Service
from shared.web import (
    Blueprint,
    ServiceApp,
    allow,
    create_service_app,
    current_principal,
    current_session,
    expected_version,
    idempotent,
    require_version,
    set_version,
    unguarded,
    writing,
)
from tests.fixtures.databases import DatabaseFor

POINTS_FILES: Any = FILES[Service.POINTS]


class ThingSchema(Schema):
    """A thing to make."""

    name = fields.String(required=True, validate=validate.Length(1, 20))
    size = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 5))


class ThingChangeSchema(ThingSchema):
    """What may be changed of a thing."""


class MadeSchema(Schema):
    """A thing that was made."""

    sha256 = fields.String()
    name = fields.String()
    size = fields.Integer()


def find_thing(session: Session, actor: Principal, made: str) -> Any:
    """The thing, unless it is hidden from this actor."""
    if actor.person_id == 13:
        raise NotFound("没有这件东西。")
    return session.get_one(POINTS_FILES, made)


def make_blueprint() -> Blueprint:
    """The routes."""
    blueprint = Blueprint("things", __name__, url_prefix="/api/points")

    @blueprint.route("/things", methods=["POST"])
    @allow(Role.CADRE)
    @blueprint.arguments(ThingSchema)
    @blueprint.response(201, MadeSchema)
    @idempotent(find_thing, identify=lambda made: made.sha256)
    def make_thing(body: dict[str, Any]) -> Any:
        """Make a thing."""
        session = current_session()
        thing = POINTS_FILES(sha256=f"{body['name']:0>64}", size=body["size"], media_type="x/y", name=body["name"])
        session.add(thing)
        session.flush()
        if body["name"] == "refused":
            raise Conflict("这件东西现在不能做。")
        return thing

    @blueprint.route("/things/<int:number>", methods=["GET"])
    @allow(Role.PUBLIC)
    @blueprint.response(200, MadeSchema)
    def show_thing(number: int) -> dict[str, Any]:
        """Show one."""
        set_version(3)
        return {"name": str(number)}

    @blueprint.route("/things/<int:number>", methods=["PATCH"])
    @allow(Role.CADRE)
    @blueprint.arguments(ThingChangeSchema(partial=True))
    @blueprint.response(200, MadeSchema)
    def edit_thing(body: dict[str, Any], number: int) -> dict[str, Any]:
        """Edit one."""
        require_version(3, expected_version())
        return {"name": body.get("name"), "size": number}

    @blueprint.route("/count", methods=["GET"])
    @allow(Role.PUBLIC)
    def count() -> Any:
        return jsonify(current_session().scalar(select(func.count()).select_from(POINTS_FILES)))

    @blueprint.route("/answer/<int:status>", methods=["POST"])
    @allow(Role.PUBLIC)
    def answer(status: int) -> Any:
        current_session().add(POINTS_FILES(sha256="a" * 64, size=1, media_type="x/y"))
        return jsonify(status=status), status

    @blueprint.route("/write_while_reading", methods=["GET"])
    @allow(Role.PUBLIC)
    def write_while_reading() -> Any:
        current_session().add(POINTS_FILES(sha256="b" * 64, size=1, media_type="x/y"))
        current_session().flush()
        return jsonify(done=True)

    @blueprint.route("/open", methods=["GET"])
    @allow(Role.PUBLIC)
    @writing
    def open_masked() -> Any:
        current_session().add(POINTS_FILES(sha256="c" * 64, size=1, media_type="x/y"))
        return jsonify(done=True)

    @blueprint.route("/break", methods=["GET"])
    @allow(Role.PUBLIC)
    def break_down() -> Any:
        raise RuntimeError("password=abc in /etc/secret")

    @blueprint.route("/lose_database", methods=["GET"])
    @allow(Role.PUBLIC)
    def lose_database() -> Any:
        current_session().execute(text("SELECT * FROM no_such_table_here"))
        return jsonify()

    @blueprint.route("/who", methods=["GET"])
    @allow(Role.PUBLIC)
    def who() -> Any:
        principal = current_principal()
        return jsonify(
            actor=principal.actor,
            roles=sorted(principal.roles),
            person=principal.person_id,
            request=principal.request_id,
        )

    @blueprint.route("/free", methods=["GET"])
    @unguarded
    def free() -> Any:
        return jsonify(free=True)

    return blueprint


@pytest.fixture
def service_app(any_database: str, database_for: DatabaseFor) -> ServiceApp:
    """The application of a points service with these routes."""
    return create_service_app(Service.POINTS, [make_blueprint()], database=database_for(Service.POINTS))
