"""Differences 差额: what a run changes, by household and event, and why. A preview keeps them 30 days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import BigInteger, Select, cast, delete, func, select
from sqlalchemy.orm import Session

from services.points.recalculation.reasons import Reasons
from shared.models.base import now
from shared.models.points import Difference, Entry, Event, Recalculation, RecalculationMode, RuleCode, Shard
from shared.models.registry import Grid, Household, Village


@dataclass(frozen=True, slots=True)
class EventDifference:
    """One event: what the ledger held, what it is scored at now, and why. Hundredths."""

    event_id: int
    rule_code: str
    title: str
    occurred_on: date
    quantity: int
    quarter: int
    held: int
    scored: int
    why: str


@dataclass(slots=True)
class HouseholdDifference:
    """One household of a run: the sum of its differences in hundredths, and the events that make it up."""

    household_id: int
    number: int
    head_name: str
    group: str
    village_code: str
    village: str
    change: int
    events: list[EventDifference] = field(default_factory=list)


def difference_rows(run: Recalculation) -> Select[int, int, int, int, int, int, int]:
    """(village, household, event, rule, quarter, held, scored) of a run: stored for a preview, posted for an apply."""
    if run.mode is RecalculationMode.PREVIEW:
        return select(
            Difference.village_id,
            Difference.household_id,
            Difference.event_id,
            Difference.rule_id,
            Difference.quarter,
            Difference.held,
            Difference.scored,
        ).where(Difference.recalculation_id == run.id)
    earlier = Entry.__table__.alias("earlier")
    held = (
        select(func.coalesce(func.sum(earlier.c.amount), 0))
        .where(earlier.c.village_id == Entry.village_id, earlier.c.event_id == Entry.event_id, earlier.c.id < Entry.id)
        .scalar_subquery()
    )
    return (
        select(
            Entry.village_id,
            Entry.household_id,
            Entry.event_id,
            Event.rule_id,
            Entry.origin_quarter.label("quarter"),
            held.label("held"),
            (held + Entry.amount).label("scored"),
        )
        .join(Shard, (Shard.posting_id == Entry.posting_id) & (Shard.village_id == Entry.village_id))
        .join(Event, (Event.village_id == Entry.village_id) & (Event.id == Entry.event_id))
        .where(Shard.recalculation_id == run.id)
    )


def select_changed_households(
    run: Recalculation, *, village_id: int | None = None, household_id: int | None = None, losing: bool | None = None
) -> Select[int, int, int, int]:
    """(magnitude, household, change, village) of a run, to be paged by magnitude and household, descending."""
    rows = difference_rows(run).subquery()
    change = cast(func.sum(rows.c.scored - rows.c.held), BigInteger)
    grouped = select(
        func.abs(change, type_=BigInteger).label("magnitude"),
        rows.c.household_id,
        change.label("change"),
        rows.c.village_id,
    ).group_by(rows.c.village_id, rows.c.household_id)
    if village_id is not None:
        grouped = grouped.where(rows.c.village_id == village_id)
    if household_id is not None:
        grouped = grouped.where(rows.c.household_id == household_id)
    if losing is not None:
        grouped = grouped.having(change < 0 if losing else change > 0)
    return grouped


def describe_households(session: Session, run: Recalculation, page: Sequence[object]) -> list[HouseholdDifference]:
    """The households of a page with names, groups and events. Three statements, whatever the page holds."""
    changes = {row.household_id: int(row.change) for row in page}  # type: ignore[attr-defined]
    people = session.execute(
        select(Household, Grid.name, Village.code, Village.name)
        .join(Grid, Grid.id == Household.group_id)
        .join(Village, Village.id == Household.village_id)
        .where(Household.id.in_(changes))
    )
    known = {
        household.id: HouseholdDifference(
            household.id, household.number, household.head_name, group, code, village, changes[household.id]
        )
        for household, group, code, village in people
    }
    rows = difference_rows(run).subquery()
    events = session.execute(
        select(rows, RuleCode.code, Event.occurred_on, Event.quantity)
        .join(Event, (Event.village_id == rows.c.village_id) & (Event.id == rows.c.event_id))
        .join(RuleCode, RuleCode.id == rows.c.rule_id)
        .where(rows.c.household_id.in_(changes), rows.c.village_id.in_({row.village_id for row in page}))  # type: ignore[attr-defined]
        .order_by(rows.c.household_id, Event.occurred_on, rows.c.event_id)
    ).all()
    reasons = Reasons.of_run(session, run, {row.village_id for row in events})
    for row in events:
        title, why = reasons.explain(row.village_id, row.quarter, row.rule_id)
        known[row.household_id].events.append(
            EventDifference(
                row.event_id,
                row.code,
                title,
                row.occurred_on,
                row.quantity,
                row.quarter,
                int(row.held),
                int(row.scored),
                why,
            )
        )
    return [known[household_id] for household_id in changes if household_id in known]


def forget_previews(session: Session) -> int:
    """Delete the differences of previews that are older than they are kept; the count. The runs stay."""
    old = select(Recalculation.id).where(Recalculation.expires_at < now())
    done = session.execute(
        delete(Difference).where(Difference.recalculation_id.in_(old)).execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
