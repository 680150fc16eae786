"""Redemptions 兑换: finding them by id or by the code on a slip, and listing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.points.store.items import KEEPERS
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.identity.scope import household_in_scope, village_by_code, village_in_scope
from shared.models.points import Item, Redemption, RedemptionState
from shared.models.registry import Household, Village

READERS = (*KEEPERS, Role.SUPERVISOR, Role.AUDITOR)

_NOTHING = "没有这笔兑换，请核对领取码。"


def redemption_in_scope(session: Session, actor: Principal, redemption_id: int, *roles: Role) -> Redemption:
    """A redemption of a household that `actor` serves, or of the own one. Raises NotFound, Forbidden."""
    redemption = session.get(Redemption, redemption_id)
    if redemption is None:
        raise NotFound(_NOTHING)
    if Role.RESIDENT in roles and actor.household_id is not None and not actor.has(*KEEPERS):
        if redemption.household_id != actor.household_id:
            raise NotFound(_NOTHING)
        return redemption
    village_in_scope(session, actor, redemption.village_id)
    actor.require_in(redemption.village_id, *(role for role in roles if role is not Role.RESIDENT))
    return redemption


def redemption_by_code(session: Session, actor: Principal, code: str) -> Redemption:
    """What a keeper finds by the typed or scanned code, in the villages whose store is kept. Raises NotFound."""
    plain = code.strip().upper().replace(" ", "").replace("-", "")
    found = session.scalar(select(Redemption).where(Redemption.code == plain))
    if found is None or not actor.may_in(found.village_id, *KEEPERS):
        raise NotFound(_NOTHING)
    village_in_scope(session, actor, found.village_id)
    return found


def select_redemptions(
    session: Session,
    actor: Principal,
    *,
    village_code: str | None = None,
    household_id: int | None = None,
    state: RedemptionState | None = None,
) -> Select[Redemption]:
    """Redemptions of a household, or of a village for those who keep or watch its store; to be paged newest first."""
    statement = select(Redemption)
    if village_code is not None and not (actor.household_id is not None and not actor.has(*READERS)):
        village = village_by_code(session, actor, village_code, *READERS)
        statement = statement.where(Redemption.village_id == village.id)
        if household_id is not None:
            statement = statement.where(Redemption.household_id == household_id)
    else:
        own = household_id if household_id is not None else actor.household_id
        if own is None:
            raise NotFound("请说明是哪个村或哪一户的兑换。")
        household = household_in_scope(session, actor, own, Role.RESIDENT, *READERS)
        statement = statement.where(Redemption.household_id == household.id)
    return statement if state is None else statement.where(Redemption.state == state)


@dataclass(frozen=True, slots=True)
class RedemptionView:
    """A redemption with the names that a slip shows; the redemption's own values are read through."""

    redemption: Redemption
    village_code: str
    household_number: int
    head_name: str
    item_name: str
    unit: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.redemption, name)


def views_of(session: Session, redemptions: Sequence[Redemption]) -> list[RedemptionView]:
    """The redemptions with their names, by one statement, in the order given."""
    rows = session.execute(
        select(Redemption.id, Village.code, Household.number, Household.head_name, Item.name, Item.unit)
        .join(Village, Village.id == Redemption.village_id)
        .join(Household, Household.id == Redemption.household_id)
        .join(Item, Item.id == Redemption.item_id)
        .where(Redemption.id.in_([redemption.id for redemption in redemptions]))
    )
    names = {row[0]: row for row in rows}
    return [RedemptionView(redemption, *names[redemption.id][1:]) for redemption in redemptions]
