"""Releasing: what a second person has let through is posted, set by set, one posting a village.

Rows of the releaser's own household or of a declared relative's stay, and those whose line has gone; double review
needs a second releaser.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from services.points.events.guards import barred_households
from services.points.imports.batches import count_waiting, waiting_rows
from services.points.imports.fresh_rows import without_nested_loops
from services.points.imports.unscored import scored_only, with_unscored
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
GIVEN_UP = (
    "放行试了几次都没有成，一行也没有记账。请再放行一次；还是这样，请把文件名和时间告诉运维人员，他那里留有原因。"
)
FEW_HOUSEHOLDS = 200
FEW_EVENTS = 1_000
"""Up to so many, only these households are scored again; beyond, the whole village is, which costs less."""


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
    releaser = batch.released_by
    of_villages = select(ImportRow.village_id, func.count()).where(*_waiting(import_id, rows))
    with without_nested_loops(session):
        waiting = session.execute(of_villages.group_by(ImportRow.village_id).order_by(ImportRow.village_id)).all()
    villages, asked = [village_id for village_id, _ in waiting], sum(count for _, count in waiting)
    posted = sum(_post_village(session, import_id, village_id, rows, releaser) for village_id in villages)
    batch = session.get_one(ImportBatch, import_id, populate_existing=True)
    with without_nested_loops(session):
        left = count_waiting(session, import_id)
        problem = with_unscored(session, import_id, "" if batch.problem == GIVEN_UP else batch.problem)
    batch.rows_released += posted
    batch.rows_left = asked - posted
    batch.state = ImportState.RELEASED if not left else ImportState.DECLARED
    batch.release_rows = None
    batch.problem = problem
    batch.version += 1
    session.flush()
    return batch


def fail_release(session: Session, import_id: int) -> None:
    """Give a batch back that could not be posted at all: it waits for a release again, and its row says what to do."""
    batch = session.scalar(
        select(ImportBatch).where(ImportBatch.id == import_id, ImportBatch.state == ImportState.RELEASING)
    )
    if batch is None:
        return
    batch.state, batch.problem, batch.release_rows = ImportState.DECLARED, GIVEN_UP, None
    batch.version += 1


def _post_village(
    session: Session, import_id: int, village_id: int, rows: Collection[int] | None, releaser: int
) -> int:
    lock_ledger(session, village_id)
    with without_nested_loops(session):
        reviewed = _review_village(session, import_id, village_id, rows, releaser)
    if not reviewed.posted:
        return 0
    few = len(reviewed.households) <= FEW_HOUSEHOLDS and reviewed.posted <= FEW_EVENTS
    scope = scope_of_events(session, village_id, reviewed.changed, reviewed.households if few else None)
    score_and_post(session, village_id, scope=scope, kind=PostingKind.IMPORT, made_by=MADE_BY)
    return reviewed.posted


@dataclass(frozen=True, slots=True)
class _Reviewed:
    """What was let through in a village: how many events are posted, their (rule, quarter)s and households."""

    posted: int
    changed: Sequence[tuple[int, int]]
    households: Sequence[int]


def _review_village(
    session: Session, import_id: int, village_id: int, rows: Collection[int] | None, releaser: int
) -> _Reviewed:
    mine: tuple[ColumnElement[bool], ...] = (Event.village_id == village_id, Event.import_id == import_id)
    if rows is not None:
        mine = (*mine, Event.id.in_(_event_ids(import_id, village_id, rows)))
    may = (
        *mine,
        *scored_only(session, village_id, mine),
        Event.household_id.not_in(barred_households(releaser)),
        or_(Event.declared_by.is_(None), Event.declared_by != releaser),
    )
    instant, double = now(), _needs_two(session, village_id)
    once = (*may, Event.state == EventState.DECLARED, ~double)
    again = (*may, Event.state == EventState.REVIEWED, double, Event.reviewed_by != releaser)
    changed, households = _touched(session, or_(and_(*once), and_(*again)))
    posted = _execute(
        session,
        update(Event)
        .where(*again)
        .values(state=EventState.POSTED, second_by=releaser, second_at=instant, version=Event.version + 1),
    )
    reviewed = {"reviewed_by": releaser, "reviewed_at": instant, "version": Event.version + 1}
    posted += _execute(session, update(Event).where(*once).values(state=EventState.POSTED, **reviewed))
    first = (*may, Event.state == EventState.DECLARED, double)
    _execute(session, update(Event).where(*first).values(state=EventState.REVIEWED, **reviewed))
    if posted:
        _mark_released(session, import_id, village_id)
    return _Reviewed(posted, changed, households)


def _needs_two(session: Session, village_id: int) -> ColumnElement[bool]:
    """Whether the line that scores an event asks for two reviewers."""
    lines = session.execute(
        select(VillageQuarter.quarter, Rule.code_id)
        .join(Rule, Rule.rulebook_id == VillageQuarter.rulebook_id)
        .where(
            VillageQuarter.village_id == village_id,
            or_(Rule.village_id.is_(None), Rule.village_id == village_id),
            Rule.review == Review.DOUBLE,
        )
    ).all()
    if not lines:
        return false()
    return tuple_(Event.quarter, Event.rule_id).in_([(line.quarter, line.code_id) for line in lines])


def _touched(session: Session, condition: ColumnElement[bool]) -> tuple[list[tuple[int, int]], Sequence[int]]:
    """(rule, quarter) of the events that will be posted, and their households (one more than few, at most)."""
    pairs = session.execute(select(Event.rule_id, Event.quarter).where(condition).distinct()).all()
    households = select(Event.household_id).where(condition).distinct().limit(FEW_HOUSEHOLDS + 1)
    return [(pair.rule_id, pair.quarter) for pair in pairs], session.scalars(households).all()


def _mark_released(session: Session, import_id: int, village_id: int) -> None:
    """Mark the rows whose events are posted now."""
    posted = select(Event.id).where(
        Event.village_id == village_id, Event.import_id == import_id, Event.state == EventState.POSTED
    )
    _execute(
        session,
        update(ImportRow)
        .where(ImportRow.import_id == import_id, ImportRow.village_id == village_id, ImportRow.event_id.in_(posted))
        .values(released=True),
    )


def _waiting(import_id: int, rows: Collection[int] | None) -> tuple[ColumnElement[bool], ...]:
    waiting = waiting_rows(import_id)
    return waiting if rows is None else (*waiting, ImportRow.row_number.in_(rows))


def _event_ids(import_id: int, village_id: int, rows: Collection[int] | None) -> Select[int]:
    return select(ImportRow.event_id).where(ImportRow.village_id == village_id, *_waiting(import_id, rows))


def _execute(session: Session, statement: Any) -> int:
    done: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)
