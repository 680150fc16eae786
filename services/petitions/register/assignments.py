"""Who works on a petition. Nobody who is complained of, and on an accusation discipline officers only."""

from __future__ import annotations

from datetime import date

import structlog
from sqlalchemy import delete, exists, insert, literal, or_, select
from sqlalchemy.orm import Session

from services.petitions.procedure.tidings import tell_people
from services.petitions.procedure.transitions import has_ended
from services.petitions.register.duties import holds
from services.petitions.register.exclusions import is_excluded
from services.petitions.register.visibility import petition_by_number
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Forbidden, Invalid
from shared.identity import Principal, Role
from shared.models.petition_kinds import Category, ExclusionReason
from shared.models.petitions import Assignment, Exclusion, Petition
from shared.models.registry import Duty, DutyKind

log = structlog.get_logger(__name__)
_ASSIGNABLE = (DutyKind.CLERK, DutyKind.HANDLER, DutyKind.LEADER)


def assign_to_duty(session: Session, petition: Petition, on: date) -> list[int]:
    """Give the petition to everyone whose duty it is and who is not excluded: discipline officers where it is
    sealed, else clerks, and leaders where no clerk is left. Whoever had it before loses it. Returns their ids.
    """
    session.flush()
    session.execute(delete(Assignment).where(Assignment.petition_id == petition.id))
    sealed = petition.category is Category.ACCUSATION
    for kind in (DutyKind.DISCIPLINE,) if sealed else (DutyKind.CLERK, DutyKind.LEADER):
        _assign_all(session, petition, kind, on)
        if people := people_on(session, petition):
            return people
    # Nobody of the township may know of it: only a count for the operator, neither number nor kind.
    log.warning("petition_without_people", township=petition.township_id)
    return []


def _assign_all(session: Session, petition: Petition, kind: DutyKind, on: date) -> None:
    excluded = exists().where(
        Exclusion.petition_id == petition.id,
        or_(Exclusion.person_id == Duty.person_id, Exclusion.office_id == Duty.office_id),
    )
    people = (
        select(literal(petition.id), Duty.person_id, literal(on))
        .where(Duty.township_id == petition.township_id, Duty.kind == kind, holds(today()), ~excluded)
        .distinct()
    )
    session.execute(insert(Assignment).from_select(["petition_id", "person_id", "assigned_on"], people))


def people_on(session: Session, petition: Petition) -> list[int]:
    """The people who work on it now, in a stable order."""
    statement = select(Assignment.person_id).where(Assignment.petition_id == petition.id)
    return list(session.scalars(statement.order_by(Assignment.person_id)))


def assign_person(session: Session, actor: Principal, number: str, person_id: int, *, on: date | None = None) -> None:
    """Let one more person work on a petition. Raises NotFound, Forbidden, Conflict once it has ended, Invalid."""
    petition = petition_by_number(session, actor, number)
    sealed = petition.category is Category.ACCUSATION
    if not actor.has(*((Role.DISCIPLINE,) if sealed else (Role.CLERK, Role.LEADER))):
        raise Forbidden("只有信访专干和接访领导可以指定经办人。")
    if has_ended(petition.state, petition.category):
        raise Conflict("这件信访已经办完，不再加经办人。")
    kinds = (DutyKind.DISCIPLINE,) if sealed else _ASSIGNABLE
    day = on or today()
    duty = select(Duty.id).where(
        Duty.township_id == petition.township_id, Duty.person_id == person_id, Duty.kind.in_(kinds), holds(day)
    )
    if session.scalars(duty.limit(1)).first() is None:
        raise Invalid("这个人现在没有经办信访事项的职责，请另选一人。", errors={"person_id": ["请选在任的经办人。"]})
    if is_excluded(session, petition.id, person_id, day):
        raise Invalid("不能交给被反映的人或单位办理，请另选一人。", errors={"person_id": ["与这件事有直接利害关系。"]})
    audit.record(session, actor, "assign_petition", "petition", str(petition.id), details={"person_id": person_id})
    if person_id not in people_on(session, petition):
        session.add(Assignment(petition_id=petition.id, person_id=person_id, assigned_on=day))
        _tell_who_is_left(session, petition)


def recuse(session: Session, actor: Principal, number: str) -> None:
    """Withdraw from a petition for a direct interest: it does not exist for this person any more. Raises NotFound."""
    petition = petition_by_number(session, actor, number)
    if actor.person_id is None:
        raise Forbidden("这个账号没有对应的人员，不能申请回避。请联系乡镇管理员。")
    audit.record(session, actor, "recuse_from_petition", "petition", petition.id)
    session.add(Exclusion(petition_id=petition.id, person_id=actor.person_id, reason=ExclusionReason.RECUSED))
    session.execute(
        delete(Assignment).where(Assignment.petition_id == petition.id, Assignment.person_id == actor.person_id)
    )
    session.flush()
    if not people_on(session, petition):
        assign_to_duty(session, petition, today())
    _tell_who_is_left(session, petition)


def _tell_who_is_left(session: Session, petition: Petition) -> None:
    petition.version += 1
    session.flush()
    tell_people(session, petition, people_on(session, petition))
