"""Score a scope and post what differs, in one posting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from services.points.ledger.postings import insert_posting, new_head
from services.points.ledger.village import ChainEnd
from services.points.scoring.differences import counted
from services.points.scoring.lines import Lines
from services.points.scoring.outcome import Outcome
from services.points.scoring.quarters import LockedVillage, QuarterRow, booked_quarters, lock_village
from services.points.scoring.scope import Scope, lines_to_compare, moved
from services.points.scoring.statement import COUNTS, end_bulk, prepare_bulk, scoring_statement
from services.points.scoring.values import table_of
from shared.models.points import PostingKind, VillageQuarter

_QUARTERS = cast(Table, VillageQuarter.__table__)
_MOVED = (
    update(_QUARTERS)
    .where(
        _QUARTERS.c.village_id == bindparam("village"),
        _QUARTERS.c.quarter.in_(bindparam("quarters", expanding=True)),
    )
    .values(rulebook_id=bindparam("rulebook"), version=_QUARTERS.c.version + 1)
)


def score_and_post(
    session: Session,
    village_id: int,
    *,
    scope: Scope,
    kind: PostingKind,
    made_by: str,
    recalculation_id: int | None = None,
    reason: str | None = None,
    made_at: datetime | None = None,
) -> Outcome:
    """Bring the ledger to the score for this scope: one entry per event that differs, nothing where none does.

    `made_at`: the moment of the posting, for a history that is written afterwards; now without one.
    """
    village = lock_village(session, village_id)
    work = _Work(kind, made_by, recalculation_id, reason, made_at)
    outcome = _post(session, village.end, scope, work, village.rows)
    end_bulk(session, scope)
    return outcome


def recalculate(
    session: Session,
    village: LockedVillage,
    moves: Mapping[int, int],
    *,
    full: bool,
    made_by: str,
    recalculation_id: int,
) -> Outcome:
    """A shard's work: derive what moving the quarters can touch, move them, score and post.

    `moves`: quarter → rulebook id. `full` scores everything in these quarters. A second time it posts nothing.
    """
    village_id = village.end.village_id
    lines = lines_to_compare(session, village_id, village.rows, moves)
    scope = moved(village.rows, lines, moves, full=full)
    rows = _move_quarters(session, village_id, village.rows, moves)
    if scope.is_empty:
        return Outcome(0, 0, 0, 0, 0)
    work = _Work(PostingKind.RECALCULATION, made_by, recalculation_id)
    return _post(session, village.end, scope, work, rows, lines)


def _move_quarters(
    session: Session, village_id: int, rows: Mapping[int, QuarterRow], moves: Mapping[int, int]
) -> dict[int, QuarterRow]:
    """Let the quarter rows hold their new revisions; the rows as they are then."""
    differing = {
        quarter: target for quarter, target in moves.items() if quarter in rows and rows[quarter].rulebook_id != target
    }
    for rulebook_id in sorted(set(differing.values())):
        quarters = [quarter for quarter, target in differing.items() if target == rulebook_id]
        session.execute(_MOVED, {"village": village_id, "quarters": quarters, "rulebook": rulebook_id})
    return {quarter: replace(row, rulebook_id=differing.get(quarter, row.rulebook_id)) for quarter, row in rows.items()}


@dataclass(frozen=True, slots=True)
class _Work:
    """What a posting is made for."""

    kind: PostingKind
    made_by: str
    recalculation_id: int | None = None
    reason: str | None = None
    made_at: datetime | None = None


def _post(
    session: Session,
    end: ChainEnd,
    scope: Scope,
    work: _Work,
    rows: dict[int, QuarterRow],
    known: Mapping[int, Lines] | None = None,
) -> Outcome:
    booked = booked_quarters(session, end.village_id, rows)
    table = table_of(session, end.village_id, scope, rows, booked=booked, known=known)
    prepare_bulk(session, scope)
    statement = scoring_statement(session, end.village_id, scope, table, nothing_held=end.seq == 0)
    # A recalculation corrects; otherwise the first entry of an event is its award.
    first = "adjustment" if work.kind is PostingKind.RECALCULATION else "award"
    head = new_head(
        end,
        work.kind,
        work.made_by,
        recalculation_id=work.recalculation_id,
        reason=work.reason,
        made_at=work.made_at,
    )
    posted, counts = insert_posting(
        session,
        head,
        f"{statement.expressions},\n{_line(first)}",
        statement.parameters,
        counts=COUNTS,
    )
    if counts is None:
        raise AssertionError("the counts were asked for")
    outcome = counted(counts)
    if posted is None:
        return outcome
    return replace(outcome, posting_id=posted.posting_id, seq=posted.seq, digest=posted.digest)


def _line(first: str) -> str:
    """The entries that make the ledger equal to the score, in the order of events."""
    return f"""line AS (
  SELECT id AS position, household_id, id AS event_id, CAST(scored - coalesce(held, 0) AS integer) AS amount,
    booked AS quarter, quarter AS origin_quarter,
    CASE WHEN held IS NULL THEN '{first}' ELSE 'adjustment' END AS kind
  FROM differing
)"""
