"""HTTP of events: parse, call the domain, dump."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from services.points.events.declarations import DECLARERS, Declaration, declare_events, withdraw_event
from services.points.events.finding import (
    READERS,
    REVIEWERS,
    EventFilter,
    WaitingCounts,
    count_waiting,
    event_in_scope,
    list_events,
    select_events,
)
from services.points.events.reviews import VOIDERS, review_event, void_event
from services.points.events.schemas import (
    DeclarationSchema,
    DeclarationsSchema,
    EventArguments,
    EventListSchema,
    EventSchema,
    ReasonSchema,
    ReviewSchema,
    WaitingSchema,
)
from shared.identity import Principal
from shared.identity.scope import villages_in_scope
from shared.models.points import Event
from shared.web import (
    Blueprint,
    Page,
    allow,
    current_principal,
    current_session,
    idempotent,
    page_of,
    page_schema,
    set_version,
)

blueprint = Blueprint("events", __name__, url_prefix="/api/points/events", description="积分记录")


Shown = dict[str, Any]
"""An event's row by column, as the schema reads it (a row itself would be taken for Flask's tuple)."""


def _shown(session: Session, event: Event) -> Shown:
    """The event with what a page shows of it."""
    session.flush()
    statement = select_events().where(Event.village_id == event.village_id, Event.id == event.id)
    return dict(session.execute(statement.execution_options(populate_existing=True)).one()._mapping)


def _find(session: Session, actor: Principal, event_id: str) -> Shown:
    return _shown(session, event_in_scope(session, actor, int(event_id), *READERS))


def _find_many(session: Session, actor: Principal, ids: str) -> dict[str, list[Any]]:
    first, count = map(int, ids.split("+"))
    found = event_in_scope(session, actor, first, *READERS)
    statement = select_events().where(
        Event.village_id.in_(villages_in_scope(actor, *READERS)),
        Event.id >= first,
        Event.declared_by == found.declared_by,
        Event.declared_at == found.declared_at,
    )
    return {"items": list(session.execute(statement.order_by(Event.id).limit(count)))}


@blueprint.route("")
@allow(*READERS)
@blueprint.arguments(EventArguments, location="query")
@blueprint.response(200, page_schema(EventSchema))
def list_them(values: dict[str, Any]) -> Page[Row[Any]]:
    """Events in one's reach, newest first unless `order` says otherwise."""
    cursor, limit, order = values.pop("cursor"), values.pop("limit"), values.pop("order")
    session = current_session()
    statement = list_events(session, current_principal(), EventFilter(**values))
    return _page(session, statement, cursor, limit, descending=order == "newest")


def _page(session: Session, statement: Any, cursor: str | None, limit: int, *, descending: bool) -> Page[Row[Any]]:
    columns = statement.add_columns(Event.id)
    return page_of(session, columns, [Event.id], cursor=cursor, limit=limit, descending=descending, scalars=False)


@blueprint.route("", methods=["POST"])
@allow(*DECLARERS)
@blueprint.arguments(DeclarationSchema)
@blueprint.response(201, EventSchema)
@idempotent(_find, identify=lambda made: made["Event"].id)
def declare(values: dict[str, Any]) -> Shown:
    """Declare one event."""
    session = current_session()
    return _shown(session, declare_events(session, current_principal(), [Declaration(**values)])[0])


@blueprint.route("/batch", methods=["POST"])
@allow(*DECLARERS)
@blueprint.arguments(DeclarationsSchema)
@blueprint.response(201, EventListSchema)
@idempotent(_find_many, identify=lambda made: f"{made['items'][0].Event.id}+{len(made['items'])}")
def declare_many(values: dict[str, Any]) -> dict[str, list[Any]]:
    """Declare many events, all or none."""
    session = current_session()
    events = declare_events(session, current_principal(), [Declaration(**row) for row in values["rows"]])
    ids = [event.id for event in events]
    villages = {event.village_id for event in events}
    statement = select_events().where(Event.village_id.in_(villages), Event.id.in_(ids)).order_by(Event.id)
    return {"items": list(session.execute(statement))}


@blueprint.route("/waiting")
@allow(*REVIEWERS)
@blueprint.response(200, WaitingSchema)
def show_waiting() -> WaitingCounts:
    """How many events wait for this person."""
    return count_waiting(current_session(), current_principal())


@blueprint.route("/<int:event_id>")
@allow(*READERS)
@blueprint.response(200, EventSchema)
def show(event_id: int) -> Shown:
    """One event."""
    row = _find(current_session(), current_principal(), str(event_id))
    set_version(row["Event"].version)
    return row


@blueprint.route("/<int:event_id>/review", methods=["POST"])
@allow(*REVIEWERS)
@blueprint.arguments(ReviewSchema)
@blueprint.response(200, EventSchema)
def review(values: dict[str, Any], event_id: int) -> Shown:
    """Let an event pass, or reject it."""
    session = current_session()
    return _shown(session, review_event(session, current_principal(), event_id, **values))


@blueprint.route("/<int:event_id>/void", methods=["POST"])
@allow(*VOIDERS)
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, EventSchema)
def void(values: dict[str, Any], event_id: int) -> Shown:
    """Take a posted event back."""
    session = current_session()
    return _shown(session, void_event(session, current_principal(), event_id, reason=values["reason"]))


@blueprint.route("/<int:event_id>/withdraw", methods=["POST"])
@allow(*DECLARERS)
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, EventSchema)
def withdraw(values: dict[str, Any], event_id: int) -> Shown:
    """Take a declaration back before it is reviewed."""
    session = current_session()
    return _shown(session, withdraw_event(session, current_principal(), event_id, reason=values["reason"]))
