"""A village's quarter rows: which revision scores a quarter, and where its entries are booked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.points.ledger.village import ChainEnd, lock_ledger
from shared.errors import Invalid
from shared.models.points import Adoption, QuarterState, Rulebook, VillageQuarter
from shared.models.registry import Village
from shared.quarters import say_quarter

# Built once: building a statement costs more than running these.
_QUARTERS = select(VillageQuarter.quarter, VillageQuarter.rulebook_id, VillageQuarter.state).where(
    VillageQuarter.village_id == bindparam("village")
)
_ADOPTIONS = (
    select(Adoption.village_id, Adoption.from_quarter, Adoption.trial_quarters, Adoption.rulebook_id)
    .join(Rulebook, Rulebook.id == Adoption.rulebook_id)
    .where(Adoption.village_id.in_(bindparam("villages", expanding=True)))
    .order_by(Rulebook.revision)
)

TRIAL_IS_OVER = (
    "细则的试行期已满，村里还没有正式采用。账照常记，已有的积分照常兑换，但新的积分暂不能登记。"
    "请按四议两公开形成决议，在“细则修订”里办理采用：同一版就能从本季度起转为正式；采用后本季度的事可以补登记。"
)
"""Said to those who declare, and to the cadres when such a quarter opens."""


@dataclass(frozen=True, slots=True)
class QuarterRow:
    """What scoring needs of a (village, quarter) row."""

    rulebook_id: int
    state: QuarterState


def quarter_rows(session: Session, village_id: int) -> dict[int, QuarterRow]:
    """The village's quarters by number."""
    rows = session.execute(_QUARTERS, {"village": village_id})
    return {quarter: QuarterRow(rulebook_id, state) for quarter, rulebook_id, state in rows}


@dataclass(frozen=True, slots=True)
class LockedVillage:
    """What scoring has read of a village while it holds the village's ledger row."""

    end: ChainEnd
    rows: dict[int, QuarterRow]


def lock_village(session: Session, village_id: int) -> LockedVillage:
    """Hold the village's ledger row, then read its quarters."""
    end = lock_ledger(session, village_id)
    # Changes of this session (states of events, quarters) are part of what is scored.
    session.flush()
    return LockedVillage(end, quarter_rows(session, village_id))


def rulebooks_in_force(session: Session, village_ids: list[int], quarters: list[int]) -> dict[tuple[int, int], int]:
    """(village, quarter) → the newest adopted revision in force on the quarter's first day (also for trials).

    Not in it: before any adoption. A trial ends after its quarters: then the revision before it holds again.
    """
    return _adopted(session, village_ids, quarters)[0]


def rulebooks_kept(session: Session, village_ids: list[int], quarters: list[int]) -> dict[tuple[int, int], int]:
    """Where only a trial was adopted and it is over: (village, quarter) → its rulebook.

    A village without an adoption keeps its old revision: such a quarter opens under it, so that what is on the ledger
    goes on (redemptions, late corrections). But a trial lasts two quarters at most: no new event is declared
    there until the village has adopted a revision that covers the quarter.
    """
    in_force, newest = _adopted(session, village_ids, quarters)
    return {place: rulebook_id for place, rulebook_id in newest.items() if place not in in_force}


def _adopted(
    session: Session, village_ids: list[int], quarters: list[int]
) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """The newest adopted revision by village and quarter: of those in force then, and of all that had begun."""
    rows = session.execute(_ADOPTIONS, {"villages": village_ids}).all()
    in_force: dict[tuple[int, int], int] = {}
    begun: dict[tuple[int, int], int] = {}
    for village_id, start, trial_quarters, rulebook_id in rows:
        for quarter in quarters:
            if start > quarter:
                continue
            begun[village_id, quarter] = rulebook_id
            if trial_quarters is None or quarter < start + trial_quarters:
                in_force[village_id, quarter] = rulebook_id
    return in_force, begun


def ensure_quarter(session: Session, village_id: int, quarter: int) -> QuarterRow:
    """The quarter's row; made open, under the revision in force on its first day, where it does not exist yet.

    After a trial with nothing before it the trial's revision is kept. The caller holds the village's ledger row.
    Raises Invalid where no revision was ever adopted.
    """
    row = quarter_rows(session, village_id).get(quarter)
    if row is not None:
        return row
    place = (village_id, quarter)
    in_force, begun = _adopted(session, [village_id], [quarter])
    rulebook_id = in_force.get(place, begun.get(place))
    if rulebook_id is None:
        village = session.get_one(Village, village_id)
        raise Invalid(
            f"{village.name}在{say_quarter(quarter)}还没有采用任何积分细则，"
            "不能登记这个季度的积分。请先采用一版细则，或核对日期。"
        )
    session.add(VillageQuarter(village_id=village_id, quarter=quarter, rulebook_id=rulebook_id))
    session.flush()
    return QuarterRow(rulebook_id, QuarterState.OPEN)


def booked_quarters(session: Session, village_id: int, rows: dict[int, QuarterRow]) -> dict[int, int]:
    """Origin quarter → the quarter that its entries are booked in: itself while open, else the earliest later open one.

    There is always one: where the last row is tallied or later, the next quarter's row is made.
    """
    if rows and rows[max(rows)].state is not QuarterState.OPEN:
        following = max(rows) + 1
        rows[following] = ensure_quarter(session, village_id, following)
    is_open = sorted(quarter for quarter, row in rows.items() if row.state is QuarterState.OPEN)
    return {quarter: next(later for later in is_open if later >= quarter) for quarter in rows}
