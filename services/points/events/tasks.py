"""Tasks of events: parse the message, call the domain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.events.records import record_message
from shared.messages.points import RecordEvent
from shared.messaging import receives


@receives(RecordEvent)
def record_event(session: Session, message: RecordEvent) -> None:
    """Take over what another service's record says now."""
    record_message(session, message)
