"""Duties 职责: person, role, area and term. Rights come from the duties of today, and end with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from services.intake.demands.handover import hand_over_demands
from services.intake.roles import LIST_READERS
from shared import audit
from shared.calendar import today
from shared.database.upserts import execute_counted
from shared.errors import Conflict, Invalid, NotFound, Stale
from shared.identity import Principal, Role
from shared.identity.role_words import ROLE_WORDS
from shared.identity.scope import villages_in_scope
from shared.models.registry import VILLAGE_DUTIES, Duty, DutyKind, Grid, Office, Person, Village

DUTY_WORDS: dict[DutyKind, str] = {kind: ROLE_WORDS[Role(kind.value)] for kind in DutyKind}


@dataclass(frozen=True, slots=True)
class NewDuty:
    """A duty to be given; ids are the registry's. `valid_to` is the last day."""

    person_id: int
    kind: DutyKind
    valid_from: date
    village_id: int | None = None
    grid_id: int | None = None
    office_id: int | None = None
    title: str = ""
    valid_to: date | None = None


def list_duties(
    township_id: int, *, day: date | None = None, kind: DutyKind | None = None, village_id: int | None = None,
    office_id: int | None = None, person_id: int | None = None,
) -> Select[Duty]:  # fmt: skip
    """Duties that hold on `day` (all when None), narrowed by what is given."""
    statement = select(Duty).where(Duty.township_id == township_id)
    if day is not None:
        statement = statement.where(Duty.valid_from <= day, or_(Duty.valid_to.is_(None), Duty.valid_to >= day))
    for column, value in (
        (Duty.kind, kind),
        (Duty.village_id, village_id),
        (Duty.office_id, office_id),
        (Duty.person_id, person_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    return statement


def duties_shown_to(actor: Principal) -> ColumnElement[bool]:
    """A condition on `Duty`: the township's own, and those of the villages that the actor answers for."""
    return or_(Duty.village_id.is_(None), Duty.village_id.in_(villages_in_scope(actor, *LIST_READERS)))


def duty_by_id(session: Session, actor: Principal, duty_id: int) -> Duty:
    """Raises NotFound, also for another township's; Forbidden for a village that the actor does not answer for."""
    duty = session.get(Duty, duty_id)
    if duty is None or duty.township_id != actor.township_id:
        raise NotFound("没有这项职责。")
    if duty.village_id is not None:
        actor.require_in(duty.village_id, *LIST_READERS)
    return duty


def give_duty(session: Session, actor: Principal, new: NewDuty) -> Duty:
    """Raises Invalid for an area that does not fit the kind, Conflict where the person has the duty already."""
    _check(session, actor, new)
    same = list_duties(
        actor.township_id, day=new.valid_from, kind=new.kind, village_id=new.village_id,
        office_id=new.office_id, person_id=new.person_id,
    )  # fmt: skip
    if session.scalar(same.where(Duty.grid_id == new.grid_id if new.grid_id else Duty.grid_id.is_(None)).limit(1)):
        raise Conflict("这个人已有这项职责，不用再登记。")
    duty = Duty(
        township_id=actor.township_id,
        person_id=new.person_id,
        kind=new.kind,
        village_id=new.village_id,
        grid_id=new.grid_id,
        office_id=new.office_id,
        title=new.title,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
    )
    session.add(duty)
    session.flush()
    audit.record(
        session, actor, "give_duty", "duty", duty.id, village_id=duty.village_id, details={"kind": new.kind}
    )  # fmt: skip
    return duty


def end_duty(
    session: Session, actor: Principal, duty: Duty, last_day: date, version: int, *, successor_id: int | None = None
) -> int:
    """The duty holds until `last_day`; open work assigned to the person by name moves to the successor in one act.

    Returns how many demands moved. Raises Stale, Invalid.
    """
    if last_day < duty.valid_from:
        raise Invalid("卸任日期不能早于任职日期。", errors={"last_day": ["卸任日期不能早于任职日期。"]})
    _require_another_admin(session, duty, last_day)
    statement = update(Duty).where(Duty.id == duty.id, Duty.version == version)
    if execute_counted(session, statement.values(valid_to=last_day, version=version + 1)) != 1:
        raise Stale("您打开之后，这项职责已被别人改过。请刷新后再改。")
    session.refresh(duty)
    moved = 0
    if successor_id is not None:
        _person(session, actor, successor_id)
        moved = hand_over_demands(session, actor, duty.person_id, successor_id, village_id=duty.village_id)
    audit.record(
        session, actor, "end_duty", "duty", duty.id,
        village_id=duty.village_id, details={"last_day": last_day, "moved": moved},
    )  # fmt: skip
    return moved


def is_current(duty: Duty) -> bool:
    """Whether the duty holds today."""
    day = today()
    return duty.valid_from <= day and (duty.valid_to is None or duty.valid_to >= day)


def _require_another_admin(session: Session, duty: Duty, last_day: date) -> None:
    """Raises Conflict where the township would be left without an admin, who alone can give the duty to another."""
    if duty.kind is not DutyKind.ADMIN:
        return
    follows = list_duties(duty.township_id, day=max(last_day, today()) + timedelta(days=1), kind=DutyKind.ADMIN)
    if session.scalar(follows.where(Duty.person_id != duty.person_id).limit(1)) is None:
        sentence = "这是乡镇最后一位管理员。请先给另一个人“乡镇管理员”的职责，再结束这一项。"
        raise Conflict(sentence, errors={"last_day": [sentence]})


def _check(session: Session, actor: Principal, new: NewDuty) -> None:
    _person(session, actor, new.person_id)
    if new.valid_to is not None and new.valid_to < new.valid_from:
        raise Invalid("卸任日期不能早于任职日期。", errors={"valid_to": ["卸任日期不能早于任职日期。"]})
    village = session.get(Village, new.village_id) if new.village_id else None
    if new.kind in VILLAGE_DUTIES and (village is None or village.township_id != actor.township_id):
        raise Invalid("请选择这项职责在哪个村。", errors={"village": ["请选择这项职责在哪个村。"]})
    if new.kind not in VILLAGE_DUTIES and new.village_id is not None:
        raise Invalid("这是乡镇的职责，请不要选村。", errors={"village": ["这是乡镇的职责，请不要选村。"]})
    # Where the kind needs no grid or office, one that is named all the same must be of the own village or township.
    grid = session.get(Grid, new.grid_id) if new.grid_id is not None else None
    named = new.grid_id is not None or new.kind is DutyKind.GRID_MEMBER
    if named and (grid is None or grid.village_id != new.village_id):
        raise Invalid("请选择负责的片、组或邻。", errors={"grid_id": ["请选择负责的片、组或邻。"]})
    office = session.get(Office, new.office_id) if new.office_id is not None else None
    named = new.office_id is not None or new.kind is DutyKind.HANDLER
    if named and (office is None or office.township_id != actor.township_id):
        raise Invalid("请选择在哪个办公室。", errors={"office_id": ["请选择在哪个办公室。"]})


def _person(session: Session, actor: Principal, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None or person.township_id != actor.township_id or person.forgotten_on:
        raise Invalid("没有这个人，请重新选择。", errors={"person_id": ["没有这个人，请重新选择。"]})
    return person
