"""Entries without an event: one posting of a village; opening balances 期初."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.points.ledger.postings import Posted, insert_posting, new_head
from services.points.ledger.village import ChainEnd, lock_ledger, prepare_village
from services.points.scoring.quarters import booked_quarters, ensure_quarter, quarter_rows
from shared.database.engine import is_sqlite
from shared.models.points import EntryKind, PostingKind


@dataclass(frozen=True, slots=True)
class PlainEntry:
    """One signed amount in hundredths on a household's account."""

    household_id: int
    amount: int


def post_plain_entries(
    session: Session,
    end: ChainEnd,
    entries: Sequence[PlainEntry],
    *,
    kind: EntryKind,
    quarter: int,
    made_by: str,
    reason: str | None = None,
) -> Posted | None:
    """One posting of entries of the same kind, of the day's `quarter`, booked in it or the earliest later open one.

    The caller holds the village's ledger row (`end`). Amounts of zero make no entry; none at all: nothing is posted.
    """
    known = quarter_rows(session, end.village_id)
    if quarter not in known:
        known[quarter] = ensure_quarter(session, end.village_id, quarter)
    booked = booked_quarters(session, end.village_id, known)[quarter]
    rows = [
        {"position": number, "household_id": entry.household_id, "amount": entry.amount}
        for number, entry in enumerate(entries, 1)
        if entry.amount
    ]
    source = (
        "(SELECT json_extract(value, '$.position') AS position, json_extract(value, '$.household_id') AS household_id,"
        " json_extract(value, '$.amount') AS amount FROM json_each(:entry_rows))"
        if is_sqlite(session)
        else "jsonb_to_recordset(CAST(:entry_rows AS jsonb)) AS r(position int, household_id bigint, amount int)"
    )
    lines = f"""line AS (
  SELECT position, household_id, CAST(NULL AS bigint) AS event_id, amount, CAST(:booked AS integer) AS quarter,
    CAST(:origin AS integer) AS origin_quarter, CAST(:entry_kind AS varchar(32)) AS kind FROM {source}
)"""
    head = new_head(end, PostingKind(kind.value), made_by, reason=reason)
    parameters = {"entry_rows": json.dumps(rows), "booked": booked, "origin": quarter, "entry_kind": kind.value}
    posted, _ = insert_posting(session, head, lines, parameters)
    return posted


def open_accounts(
    session: Session, village_id: int, entries: Sequence[PlainEntry], *, quarter: int, made_by: str, reason: str
) -> Posted | None:
    """期初: what households brought from the paper ledger. One posting."""
    prepare_village(session, village_id)
    end = lock_ledger(session, village_id)
    return post_plain_entries(
        session, end, entries, kind=EntryKind.OPENING, quarter=quarter, made_by=made_by, reason=reason
    )
