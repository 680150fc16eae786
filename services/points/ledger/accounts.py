"""Accounts and statements: what a household has, and every entry behind it with its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from shared.identity import Principal, Role
from shared.identity.scope import household_in_scope
from shared.models.points import (
    Account,
    Category,
    Entry,
    Event,
    EventState,
    Posting,
    Rule,
    RuleCode,
    VillageQuarter,
)
from shared.models.registry import Household, Village

READERS = (
    Role.RESIDENT,
    Role.GRID_MEMBER,
    Role.CADRE,
    Role.KEEPER,
    Role.JUDGE,
    Role.SUPERVISOR,
    Role.ADMIN,
    Role.AUDITOR,
)


@dataclass(frozen=True, slots=True)
class AccountView:
    """A household's account. Hundredths; `available` is what can be reserved."""

    household_id: int
    village: str
    village_name: str
    number: int
    head_name: str
    balance: int
    reserved: int
    waiting: int
    """Events of the household that wait for a review."""

    @property
    def available(self) -> int:
        """What is neither spent nor held."""
        return max(self.balance - self.reserved, 0)


def show_account(session: Session, actor: Principal, household_id: int) -> AccountView:
    """The account, also of a household that has no entry yet."""
    household = household_in_scope(session, actor, household_id, *READERS)
    account = session.get(Account, (household.village_id, household.id))
    village = session.get_one(Village, household.village_id)
    waiting = select(Event.id).where(
        Event.village_id == household.village_id,
        Event.household_id == household.id,
        Event.state.in_((EventState.DECLARED, EventState.REVIEWED)),
    )
    return AccountView(
        household.id,
        village.code,
        village.name,
        household.number,
        household.head_name,
        account.balance if account else 0,
        account.reserved if account else 0,
        len(session.scalars(waiting).all()),
    )


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry of a statement. Amount in hundredths."""

    id: int
    kind: str
    amount: int
    quarter: int
    origin_quarter: int
    made_at: datetime
    seq: int
    posting_kind: str
    reason: str | None
    event_id: int | None
    rule: str | None
    title: str | None
    category: str | None
    unit: str | None
    quantity: int | None
    occurred_on: date | None
    note: str | None


def select_statement(household: Household, *, quarter: int | None = None) -> Select[tuple[Entry]]:
    """The household's entries in its village with posting, event and the line in force; to be ordered by id."""
    statement = (
        select(  # type: ignore[return-value]
            Entry.id,
            Entry.kind,
            Entry.amount,
            Entry.quarter,
            Entry.origin_quarter,
            Entry.event_id,
            Posting.made_at,
            Posting.seq,
            Posting.kind.label("posting_kind"),
            Posting.reason,
            Event.quantity,
            Event.occurred_on,
            Event.note,
            RuleCode.code,
            Rule.title,
            Rule.unit,
            Category.name.label("category"),
        )
        .join(Posting, Posting.id == Entry.posting_id)
        .outerjoin(Event, and_(Event.village_id == Entry.village_id, Event.id == Entry.event_id))
        .outerjoin(RuleCode, RuleCode.id == Event.rule_id)
        .outerjoin(
            VillageQuarter,
            and_(VillageQuarter.village_id == Event.village_id, VillageQuarter.quarter == Event.quarter),
        )
        .outerjoin(
            Rule,
            and_(
                Rule.rulebook_id == VillageQuarter.rulebook_id,
                Rule.code_id == Event.rule_id,
                or_(Rule.village_id.is_(None), Rule.village_id == Entry.village_id),
            ),
        )
        .outerjoin(Category, Category.id == Rule.category_id)
        .where(Entry.village_id == household.village_id, Entry.household_id == household.id)
    )
    return statement if quarter is None else statement.where(Entry.quarter == quarter)
