"""What points forgets: each night photos that are past their time, and people whom the registry has forgotten."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.retention.evidence import forget_old_evidence
from services.points.retention.people import forget_people
from shared import audit
from shared.identity.principal import system
from shared.logging import get_logger
from shared.messages.base import Message
from shared.messages.retention import FORGET_PAST, FORGET_RESIDENT, ForgetsResidents
from shared.messaging import outbox, receives
from shared.retention import record_forgotten
from shared.settings import settings
from shared.topology import Service

_PAST, _RESIDENT = FORGET_PAST[Service.POINTS], FORGET_RESIDENT[Service.POINTS]


@receives(_PAST)
def forget_past(session: Session, message: Message) -> None:
    """Forget one batch; another message comes for the rest."""
    after_days = settings().keep.evidence_days
    files = forget_old_evidence(session, after_days=after_days)
    record_forgotten(session, _PAST.name, "evidence", files, after_days=after_days)
    if files:
        get_logger().info("past_forgotten", service=Service.POINTS.value, evidence=files.total())
        outbox.send(session, _PAST())


@receives(_RESIDENT)
def forget_resident(session: Session, message: ForgetsResidents) -> None:
    """Names and texts of people who are forgotten; what was earned and spent stays, under the household's id."""
    if rows := forget_people(session, message.person_ids, message.household_ids):
        actor = system(message.township_id, _RESIDENT.name)
        details = {"people": message.person_ids, "households": message.household_ids, "rows": rows}
        audit.record(session, actor, "forget_resident", "township", message.township_id, details=details)
