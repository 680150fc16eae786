"""Offers: what a reservation has to know of a household and an item, read by one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, and_, bindparam, func, literal, select
from sqlalchemy.orm import Session

from services.points.store.items import KEEPERS, NO_ITEM
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.identity.scope import require_household
from shared.models.points import Item, LimitPeriod, OpeningDay, Price
from shared.models.registry import Household, Village


@dataclass(frozen=True, slots=True)
class Offer:
    """An item as a household finds it on a day. `price` in hundredths for a unit, None before the first price."""

    village_id: int
    household_id: int
    household_ends_on: date | None
    item_id: int
    item_village_id: int
    item_name: str
    unit: str
    limit_quantity: int | None
    limit_period: LimitPeriod | None
    price: int | None
    opening_bits: int
    """The weekdays on which the village's store is open, a bit for each."""

    @property
    def weekdays(self) -> frozenset[int]:
        """Those weekdays from 1, Monday, to 7; empty where the village has not said."""
        return frozenset(day for day in range(1, 8) if self.opening_bits >> day & 1)


_DAY = bindparam("day", type_=Date())
_PRICE = (
    select(Price.points)
    .where(Price.item_id == Item.id, Price.effective_from <= _DAY)
    .order_by(Price.effective_from.desc())
    .limit(1)
    .correlate(Item)
    .scalar_subquery()
)
_OPENING_BITS = (
    select(func.coalesce(func.sum(literal(1).bitwise_lshift(OpeningDay.weekday)), 0))
    .where(OpeningDay.village_id == Household.village_id)
    .correlate(Household)
    .scalar_subquery()
)
# Built once: building a statement costs more than running this one.
_OFFER = (
    select(
        Household.village_id,
        Household.id,
        Household.valid_to,
        Item.id,
        Item.village_id,
        Item.name,
        Item.unit,
        Item.limit_quantity,
        Item.limit_period,
        _PRICE,
        _OPENING_BITS,
    )
    .join(Village, Village.id == Household.village_id)
    .outerjoin(
        Item,
        and_(
            Item.id == bindparam("item"),
            Item.village_id.in_(select(Village.id).where(Village.township_id == bindparam("township"))),
        ),
    )
    .where(Household.id == bindparam("household"), Village.township_id == bindparam("township"))
)


def offer_to(session: Session, actor: Principal, household_id: int, item_id: int, day: date) -> Offer:
    """What the item is to the household on `day`. Raises NotFound, Forbidden."""
    session.flush()
    row = (
        session.connection()
        .execute(_OFFER, {"household": household_id, "item": item_id, "township": actor.township_id, "day": day})
        .one_or_none()
    )
    require_household(actor, household_id, row[0] if row else None, Role.RESIDENT, *KEEPERS)
    if row is None or row[3] is None:
        raise NotFound(NO_ITEM)
    return Offer(*row)
