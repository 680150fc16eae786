"""Already reviewed events in bulk: one insert, one posting (imports' release and the demo township's history)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.points.events.sequence import EVENT_IDS, allocate_ids
from services.points.ledger.village import lock_ledger, prepare_village
from services.points.scoring import Outcome, Scope, scope_of_events, score_and_post
from services.points.scoring.quarters import ensure_quarter
from shared.database.engine import is_sqlite
from shared.models.base import now
from shared.models.points import PostingKind
from shared.quarters import quarter_of

_COLUMNS = (
    "village_id",
    "household_id",
    "rule_id",
    "quarter",
    "occurred_on",
    "id",
    "month",
    "quantity",
    "chosen",
    "state",
    "version",
    "declared_at",
    "declared_by",
    "note",
    "reviewed_by",
    "reviewed_at",
)


@dataclass(frozen=True, slots=True)
class ReviewedEvent:
    """One event that people have declared and reviewed. Quantity and chosen amount in hundredths."""

    household_id: int
    rule_id: int
    occurred_on: date
    quantity: int
    chosen: int | None = None
    note: str | None = None
    declared_by: int | None = None
    declared_at: datetime | None = None
    reviewed_by: int | None = None
    reviewed_at: datetime | None = None


def record_events_bulk(
    session: Session,
    village_id: int,
    events: Iterable[ReviewedEvent],
    *,
    made_by: str,
    kind: PostingKind = PostingKind.IMPORT,
    made_at: datetime | None = None,
) -> Outcome:
    """Insert reviewed events of one village as posted, in the order given, and post their scores in one posting.

    `made_at`: when they were posted, for a history that is written afterwards; now without one.
    The caller has made sure that households and codes are the village's. Raises Invalid for a day before any rulebook.
    """
    prepare_village(session, village_id)
    lock_ledger(session, village_id)
    rows = list(events)
    quarters = sorted({quarter_of(event.occurred_on) for event in rows})
    for quarter in quarters:
        ensure_quarter(session, village_id, quarter)
    if not rows:
        return Outcome(0, 0, 0, 0, 0)
    ids = allocate_ids(session, EVENT_IDS, len(rows))
    _insert(session, _values(village_id, rows, ids))
    # A whole village's history touches everything in its quarters; a late one also what remembers it in later ones.
    later = scope_of_events(
        session, village_id, {(event.rule_id, quarter_of(event.occurred_on)) for event in rows}, None
    )
    scope = Scope({**later.touched, **dict.fromkeys(quarters)})
    return score_and_post(session, village_id, scope=scope, kind=kind, made_by=made_by, made_at=made_at)


def _values(village_id: int, rows: Sequence[ReviewedEvent], ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    instant = now()
    for event, event_id in zip(rows, ids, strict=True):
        day = event.occurred_on
        yield (
            village_id,
            event.household_id,
            event.rule_id,
            quarter_of(day),
            day,
            event_id,
            day.year * 12 + day.month - 1,
            event.quantity,
            event.chosen,
            "posted",
            1,
            event.declared_at or instant,
            event.declared_by,
            event.note,
            event.reviewed_by,
            event.reviewed_at or instant,
        )


def _insert(session: Session, values: Iterator[tuple[Any, ...]]) -> None:
    """One COPY on PostgreSQL, one prepared statement on SQLite."""
    columns = ", ".join(_COLUMNS)
    if is_sqlite(session):
        places = ", ".join(f":{column}" for column in _COLUMNS)
        instants = {"declared_at", "reviewed_at"}
        session.execute(
            text(f"INSERT INTO points_event ({columns}) VALUES ({places})"),
            [
                {
                    column: _stored(value) if column in instants or column == "occurred_on" else value
                    for column, value in zip(_COLUMNS, row, strict=True)
                }
                for row in values
            ],
        )
        return
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY points_event ({columns}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _stored(value: date | datetime) -> str:
    """As the column types store days and instants on SQLite."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat()
