"""Who may see which demand, and in what capacity someone acts on one."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from services.intake.demands.transitions import Who
from services.intake.households.scope import grids_below
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.models.intake import Demand
from shared.models.registry import Grid

TOWNSHIP_READERS = (Role.ADMIN, Role.LEADER, Role.CLERK, Role.AUDITOR)
VILLAGE_READERS = (Role.CADRE, Role.SUPERVISOR)
READERS = (*TOWNSHIP_READERS, *VILLAGE_READERS, Role.GRID_MEMBER, Role.HANDLER, Role.RESIDENT)


def demand_visible(actor: Principal) -> ColumnElement[bool]:
    """A condition on `Demand`: handlers see their office's, cadres their village's, grid members their grid's."""
    if actor.covers_township(*TOWNSHIP_READERS):
        return Demand.township_id == actor.township_id
    conditions: list[ColumnElement[bool]] = [false()]
    if villages := actor.villages_of(*VILLAGE_READERS):
        conditions.append(Demand.village_id.in_(villages))
    if grids := actor.grids_of(Role.GRID_MEMBER):
        conditions.append(Demand.group_id.in_(grids_below(grids)))
    if offices := actor.offices_of(Role.HANDLER):
        conditions.append(Demand.office_id.in_(offices))
    if actor.person_id is not None:
        conditions.append(Demand.assignee_id == actor.person_id)
    if actor.household_id is not None:
        conditions.append(Demand.household_id == actor.household_id)
    return (Demand.township_id == actor.township_id) & or_(*conditions)


def demand_by_id(session: Session, actor: Principal, demand_id: int) -> Demand:
    """The demand, if this person may see it. Raises NotFound otherwise, also for one that exists."""
    demand = session.scalar(select(Demand).where(Demand.id == demand_id, demand_visible(actor)))
    if demand is None:
        raise NotFound("没有这条诉求，或者它不在您负责的范围里。")
    return demand


def capacities(session: Session, actor: Principal, demand: Demand) -> frozenset[Who]:
    """In what capacities this person may act on the demand (the code of a reporter is checked elsewhere)."""
    if demand.township_id != actor.township_id:
        return frozenset()
    found: set[Who] = set()
    if actor.has(Role.SYSTEM):
        found.add(Who.SYSTEM)
    if actor.may_in(demand.village_id, Role.CADRE, Role.ADMIN):
        found |= {Who.DISPATCHER, Who.VISITOR}
    if _in_own_grid(session, actor, demand):
        found.add(Who.VISITOR)
    if demand.office_id in actor.offices_of(Role.HANDLER) or (
        actor.person_id is not None and demand.assignee_id == actor.person_id
    ):
        found.add(Who.HANDLER)
    if actor.has(Role.CLERK):
        found.add(Who.CLERK)
    if actor.household_id is not None and demand.household_id == actor.household_id:
        found.add(Who.REPORTER)
    if actor.person_id is not None and demand.answered_by == actor.person_id:
        found.discard(Who.VISITOR)
    return frozenset(found)


def _in_own_grid(session: Session, actor: Principal, demand: Demand) -> bool:
    grids = actor.grids_of(Role.GRID_MEMBER)
    if not grids or demand.group_id is None:
        return False
    own = select(Grid.id).where(Grid.id == demand.group_id, Grid.id.in_(grids_below(grids)))
    return session.scalar(own) is not None
