"""Open demands of someone whose duty has ended go to the successor in one act."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from shared import audit
from shared.identity import Principal
from shared.models.intake import Demand
from shared.models.intake_kinds import DemandState

_IN_HAND = (DemandState.ASSIGNED, DemandState.TAKEN, DemandState.WORKING)


def hand_over_demands(
    session: Session, actor: Principal, from_person: int, to_person: int, *, village_id: int | None = None
) -> int:
    """Demands in hand move on as they are, of one village where one is named; how many."""
    statement = (
        update(Demand)
        .where(
            Demand.township_id == actor.township_id,
            Demand.assignee_id == from_person,
            Demand.state.in_(_IN_HAND),
        )
        .values(assignee_id=to_person, version=Demand.version + 1)
    )
    if village_id is not None:
        statement = statement.where(Demand.village_id == village_id)
    moved = int(session.execute(statement).rowcount)  # type: ignore[attr-defined]
    if moved:
        audit.record(
            session, actor, "hand_over_demands", "person", from_person, details={"to": to_person, "count": moved}
        )
    return moved
