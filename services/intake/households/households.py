"""A household 户: registered at the counter, changed, ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.intake.households.cards import is_card_number, new_card_token
from services.intake.households.known_people import with_known_people
from services.intake.households.registration import HEAD, NewHousehold, register_households_bulk
from services.intake.roles import REGISTRY_WRITERS
from shared import audit
from shared.errors import Conflict, Invalid, Stale
from shared.identity import Principal
from shared.models.registry import Grid, GridLevel, Household, Resident


@dataclass(frozen=True, slots=True)
class HouseholdChange:
    """The new values of a household; it stays in its village."""

    group_id: int
    neighbours_id: int | None
    address: str


def register_household(session: Session, actor: Principal, new: NewHousehold) -> Household:
    """One household with its people. Raises Invalid, Conflict for a number or card that is taken."""
    actor.require_in(new.village_id, *REGISTRY_WRITERS)
    check_grids(session, new.village_id, new.group_id, new.neighbours_id)
    heads = [resident for resident in new.residents if resident.relation == HEAD]
    if len(heads) != 1:
        raise Invalid("一户要有一位户主，也只能有一位。", errors={"residents": ["一户要有一位户主，也只能有一位。"]})
    if new.card_number is not None and not is_card_number(new.card_number):
        raise Invalid("户卡号是 10 位数字，请核对。", errors={"card_number": ["户卡号是 10 位数字，请核对。"]})
    taken = select(Household.id).where(
        (Household.card_number == new.card_number)
        | ((Household.village_id == new.village_id) & (Household.number == new.number))
    )
    if session.scalar(taken.limit(1)) is not None:
        raise Conflict("这个户号或卡号已有住户在用，请核对。")
    known = replace(new, residents=with_known_people(session, actor.township_id, new.residents))
    made = register_households_bulk(session, actor.township_id, [known])[0]
    audit.record(session, actor, "register_household", "household", made.household_id, village_id=new.village_id)
    return session.get_one(Household, made.household_id)


def change_household(
    session: Session, actor: Principal, household: Household, change: HouseholdChange, version: int
) -> Household:
    """Move within the village, or another address. Raises Stale, Invalid."""
    actor.require_in(household.village_id, *REGISTRY_WRITERS)
    check_grids(session, household.village_id, change.group_id, change.neighbours_id)
    _update(
        session, household, version,
        group_id=change.group_id, neighbours_id=change.neighbours_id, address=change.address,
    )  # fmt: skip
    audit.record(
        session, actor, "change_household", "household", household.id, village_id=household.village_id,
        details={"group_id": change.group_id},
    )  # fmt: skip
    return household


def end_household(session: Session, actor: Principal, household: Household, last_day: date, version: int) -> Household:
    """The household is no more after `last_day`, and nobody lives in it. Its points and cases stay booked on it."""
    actor.require_in(household.village_id, *REGISTRY_WRITERS)
    if last_day < household.valid_from:
        raise Invalid("注销日期不能早于登记日期。", errors={"last_day": ["注销日期不能早于登记日期。"]})
    if household.valid_to is not None:
        raise Conflict("这一户已经注销了。")
    _update(session, household, version, valid_to=last_day)
    session.execute(
        update(Resident)
        .where(Resident.household_id == household.id, Resident.valid_to.is_(None))
        .values(valid_to=last_day)
    )
    audit.record(session, actor, "end_household", "household", household.id, village_id=household.village_id)
    return household


def replace_card_token(session: Session, actor: Principal, household: Household) -> Household:
    """A new QR for a lost card: the old one opens nothing any more."""
    actor.require_in(household.village_id, *REGISTRY_WRITERS)
    _update(session, household, household.version, card_token=new_card_token())
    audit.record(session, actor, "replace_card_token", "household", household.id, village_id=household.village_id)
    return household


def check_grids(session: Session, village_id: int, group_id: int, neighbours_id: int | None) -> None:
    """Raises Invalid unless the group is one of the village, and the 邻 lies inside the group."""
    group = session.get(Grid, group_id)
    if group is None or group.village_id != village_id or group.level is not GridLevel.GROUP:
        raise Invalid("所选的组不在这个村，请重新选择。", errors={"group_id": ["所选的组不在这个村，请重新选择。"]})
    if neighbours_id is None:
        return
    neighbours = session.get(Grid, neighbours_id)
    if neighbours is None or neighbours.parent_id != group_id:
        raise Invalid("所选的邻不在这个组里，请重新选择。", errors={"neighbours_id": ["所选的邻不在这个组里。"]})


def _update(session: Session, household: Household, version: int, **values: object) -> None:
    changed = session.execute(
        update(Household)
        .where(Household.id == household.id, Household.version == version)
        .values(**values, version=version + 1)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("您打开之后，这一户已被别人改过。请刷新，看过最新内容后再改。")
    session.refresh(household)
