"""A household's account 账户: balance, what reservations hold, and what lies on it by quarter."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.identity import Principal, Role
from shared.identity.scope import household_in_scope
from shared.models.points import Account, Entry
from shared.models.registry import Grid, Household, Village

READERS = (
    *(Role.RESIDENT, Role.GRID_MEMBER, Role.CADRE, Role.KEEPER, Role.JUDGE),
    *(Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR),
)
"""Who may open a household's account: itself, and whoever works with points in its village."""


@dataclass(frozen=True, slots=True)
class QuarterSum:
    """What was booked in a quarter, in hundredths."""

    quarter: int
    points: int


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as people read it. Amounts in hundredths; `available` may be spent."""

    household: Household
    village: Village
    group_name: str
    balance: int
    reserved: int
    quarters: tuple[QuarterSum, ...]

    @property
    def available(self) -> int:
        """What is neither spent nor held; never below zero."""
        return max(self.balance - self.reserved, 0)


def account_of(session: Session, actor: Principal, household_id: int) -> AccountView:
    """The account in the household's present village. Raises NotFound, Forbidden."""
    household = household_in_scope(session, actor, household_id, *READERS)
    account = session.get(Account, (household.village_id, household.id))
    return AccountView(
        household=household,
        village=session.get_one(Village, household.village_id),
        group_name=session.get_one(Grid, household.group_id).name,
        balance=account.balance if account else 0,
        reserved=account.reserved if account else 0,
        quarters=tuple(
            QuarterSum(quarter, int(points))
            for quarter, points in session.execute(
                select(Entry.quarter, func.sum(Entry.amount))
                .where(Entry.village_id == household.village_id, Entry.household_id == household.id)
                .group_by(Entry.quarter)
                .order_by(Entry.quarter.desc())
            )
        ),
    )
