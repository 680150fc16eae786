"""Messages about demands."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.intake.demands.conversion import record_petition_state
from services.intake.demands.following import forget_old_tries
from services.intake.demands.reminders import remind_of_time_limits
from services.intake.demands.source import demand_of_source
from shared.calendar import today
from shared.identity.principal import system
from shared.messages.intake import DemandPetitionState, RemindOfDemands
from shared.messaging import receives


@receives(DemandPetitionState)
def demand_petition_state(session: Session, message: DemandPetitionState) -> None:
    """A petition that was a demand has moved. Of a sealed one nothing is kept, so nothing is recorded."""
    demand = demand_of_source(session, message.source)
    if demand is not None:
        actor = system(demand.township_id, message.name)
        record_petition_state(session, actor, demand, message.state, message.source_version)


@receives(RemindOfDemands)
def remind_of_demands(session: Session, message: RemindOfDemands) -> None:
    """Each morning: one digest for each person about time limits that end or have ended."""
    remind_of_time_limits(session, today())
    forget_old_tries(session)
