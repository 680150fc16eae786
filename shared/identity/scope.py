"""Where someone's rights reach: the villages and households that a query of theirs may touch."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from shared.errors import Forbidden, NotFound
from shared.identity.principal import Principal, Role
from shared.models.registry import Household, Village

_NO_VILLAGE = "没有这个村，请检查村的代码。"
_NO_HOUSEHOLD = "没有这一户，请检查户号或卡号。"


def villages_in_scope(actor: Principal, *roles: Role) -> Select[int]:
    """Ids of the villages in which `actor` holds one of `roles`: a subquery for `village_id IN (…)`.

    All of the township for township-wide grants and for the public (who see only what a route shows to all);
    a resident's is the village of the household.
    """
    villages = select(Village.id).where(Village.township_id == actor.township_id)
    if actor.covers_township(*(role for role in roles if role is not Role.RESIDENT)) or Role.PUBLIC in roles:
        return villages
    named = set(actor.villages_of(*roles))
    if Role.RESIDENT in roles and actor.household_id is not None:
        own = select(Household.village_id).where(Household.id == actor.household_id).scalar_subquery()
        return villages.where(Village.id.in_(named) | (Village.id == own))
    return villages.where(Village.id.in_(named))


def village_by_code(session: Session, actor: Principal, code: str, *roles: Role) -> Village:
    """The township's village with this 12-digit code; with `roles`, only where one of them holds.

    Raises NotFound for an unknown code and for another township's alike, Forbidden where the roles do not reach.
    """
    village = session.scalar(select(Village).where(Village.code == code, Village.township_id == actor.township_id))
    if village is None:
        raise NotFound(_NO_VILLAGE)
    if roles:
        actor.require_in(village.id, *roles)
    return village


def village_in_scope(session: Session, actor: Principal, village_id: int, *roles: Role) -> Village:
    """The same by the registry's id."""
    village = session.scalar(select(Village).where(Village.id == village_id, Village.township_id == actor.township_id))
    if village is None:
        raise NotFound(_NO_VILLAGE)
    if roles:
        actor.require_in(village.id, *roles)
    return village


def household_in_scope(session: Session, actor: Principal, household_id: int, *roles: Role) -> Household:
    """The household, where one of `roles` holds in its village, or it is the resident's own.

    Raises NotFound for another township's and for a resident's neighbours alike; Forbidden for an official of
    another village of the township.
    """
    household = session.scalar(
        select(Household)
        .join(Village, Village.id == Household.village_id)
        .where(Household.id == household_id, Village.township_id == actor.township_id)
    )
    require_household(actor, household_id, household.village_id if household else None, *roles)
    if household is None:
        raise NotFound(_NO_HOUSEHOLD)
    return household


def require_household(actor: Principal, household_id: int, village_id: int | None, *roles: Role) -> None:
    """The rule of `household_in_scope` for who has read the household: `village_id` is None where there is none.

    Raises NotFound, Forbidden.
    """
    if village_id is None:
        raise NotFound(_NO_HOUSEHOLD)
    if Role.RESIDENT in roles and actor.household_id == household_id:
        return
    officials = tuple(role for role in roles if role is not Role.RESIDENT)
    if not officials or not actor.may_in(village_id, *officials):
        if actor.roles <= {Role.PUBLIC, Role.RESIDENT}:
            raise NotFound(_NO_HOUSEHOLD)
        raise Forbidden("这一户不在您负责的村。如需办理，请联系乡镇管理员。")
