"""What points forgets: people whom the registry has forgotten."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.retention.people import forget_people
from shared import audit
from shared.identity.principal import system
from shared.messages.retention import FORGET_RESIDENT, ForgetsResidents
from shared.messaging import receives
from shared.topology import Service

_RESIDENT = FORGET_RESIDENT[Service.POINTS]


@receives(_RESIDENT)
def forget_resident(session: Session, message: ForgetsResidents) -> None:
    """Names and texts of people who are forgotten; what was earned and spent stays, under the household's id."""
    if rows := forget_people(session, message.person_ids, message.household_ids):
        actor = system(message.township_id, _RESIDENT.name)
        details = {"people": message.person_ids, "households": message.household_ids, "rows": rows}
        audit.record(session, actor, "forget_resident", "township", message.township_id, details=details)
