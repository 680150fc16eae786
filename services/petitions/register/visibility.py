"""Who may know of a petition at all: one condition, part of every query of the register.

Accusations exist for discipline officers only; to the person or office complained of, and to whoever recused, a
petition does not exist. Not seen means the same as missing: the same 404, no count, no gap (Art. 28, 30).
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.models.petition_kinds import Category
from shared.models.petitions import Assignment, Exclusion, Petition

# Who sees that an open petition exists, without its text.
REGISTER_ROLES = (Role.CLERK, Role.LEADER, Role.ADMIN, Role.AUDITOR)
# Everyone who may come to the register's routes; what they find there is decided below.
READER_ROLES = (*REGISTER_ROLES, Role.DISCIPLINE, Role.HANDLER)


def visible_to(actor: Principal) -> ColumnElement[bool]:
    """The condition on `Petition` under which it exists for `actor`."""
    open_ones = Petition.category != Category.ACCUSATION
    reasons: list[ColumnElement[bool]] = []
    if actor.covers_township(*REGISTER_ROLES):
        reasons.append(open_ones)
    elif actor.person_id is not None:
        reasons.append(and_(open_ones, assigned_to(actor)))
    if actor.covers_township(Role.DISCIPLINE):
        reasons.append(Petition.category == Category.ACCUSATION)
    if not reasons:
        return false()
    return and_(Petition.township_id == actor.township_id, ~_excluded(actor), or_(*reasons))


def visible_petitions(actor: Principal) -> Select[Petition]:
    """The petitions that exist for `actor`."""
    return select(Petition).where(visible_to(actor))


def assigned_to(actor: Principal) -> ColumnElement[bool]:
    """Whether `actor` works on the petition."""
    return exists().where(Assignment.petition_id == Petition.id, Assignment.person_id == actor.person_id)


def petition_by_number(session: Session, actor: Principal, number: str) -> Petition:
    """The petition with this number. Raises NotFound, the same whether it is missing or not for this person."""
    petition = session.scalars(visible_petitions(actor).where(Petition.number == number)).one_or_none()
    if petition is None:
        raise NotFound("没有找到这个编号的信访事项。请核对编号后再查。")
    return petition


def is_assigned(session: Session, actor: Principal, petition: Petition) -> bool:
    """Whether this person works on it, and so opens it for 办理 without being asked."""
    statement = select(Petition.id).where(Petition.id == petition.id, visible_to(actor), assigned_to(actor))
    return session.scalar(statement) is not None


def _excluded(actor: Principal) -> ColumnElement[bool]:
    same = [Exclusion.person_id == actor.person_id] if actor.person_id is not None else []
    offices = actor.offices_of(*Role)
    if offices:
        same.append(Exclusion.office_id.in_(offices))
    if not same:
        return false()
    return exists().where(Exclusion.petition_id == Petition.id, or_(*same))
