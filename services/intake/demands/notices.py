"""Who is told about a demand: those who should act, and the household that asked. Never its text."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from services.intake.demands.source import source_of
from services.intake.offices.holders import duty_holders
from shared.messages.gateway import Notify
from shared.messaging import outbox
from shared.models.intake import Demand
from shared.models.registry import DutyKind


def tell_dispatchers(session: Session, demand: Demand, title: str, text: str) -> None:
    """The cadres of the village; where it has none, the township's admins."""
    cadres = duty_holders(session, demand.township_id, DutyKind.CADRE, village_id=demand.village_id)
    people = cadres or duty_holders(session, demand.township_id, DutyKind.ADMIN)
    _tell(session, demand, "dispatch", people, title, text)


def tell_handlers(session: Session, demand: Demand, title: str, text: str) -> None:
    """The person it is assigned to, else everybody who handles for the office."""
    if demand.assignee_id is not None:
        people = [demand.assignee_id]
    elif demand.office_id is not None:
        people = duty_holders(session, demand.township_id, DutyKind.HANDLER, office_id=demand.office_id)
    else:
        people = []
    _tell(session, demand, "handle", people, title, text)


def tell_household(session: Session, demand: Demand, title: str, text: str) -> None:
    """The household that the demand belongs to, where one is known."""
    if demand.household_id is not None:
        _tell(session, demand, "household", (), title, text, households=(demand.household_id,))


def withdraw_notices(session: Session, demand: Demand) -> None:
    """Take back every notice about a demand that turned out to be for petitions only."""
    for audience in ("dispatch", "handle", "household"):
        outbox.send(
            session,
            Notify(
                source=f"{source_of(demand.township_id, demand.number)}:{audience}",
                source_version=demand.version + 1,
                withdrawn=True,
                township_id=demand.township_id,
                person_ids=[],
                household_ids=[],
                title="已撤回",
                text="",
                link="/",
                urgent=False,
            ),
        )


def _tell(
    session: Session,
    demand: Demand,
    audience: str,
    people: Collection[int],
    title: str,
    text: str,
    *,
    households: Collection[int] = (),
) -> None:
    if not people and not households:
        return
    link = "/demands/progress" if households else f"/demands/{demand.id}"
    outbox.send(
        session,
        Notify(
            source=f"{source_of(demand.township_id, demand.number)}:{audience}",
            source_version=demand.version,
            withdrawn=False,
            township_id=demand.township_id,
            person_ids=sorted(people),
            household_ids=sorted(households),
            title=title,
            text=text,
            link=link,
            urgent=demand.is_urgent,
        ),
    )
