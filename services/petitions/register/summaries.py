"""Petitions as lists and pages show them: everything but the words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from services.petitions.evaluations.evaluations import grades_of
from services.petitions.procedure.clocks import NO_DUE_DAY
from services.petitions.procedure.words import CATEGORIES, CHANNELS, GRADES, ROUTES, STATES
from services.petitions.register.visibility import visible_petitions
from shared.identity import Principal
from shared.models.petition_kinds import Category, Channel, Grade, LegalRoute, State
from shared.models.petitions import Party, Petition
from shared.models.registry import Village

_OPEN_STATES = (
    State.DRAFT,
    State.REGISTERED,
    State.OBJECTED,
    State.ACCEPTED,
    State.DELIVERED,
    State.GUIDED,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """One petition without its words. `next_due_on` is the rolled day of the nearest binding clock."""

    number: str
    channel: Channel
    channel_text: str
    category: Category
    category_text: str
    route: LegalRoute | None
    route_text: str
    state: State
    state_text: str
    village: str | None
    village_name: str
    received_on: date
    next_due_on: date | None
    major: bool
    anonymous: bool
    official_number: str
    grade: Grade | None
    grade_text: str
    version: int


def list_petitions(actor: Principal, *, only_open: bool, states: tuple[State, ...] = ()) -> Select[Petition]:
    """The petitions that exist for this person; `only_open` leaves out those that came to an end."""
    statement = visible_petitions(actor)
    if only_open:
        statement = statement.where(Petition.state.in_(_OPEN_STATES))
    return statement.where(Petition.state.in_(states)) if states else statement


def summaries_of(session: Session, petitions: list[Petition]) -> list[Summary]:
    """The summaries, with villages and grades in one statement each."""
    wanted = {petition.village_id for petition in petitions if petition.village_id is not None}
    rows = session.execute(select(Village.id, Village.code, Village.name).where(Village.id.in_(wanted)))
    villages = {village: (code, name) for village, code, name in rows}
    grades = grades_of(session, petitions)
    return [
        _summary(petition, villages.get(petition.village_id or 0), grades.get(petition.id)) for petition in petitions
    ]


def repeats_of(session: Session, actor: Principal, petition: Petition) -> list[str]:
    """Numbers of other petitions of the same people, as far as they exist for this person; a person decides."""
    own, other = aliased(Party), aliased(Party)
    same = (
        select(other.petition_id)
        .join(own, own.person_index == other.person_index)
        .where(own.petition_id == petition.id, other.petition_id != petition.id)
    )
    statement = visible_petitions(actor).where(Petition.id.in_(same)).with_only_columns(Petition.number)
    return list(session.scalars(statement.order_by(Petition.number)))


def _summary(petition: Petition, village: tuple[str, str] | None, grade: Grade | None) -> Summary:
    return Summary(
        number=petition.number,
        channel=petition.channel,
        channel_text=CHANNELS[petition.channel],
        category=petition.category,
        category_text=CATEGORIES[petition.category],
        route=petition.route,
        route_text=ROUTES[petition.route] if petition.route else "",
        state=petition.state,
        state_text=STATES[petition.state],
        village=village[0] if village else None,
        village_name=village[1] if village else "",
        received_on=petition.received_on,
        next_due_on=None if petition.next_due_on == NO_DUE_DAY else petition.next_due_on,
        major=petition.major,
        anonymous=petition.anonymous,
        official_number=petition.official_number or "",
        grade=grade,
        grade_text=GRADES[grade] if grade else "",
        version=petition.version,
    )
