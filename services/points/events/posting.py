"""Post events whose review is done, and take back voided ones: one posting for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.points.ledger.village import lock_ledger
from services.points.scoring import Outcome, scope_of_events, score_and_post
from services.points.scoring.quarters import ensure_quarter
from shared.models.points import Event, PostingKind


def post_changes(
    session: Session,
    village_id: int,
    events: Sequence[Event],
    *,
    made_by: str,
    kind: PostingKind = PostingKind.EVENTS,
    reason: str | None = None,
) -> Outcome:
    """Bring the ledger to the score after these events of one village have become posted or voided.

    The whole household + code is scored again, and the category quarters that it lies in.
    """
    lock_ledger(session, village_id)
    for quarter in sorted({event.quarter for event in events}):
        ensure_quarter(session, village_id, quarter)
    scope = scope_of_events(
        session,
        village_id,
        {(event.rule_id, event.quarter) for event in events},
        {event.household_id for event in events},
    )
    return score_and_post(session, village_id, scope=scope, kind=kind, made_by=made_by, reason=reason)
