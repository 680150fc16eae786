"""Releasing: what a second person has let through is posted, set by set, one posting a village.

Rows of the releaser's own household or of a declared relative's stay; double review needs a second releaser.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from services.points.events.guards import barred_households
from services.points.ledger.village import lock_ledger
from services.points.scoring import scope_of_events, score_and_post
from shared.models.base import now
from shared.models.points import (
    Event,
    EventState,
    ImportBatch,
    ImportRow,
    ImportState,
    PostingKind,
    Review,
    Rule,
    VillageQuarter,
)

MADE_BY = "task:points.release_import"
FEW_HOUSEHOLDS = 200
"""Up to so many, only their events are scored again; beyond, the whole village's are, which costs less."""


def post_released(session: Session, import_id: int) -> ImportBatch | None:
    """Post what was released of a batch; None where that was done before."""
    batch = session.scalar(
        select(ImportBatch)
        .where(ImportBatch.id == import_id, ImportBatch.state == ImportState.RELEASING)
        .with_for_update(skip_locked=True)
    )
    if batch is None or batch.released_by is None:
        return None
    rows = None if batch.release_rows is None else json.loads(batch.release_rows)
    releaser, asked = batch.released_by, _count(session, _waiting(import_id, rows))
    villages = session.scalars(
        select(ImportRow.village_id).where(*_waiting(import_id, rows)).distinct().order_by(ImportRow.village_id)
    ).all()
    posted = sum(_post_village(session, import_id, village_id, rows, releaser) for village_id in villages)
    batch = session.get_one(ImportBatch, import_id, populate_existing=True)
    left = _count(session, _waiting(import_id, None))
    batch.rows_released += posted
    batch.rows_left = asked - posted
    batch.state = ImportState.RELEASED if not left else ImportState.DECLARED
    batch.release_rows = None
    batch.version += 1
    session.flush()
    return batch


def _post_village(
    session: Session, import_id: int, village_id: int, rows: Collection[int] | None, releaser: int
) -> int:
    lock_ledger(session, village_id)
    mine = _event_ids(import_id, village_id, rows)
    may = (
        Event.village_id == village_id,
        Event.id.in_(mine),
        Event.household_id.not_in(barred_households(releaser)),
        or_(Event.declared_by.is_(None), Event.declared_by != releaser),
    )
    instant = now()
    double = _is_double(village_id)
    posting = or_(
        and_(Event.state == EventState.DECLARED, ~double),
        and_(Event.state == EventState.REVIEWED, double, Event.reviewed_by != releaser),
    )
    changed = session.execute(select(Event.rule_id, Event.quarter).where(*may, posting).distinct()).all()
    households = session.scalars(
        select(Event.household_id).where(*may, posting).distinct().limit(FEW_HOUSEHOLDS + 1)
    ).all()
    second = _execute(
        session,
        update(Event)
        .where(*may, Event.state == EventState.REVIEWED, double, Event.reviewed_by != releaser)
        .values(state=EventState.POSTED, second_by=releaser, second_at=instant, version=Event.version + 1),
    )
    first = _execute(
        session,
        update(Event)
        .where(*may, Event.state == EventState.DECLARED, ~double)
        .values(state=EventState.POSTED, reviewed_by=releaser, reviewed_at=instant, version=Event.version + 1),
    )
    _execute(
        session,
        update(Event)
        .where(*may, Event.state == EventState.DECLARED, double)
        .values(state=EventState.REVIEWED, reviewed_by=releaser, reviewed_at=instant, version=Event.version + 1),
    )
    if not first + second:
        return 0
    posted = select(Event.id).where(
        Event.village_id == village_id, Event.state == EventState.POSTED, Event.id.in_(mine)
    )
    _execute(
        session,
        update(ImportRow)
        .where(ImportRow.import_id == import_id, ImportRow.village_id == village_id, ImportRow.event_id.in_(posted))
        .values(released=True),
    )
    scope = scope_of_events(
        session,
        village_id,
        [(rule_id, quarter) for rule_id, quarter in changed],
        households if len(households) <= FEW_HOUSEHOLDS else None,
    )
    score_and_post(session, village_id, scope=scope, kind=PostingKind.IMPORT, made_by=MADE_BY)
    return first + second


def _waiting(import_id: int, rows: Collection[int] | None) -> tuple[ColumnElement[bool], ...]:
    waiting: tuple[ColumnElement[bool], ...] = (ImportRow.import_id == import_id, ImportRow.released.is_(False))
    return waiting if rows is None else (*waiting, ImportRow.row_number.in_(rows))


def _event_ids(import_id: int, village_id: int, rows: Collection[int] | None) -> Select[int]:
    return select(ImportRow.event_id).where(ImportRow.village_id == village_id, *_waiting(import_id, rows))


def _is_double(village_id: int) -> ColumnElement[bool]:
    """Whether the line that scores an event asks for two reviewers."""
    return (
        select(Rule.id)
        .join(VillageQuarter, VillageQuarter.rulebook_id == Rule.rulebook_id)
        .where(
            VillageQuarter.village_id == village_id,
            VillageQuarter.quarter == Event.quarter,
            Rule.code_id == Event.rule_id,
            or_(Rule.village_id.is_(None), Rule.village_id == village_id),
            Rule.review == Review.DOUBLE,
        )
        .correlate(Event)
        .exists()
    )


def _count(session: Session, condition: tuple[ColumnElement[bool], ...]) -> int:
    return session.scalar(select(func.count()).where(*condition)) or 0


def _execute(session: Session, statement: Any) -> int:
    done: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)
