"""Which households someone may find: the township's, their villages', or those of their grid."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, aliased

from shared.errors import Forbidden, NotFound
from shared.identity import Principal, Role
from shared.identity.scope import villages_in_scope
from shared.models.registry import Grid, Household, Village


def grids_below(grid_ids: frozenset[int]) -> Select[int]:
    """Ids of the given grids and of all inside them (片 ⊃ 组 ⊃ 邻)."""
    parent = aliased(Grid)
    return (
        select(Grid.id)
        .outerjoin(parent, parent.id == Grid.parent_id)
        .where(or_(Grid.id.in_(grid_ids), Grid.parent_id.in_(grid_ids), parent.parent_id.in_(grid_ids)))
    )


def household_visible(actor: Principal, *roles: Role) -> ColumnElement[bool]:
    """A condition on `Household`: it lies where one of `roles` holds. A grid member's own grid counts, no more."""
    named = tuple(role for role in roles if role not in {Role.GRID_MEMBER, Role.RESIDENT})
    conditions: list[ColumnElement[bool]] = [Household.village_id.in_(villages_in_scope(actor, *named))]
    if Role.GRID_MEMBER in roles and (grids := actor.grids_of(Role.GRID_MEMBER)):
        below = grids_below(grids)
        conditions.append(or_(Household.group_id.in_(below), Household.neighbours_id.in_(below)))
    if Role.RESIDENT in roles and actor.household_id is not None:
        conditions.append(Household.id == actor.household_id)
    return or_(*conditions)


def household_for(session: Session, actor: Principal, household_id: int, *roles: Role) -> Household:
    """The household, where one of `roles` reaches it. Raises NotFound for another township's and for a neighbour's;
    Forbidden for an official whose village or grid is another."""
    household = session.scalar(
        select(Household)
        .join(Village, Village.id == Household.village_id)
        .where(Household.id == household_id, Village.township_id == actor.township_id)
    )
    if household is None:
        raise NotFound("没有这一户，请检查户号或卡号。")
    if session.scalar(select(Household.id).where(Household.id == household_id, household_visible(actor, *roles))):
        return household
    if actor.roles <= {Role.PUBLIC, Role.RESIDENT}:
        raise NotFound("没有这一户，请检查户号或卡号。")
    raise Forbidden("这一户不在您负责的范围里。如需办理，请联系乡镇管理员。")
