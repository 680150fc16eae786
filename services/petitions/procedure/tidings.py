"""What others are told of a petition: intake its state, its people that something waits. Never content."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from shared.messages.gateway import Notify
from shared.messages.intake import DemandPetitionState
from shared.messaging import outbox
from shared.models.petition_kinds import Category, State
from shared.models.petitions import Petition

WAITING = "有一件信访事项待办理"
LIST_PAGE = "/petitions"

_TOLD_TO_INTAKE = {
    State.DRAFT: "registered",
    State.REGISTERED: "registered",
    State.OBJECTED: "registered",
    State.ACCEPTED: "accepted",
    State.DELIVERED: "delivered",
    State.CONCLUDED: "concluded",
}


def state_for_intake(state: State) -> str:
    """The state in the words of `intake.demand_petition_state`."""
    return _TOLD_TO_INTAKE.get(state, "other_end")


def tell_intake(session: Session, petition: Petition) -> None:
    """Let the demand that it came from follow. Petitions of other channels tell nobody, and sealed ones nothing."""
    if petition.source is not None and petition.category is not Category.ACCUSATION:
        outbox.send(
            session,
            DemandPetitionState(
                source=petition.source, source_version=petition.version, state=state_for_intake(petition.state)
            ),
        )


def tell_people(session: Session, petition: Petition, people: Sequence[int]) -> None:
    """Tell these people, and nobody else any more, that a petition waits for them. With nobody it is withdrawn.

    Neither number nor kind is said, and the link is the list.
    """
    outbox.send(
        session,
        Notify(
            source=f"petitions.petition:{petition.id}",
            source_version=petition.version,
            withdrawn=not people,
            township_id=petition.township_id,
            person_ids=list(people),
            household_ids=[],
            title=WAITING,
            text="",
            link=LIST_PAGE,
            urgent=petition.major,
        ),
    )
