"""Messages of the register."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.petitions.register.arrivals import Arrival, take_arrival
from shared.identity.principal import system
from shared.messages.petitions import OpenPetition
from shared.messaging import receives


@receives(OpenPetition)
def open_petition(session: Session, message: OpenPetition) -> None:
    """A demand of intake is a petition."""
    take_arrival(
        session,
        system(message.township_id, OpenPetition.name),
        Arrival(
            source=message.source,
            source_version=message.source_version,
            village_id=message.village_id,
            received_on=message.received_on,
            complains_of_official=message.complains_of_official,
            sealed=message.sealed,
        ),
    )
