"""A village's ledger: its tables, its lock, and the end of its chain."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from shared.database.engine import is_sqlite
from shared.models.points import VillageLedger
from shared.models.registry import Village


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The last posting of a village: what the next one is chained to."""

    village_id: int
    village_code: str
    seq: int
    digest: str


# Built once: building a statement costs more than running this one.
_LOCKED = (
    select(VillageLedger.seq, VillageLedger.digest, Village.code)
    .join(Village, Village.id == VillageLedger.village_id)
    .where(VillageLedger.village_id == bindparam("village"))
    .with_for_update(of=VillageLedger)
)


def prepare_village(session: Session, village_id: int) -> None:
    """Make what a village's ledger needs before its first event: partitions on PostgreSQL, and the ledger row.

    May be called again at any time; two callers at once are harmless.
    """
    if not is_sqlite(session):
        session.execute(text("SELECT points_prepare_village(:village)"), {"village": village_id})
    session.execute(
        text(
            "INSERT INTO points_village_ledger (village_id, seq, digest) VALUES (:village, 0, :genesis)"
            " ON CONFLICT (village_id) DO NOTHING"
        ),
        {"village": village_id, "genesis": "0" * 64},
    )


def lock_ledger(session: Session, village_id: int) -> ChainEnd:
    """Hold the village's ledger row until the transaction ends, and read the end of its chain.

    Second in the lock order shard → village ledger row → accounts by id → items by id → redemption. On SQLite the
    writing transaction itself is the lock.
    """
    row = session.execute(_LOCKED, {"village": village_id}).one_or_none()
    if row is None:
        prepare_village(session, village_id)
        row = session.execute(_LOCKED, {"village": village_id}).one()
    return ChainEnd(village_id, row.code, row.seq, row.digest)
