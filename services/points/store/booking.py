"""Booking of a redemption or a refund: a posting of one entry without an event."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.points.ledger.postings import insert_posting, new_head
from services.points.ledger.village import ChainEnd
from services.points.scoring.quarters import booked_quarters, ensure_quarter, quarter_rows
from shared.calendar import today
from shared.models.points import EntryKind, PostingKind
from shared.quarters import quarter_of

_LINE = """line AS (
  SELECT 1 AS position, CAST(:household AS bigint) AS household_id, CAST(NULL AS bigint) AS event_id,
    CAST(:amount AS integer) AS amount, CAST(:booked AS integer) AS quarter, CAST(:origin AS integer) AS origin_quarter,
    CAST(:entry_kind AS varchar(32)) AS kind
)"""

_POSTINGS = {EntryKind.REDEMPTION: PostingKind.REDEMPTION, EntryKind.REFUND: PostingKind.REFUND}


def book_points(
    session: Session,
    end: ChainEnd,
    *,
    household_id: int,
    amount: int,
    kind: EntryKind,
    made_by: str,
    reason: str | None = None,
) -> int:
    """Post one entry of signed hundredths on a household's account, booked today; the posting's id.

    The caller holds the village's ledger row (`end`). Booked in today's quarter while it is open, else in the earliest
    later open one.
    """
    origin = quarter_of(today())
    ensure_quarter(session, end.village_id, origin)
    booked = booked_quarters(session, end.village_id, quarter_rows(session, end.village_id))[origin]
    parameters = {
        "household": household_id,
        "amount": amount,
        "booked": booked,
        "origin": origin,
        "entry_kind": kind.value,
    }
    head = new_head(end, _POSTINGS[kind], made_by, reason=reason)
    posted, _ = insert_posting(session, head, _LINE, parameters)
    if posted is None:
        raise AssertionError("a posting of one entry was not made")
    return posted.posting_id
