"""What petitions forget: each night what is past its time, and people whom the registry has forgotten."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.petitions.retention.petitions import forget_assignments, forget_old_petitions
from shared import audit
from shared.identity.principal import system
from shared.logging import get_logger
from shared.messages.base import Message
from shared.messages.retention import FORGET_PAST, FORGET_RESIDENT, ForgetsResidents
from shared.messaging import outbox, receives
from shared.settings import settings
from shared.topology import Service

_PAST, _RESIDENT = FORGET_PAST[Service.PETITIONS], FORGET_RESIDENT[Service.PETITIONS]


@receives(_PAST)
def forget_past(session: Session, message: Message) -> None:
    """Forget one batch; another message comes for the rest."""
    petitions = forget_old_petitions(session, _PAST.name, after_days=settings().keep.petitions_days)
    if petitions:
        get_logger().info("past_forgotten", service=Service.PETITIONS.value, petitions=petitions)
        outbox.send(session, _PAST())


@receives(_RESIDENT)
def forget_resident(session: Session, message: ForgetsResidents) -> None:
    """Petitions themselves are kept for their own period, whoever leaves."""
    if assignments := forget_assignments(session, message.person_ids):
        actor = system(message.township_id, _RESIDENT.name)
        details = {"people": message.person_ids, "assignments": assignments}
        audit.record(session, actor, "forget_resident", "township", message.township_id, details=details)
