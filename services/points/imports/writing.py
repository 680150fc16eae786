"""Writing of imports: many rows by one COPY on PostgreSQL, by one prepared statement on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Text, bindparam, cast, column, delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from services.points.events.sequence import EVENT_IDS, allocate_ids
from services.points.imports.rows import PlannedEvent, once_period
from shared.database.engine import is_sqlite
from shared.models.base import now
from shared.models.points import Event, EventState, ImportBatch, ImportRow, Once
from shared.quarters import quarter_of

_CHUNK = 10_000
_LIVE = (EventState.DECLARED, EventState.REVIEWED, EventState.POSTED)
_EVENT = (
    "village_id", "household_id", "rule_id", "quarter", "occurred_on", "id", "month", "quantity", "chosen", "state",
    "version", "declared_at", "declared_by", "declarer_name", "note", "witness", "import_id",
)  # fmt: skip
_ROW = (
    "import_id", "row_number", "village_id", "row_key", "household_id", "rule_id", "occurred_on", "quantity",
    "event_id", "released",
)  # fmt: skip


def known_keys(session: Session, events: Sequence[PlannedEvent]) -> set[tuple[int, str]]:
    """(village, key) of rows that were declared before: by this file sent again, or by another with the same row.

    A row whose event was rejected or withdrawn is not known: it may be declared again, and is reviewed again.
    """
    villages = list({event.village_id for event in events})
    known: set[tuple[int, str]] = set()
    for chunk in _chunks([event.row_key for event in events]):
        rows = session.execute(
            select(ImportRow.village_id, ImportRow.row_key).where(
                ImportRow.village_id.in_(villages), ImportRow.row_key.in_(_listed(session, chunk)), ~_refused()
            )
        )
        known.update((village_id, key) for village_id, key in rows)
    return known


def _listed(session: Session, keys: Sequence[str]) -> Select[str]:
    """The keys as rows of one parameter: to write out a parameter for each costs more than the search itself."""
    listed = bindparam("keys", json.dumps(keys), type_=Text(), unique=True)
    value = column("value", String())
    if is_sqlite(session):
        return select(func.json_each(listed).table_valued(value).c.value)
    return select(func.jsonb_array_elements_text(cast(listed, JSONB)).table_valued(value).render_derived().c.value)


def _refused() -> ColumnElement[bool]:
    """Whether the event of an import's row was rejected or withdrawn."""
    return exists().where(
        Event.village_id == ImportRow.village_id,
        Event.id == ImportRow.event_id,
        Event.state.in_((EventState.REJECTED, EventState.WITHDRAWN)),
    )


def _forget_refused(session: Session, events: Sequence[PlannedEvent]) -> None:
    """Give the keys of refused rows to the ones that come again; the refused events themselves stay."""
    villages = list({event.village_id for event in events})
    for chunk in _chunks([event.row_key for event in events]):
        session.execute(
            delete(ImportRow)
            .where(ImportRow.village_id.in_(villages), ImportRow.row_key.in_(_listed(session, chunk)), _refused())
            .execution_options(synchronize_session=False)
        )


def known_once(session: Session, events: Sequence[PlannedEvent], onces: dict[int, Once]) -> set[tuple[int, int, int]]:
    """(household, rule, period) in which an event of a rule that counts once is known already."""
    if not onces:
        return set()
    rows = session.execute(
        select(Event.household_id, Event.rule_id, Event.occurred_on).where(
            Event.village_id.in_({event.village_id for event in events}),
            Event.rule_id.in_(list(onces)),
            Event.state.in_(_LIVE),
        )
    )
    return {(household, rule, once_period(onces[rule], day)) for household, rule, day in rows}


def declare_events(session: Session, batch: ImportBatch, events: Sequence[PlannedEvent], declarer_name: str) -> None:
    """Insert the events as declared, and a row of the batch for each."""
    _forget_refused(session, events)
    ids = allocate_ids(session, EVENT_IDS, len(events))
    instant = now()
    _insert_many(
        session,
        Event.__tablename__,
        _EVENT,
        (
            (
                event.village_id,
                event.household_id,
                event.rule_id,
                quarter_of(event.occurred_on),
                event.occurred_on,
                event_id,
                event.occurred_on.year * 12 + event.occurred_on.month - 1,
                event.quantity,
                event.chosen,
                EventState.DECLARED.value,
                1,
                instant,
                batch.imported_by,
                declarer_name[:60] or None,
                event.note or None,
                event.witness or None,
                batch.id,
            )
            for event, event_id in zip(events, ids, strict=True)
        ),
    )
    _insert_many(
        session,
        ImportRow.__tablename__,
        _ROW,
        (
            (
                batch.id,
                event.row_number,
                event.village_id,
                event.row_key,
                event.household_id,
                event.rule_id,
                event.occurred_on,
                event.quantity,
                event_id,
                False,
            )
            for event, event_id in zip(events, ids, strict=True)
        ),
    )


def _insert_many(session: Session, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(columns)
    if is_sqlite(session):
        places = ", ".join(f":{column}" for column in columns)
        statement = text(f"INSERT INTO {table} ({names}) VALUES ({places})")
        session.execute(statement, [dict(zip(columns, map(_stored, row), strict=True)) for row in rows])
        return
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _stored(value: Any) -> Any:
    """As the column types store days and instants on SQLite."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else value


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
