"""Rebookings 改记: what was booked later while a quarter took no bookings comes home when it is opened again.

Else the event's next entry (a void, a correction) would stand in this quarter and the first one in the next: the
balance right, both ranks wrong. An event has one entry in a posting at most, so there are two postings.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.ledger.postings import insert_posting, new_head
from services.points.ledger.village import lock_ledger
from services.points.scoring.quarters import booked_quarters, quarter_rows
from shared.models.points import PostingKind
from shared.quarters import say_quarter


def bring_home(session: Session, village_id: int, quarter: int, *, made_by: str) -> None:
    """Take the entries of this quarter's events out of the later quarters, and book them in it. It is open again.

    The caller holds the village's ledger row. What lies on a board that is published already stays there: it is taken
    out in the earliest open quarter after it.
    """
    session.flush()
    booked = booked_quarters(session, village_id, quarter_rows(session, village_id))
    open_later = " ".join(f"WHEN {later} THEN {where}" for later, where in booked.items() if later > quarter)
    if not open_later:
        return
    reason = f"{say_quarter(quarter)}重新开放，期间记到以后季度的改记回来。"
    parameters = {"village": village_id, "origin": quarter}
    out = f"""line AS (
  SELECT event_id AS position, min(household_id) AS household_id, event_id, CAST(-sum(amount) AS integer) AS amount,
    CASE max(quarter) {open_later} END AS quarter, CAST(:origin AS integer) AS origin_quarter, 'adjustment' AS kind
  FROM points_entry WHERE village_id = :village AND origin_quarter = :origin AND quarter > :origin AND event_id > 0
  GROUP BY event_id HAVING sum(amount) <> 0
)"""
    head = new_head(lock_ledger(session, village_id), PostingKind.EVENTS, made_by, reason=reason)
    taken, _ = insert_posting(session, head, out, parameters)
    if taken is None:
        return
    home = """line AS (
  SELECT event_id AS position, household_id, event_id, -amount AS amount, origin_quarter AS quarter, origin_quarter,
    'adjustment' AS kind
  FROM points_entry WHERE village_id = :village AND posting_id = :taken
)"""
    head = new_head(lock_ledger(session, village_id), PostingKind.EVENTS, made_by, reason=reason)
    insert_posting(session, head, home, {"village": village_id, "taken": taken.posting_id})
