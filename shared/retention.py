"""What every service forgets by itself: how long, and where that is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, delete
from sqlalchemy.orm import Session

from shared import audit
from shared.identity.principal import system
from shared.models.base import now
from shared.models.plumbing import IDEMPOTENCY

# What stands where a name or a text stood that was forgotten.
FORGOTTEN = "（已删除）"
# A draft from the valley may be sent months later.
IDEMPOTENCY_DAYS = 90
# Bytes of a file are written before their row is committed.
UNRECORDED_FILE_HOURS = 24


def record_forgotten(session: Session, task: str, kind: str, rows: Mapping[int, int], *, after_days: int) -> None:
    """One line of the audit log for each township: which kind was past its period of `after_days`, and how many."""
    for township_id, count in sorted(rows.items()):
        details = {"kind": kind, "rows": count}
        purpose = period_words(after_days)
        audit.record(
            session, system(township_id, task), "forget_past", "township", township_id, purpose=purpose, details=details
        )


def period_words(after_days: int) -> str:
    """Why something was forgotten that nobody asked to forget."""
    return f"保存期限 {after_days} 天已满"


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
