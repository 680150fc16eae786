"""Recalculations 重算: runs, their shards (one per village), and the differences that a preview found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now


class RecalculationMode(StrEnum):
    """A preview writes no entry; apply posts the differences, recomputed."""

    PREVIEW = "preview"
    """预览."""
    APPLY = "apply"
    """正式重算."""


class RecalculationState(StrEnum):
    """What a run is doing."""

    RUNNING = "running"
    CANCELLED = "cancelled"
    """Stopped between shards; it can be resumed."""
    DONE = "done"
    PARKED = "parked"
    """All other shards are done, and one or more have failed five times."""


class ShardState(StrEnum):
    """What a shard is doing. Only the row itself gives the right to work."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"
    """搁置: failed five times; someone has to look."""


class Recalculation(Base):
    """One run: which quarters, towards which revision, for which villages (its shards)."""

    __tablename__ = "points_recalculation"
    __table_args__ = (Index("ix_points_recalculation_township_id_id", "township_id", "id"),)

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    mode: Mapped[RecalculationMode] = enum_column(RecalculationMode, "mode_known")
    state: Mapped[RecalculationState] = enum_column(
        RecalculationState, "state_known", default=RecalculationState.RUNNING
    )
    # Null: the newest adopted revision of each village and quarter.
    rulebook_id: Mapped[int | None] = mapped_column(ForeignKey("points_rulebook.id"))
    full: Mapped[bool] = mapped_column(default=False)
    # The preview that an apply was decided on.
    preview_id: Mapped[int | None] = mapped_column(ForeignKey("points_recalculation.id"))
    # JSON list of quarter numbers.
    quarters: Mapped[str] = mapped_column(Text, default="[]")
    made_by: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(BigId)
    request_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    # A preview's differences are kept until then.
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    notices_sent_at: Mapped[datetime | None]
    notices_sent: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class Shard(Base):
    """A run's work on one village: one database transaction. Amounts in hundredths."""

    __tablename__ = "points_shard"
    __table_args__ = (
        UniqueConstraint("recalculation_id", "village_id"),
        CheckConstraint("attempts BETWEEN 0 AND 5", name="five_attempts"),
        CheckConstraint("(state = 'done') = (finished_at IS NOT NULL)", name="done_ones_say_when"),
        Index("ix_points_shard_village_id_state", "village_id", "state"),
        Index("ix_points_shard_state_lease_until", "state", "lease_until"),
    )

    id: Mapped[int] = id_column()
    recalculation_id: Mapped[int] = mapped_column(ForeignKey("points_recalculation.id", ondelete="CASCADE"))
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    state: Mapped[ShardState] = enum_column(ShardState, "state_known", default=ShardState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    # The message that was sent for it last: its attempts and its dead letter are found by it.
    message_id: Mapped[str | None] = mapped_column(String(36))
    # When the message may be sent again; never a right to work.
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("points_posting.id"))
    households: Mapped[int] = mapped_column(default=0)
    events_scored: Mapped[int] = mapped_column(default=0)
    entries_posted: Mapped[int] = mapped_column(default=0)
    points_up: Mapped[int] = mapped_column(BigInteger, default=0)
    points_down: Mapped[int] = mapped_column(BigInteger, default=0)
    # How many differences are not those that the preview showed.
    changed_since_preview: Mapped[int] = mapped_column(default=0)
    # JSON object quarter → rulebook id, as it was before the shard moved it.
    moved_from: Mapped[str] = mapped_column(Text, default="{}")
    error: Mapped[str] = mapped_column(Text, default="")


class Difference(Base):
    """What a preview found for one event: held in the ledger, scored by the target. Hundredths."""

    __tablename__ = "points_difference"
    __table_args__ = (
        Index("ix_points_difference_household_id", "recalculation_id", "household_id"),
        {"sqlite_with_rowid": False},
    )

    recalculation_id: Mapped[int] = mapped_column(
        ForeignKey("points_recalculation.id", ondelete="CASCADE"), primary_key=True
    )
    village_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    household_id: Mapped[int] = mapped_column(BigId)
    rule_id: Mapped[int] = mapped_column(Integer)
    quarter: Mapped[int] = mapped_column(Integer)
    held: Mapped[int] = mapped_column(Integer)
    scored: Mapped[int] = mapped_column(Integer)
