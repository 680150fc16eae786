"""What every service forgets by itself: how long, and where that is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, delete
from sqlalchemy.orm import Session

from shared.models.base import now
from shared.models.plumbing import IDEMPOTENCY

# A draft from the valley may be sent months later.
IDEMPOTENCY_DAYS = 90
# Bytes of a file are written before their row is committed.
UNRECORDED_FILE_HOURS = 24


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was deleted."""

    keys: int
    files: int


def forget_expired_plumbing(session: Session) -> Forgotten:
    """Delete old idempotency keys, expired files, and bytes that no file's row names, of the session's service."""
    # Here, not above: the libraries for pictures are large, and a worker needs them for this only.
    from shared.files import sweep_files

    table: Any = IDEMPOTENCY[session.info["service"]]
    done: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        delete(table).where(table.created_at < now() - timedelta(days=IDEMPOTENCY_DAYS))
    )
    swept = sweep_files(session, older_than=now() - timedelta(hours=UNRECORDED_FILE_HOURS))
    return Forgotten(done.rowcount, swept)
