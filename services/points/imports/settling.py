"""Settling: a batch whose rows were all reviewed one by one, rejected or taken back, waits for nobody any longer."""

from __future__ import annotations

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from shared.models.points import Event, EventState, ImportBatch, ImportState


def settle_batch(session: Session, event: Event) -> None:
    """End the batch that an event came with, when no other event of it waits. The event's new state is flushed.

    Whoever is releasing the batch holds its row and looks at what is left itself: it is not waited for, since that
    one waits for the village's ledger row, which a reviewer holds.
    """
    if event.import_id is None:
        return
    free = (
        select(ImportBatch.id)
        .where(ImportBatch.id == event.import_id, ImportBatch.state == ImportState.DECLARED)
        .with_for_update(skip_locked=True)
    )
    if session.scalar(free) is None:
        return
    waits = exists().where(
        Event.import_id == event.import_id, Event.state.in_((EventState.DECLARED, EventState.REVIEWED))
    )
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == event.import_id, ~waits)
        .values(state=ImportState.RELEASED, version=ImportBatch.version + 1)
        .execution_options(synchronize_session=False)
    )
