"""HTTP of the messaging for the operator, the same in every service: dead letters, and what waits in the outbox."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from shared.identity import Role
from shared.messaging import dead_letters
from shared.messaging.scheduled_runs import RunState, scheduled_runs
from shared.models.base import now
from shared.models.plumbing import DEAD_LETTERS
from shared.release import RELEASE
from shared.topology import Service
from shared.web import (
    Blueprint,
    Page,
    PageArguments,
    allow,
    current_principal,
    current_session,
    page_of,
    page_schema,
    writing,
)
from shared.web.health import needed_schema


class DeadLetterSchema(Schema):
    """A message that could not be handled. Its body is not shown: it may be about people."""

    message_id = fields.String(required=True)
    name = fields.String(required=True)
    queue = fields.String(required=True)
    error = fields.String(required=True)
    attempts = fields.Integer(required=True)
    died_at = fields.DateTime(required=True)


class OutboxSchema(Schema):
    """What the service has sent and nobody has handled yet."""

    waiting = fields.Integer(required=True)
    oldest_since = fields.DateTime(required=True, allow_none=True)
    dead_letters = fields.Integer(required=True)


class ScheduledRunSchema(Schema):
    """A task that is due by the clock: when it last was, whether that is done, and when it is due next."""

    name = fields.String(required=True)
    state = fields.Enum(RunState, by_value=True, required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    done_at = fields.AwareDateTime(required=True, allow_none=True)
    next_at = fields.AwareDateTime(required=True, allow_none=True)


class BackgroundSchema(Schema):
    """Which release of the service answers, the schema that it needs, and how its scheduled tasks stand."""

    release = fields.String(required=True)
    schema = fields.String(required=True)
    scheduled = fields.List(fields.Nested(ScheduledRunSchema), required=True)


def messaging_blueprint(service: Service) -> Blueprint:
    """The operator's routes below `/api/<service>`; each service's application registers one."""
    blueprint = Blueprint(f"{service}_messaging", __name__, url_prefix=f"/api/{service}", description="消息收发")
    model: Any = DEAD_LETTERS[service]

    @blueprint.route("/dead_letters", endpoint="list_dead_letters")
    @allow(Role.OPERATOR)
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_schema(DeadLetterSchema))
    def list_dead_letters(arguments: dict[str, Any]) -> Page[Any]:
        """List the messages that could not be handled, newest first."""
        order = (model.died_at, model.message_id)
        return page_of(current_session(), select(model), order, descending=True, **arguments)

    @blueprint.route("/dead_letters/<string:message_id>/resend", methods=["POST"], endpoint="resend_dead_letter")
    @allow(Role.OPERATOR)
    @writing
    @blueprint.response(204)
    def resend_dead_letter(message_id: str) -> None:
        """Send a message again that could not be handled, once its cause is mended."""
        dead_letters.resend_dead_letter(current_session(), current_principal(), message_id)

    @blueprint.route("/outbox", endpoint="show_outbox")
    @allow(Role.OPERATOR)
    @blueprint.response(200, OutboxSchema)
    def show_outbox() -> dead_letters.OutboxSummary:
        """Show how many messages wait for their receivers, and since when the oldest one does."""
        return dead_letters.summarise_outbox(current_session())

    @blueprint.route("/background", endpoint="show_background")
    @allow(Role.OPERATOR)
    @blueprint.response(200, BackgroundSchema)
    def show_background() -> dict[str, Any]:
        """Show the release, and the scheduled tasks with their last and next time."""
        return {"release": RELEASE, "schema": needed_schema(), "scheduled": scheduled_runs(current_session(), now())}

    return blueprint
