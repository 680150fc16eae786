"""What scoring a scope came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts of one scoring, and the posting it made (none where nothing differs). Points in hundredths, signed."""

    events_scored: int
    entries: int
    """Events whose amount differs from what the ledger held: one entry each."""
    households: int
    """Households with at least one differing event."""
    points_up: int
    points_down: int
    posting_id: int | None = None
    seq: int | None = None
    digest: str | None = None
