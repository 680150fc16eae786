"""Messages about demands."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.intake.demands.conversion import record_petition_state
from services.intake.demands.source import demand_of_source
from shared.identity.principal import system
from shared.messages.intake import DemandPetitionState
from shared.messaging import receives


@receives(DemandPetitionState)
def demand_petition_state(session: Session, message: DemandPetitionState) -> None:
    """A petition that was a demand has moved. Of a sealed one nothing is kept, so nothing is recorded."""
    demand = demand_of_source(session, message.source)
    if demand is not None:
        actor = system(demand.township_id, message.name)
        record_petition_state(session, actor, demand, message.state, message.source_version)
