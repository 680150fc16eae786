"""Events 积分记录: facts that carry a rule code, never an amount."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, now


class EventState(StrEnum):
    """`declared → reviewed (→ second review) → posted`; the others are ends."""

    DECLARED = "declared"
    """待审核."""
    REVIEWED = "reviewed"
    """已初审，待复审."""
    POSTED = "posted"
    """已记账."""
    REJECTED = "rejected"
    """未通过."""
    WITHDRAWN = "withdrawn"
    """已撤回."""
    VOIDED = "voided"
    """已作废."""


_WAITING = text("state IN ('declared', 'reviewed')")
_WITH_FILE = text("evidence_file IS NOT NULL")


class Event(Base):
    """This household did this, on this day, this many. Quantity and chosen amount in hundredths.

    PostgreSQL keeps one list partition per village (`points_prepare_village`), SQLite one clustered table: the key
    is the order in which scoring reads. What scoring needs comes first and is narrow; the rest is mostly null.
    """

    __tablename__ = "points_event"
    __mapper_args__: dict[str, Any] = {"primary_key": ["village_id", "id"]}  # noqa: RUF012 (the mapper's own place)
    __table_args__ = (
        UniqueConstraint("village_id", "id"),
        CheckConstraint("quantity > 0", name="quantity_is_positive"),
        CheckConstraint("month BETWEEN quarter * 3 AND quarter * 3 + 2", name="month_lies_in_quarter"),
        CheckConstraint("state <> 'voided' OR state_reason <> ''", name="voids_say_why"),
        CheckConstraint("second_by IS NULL OR second_by <> reviewed_by", name="two_reviewers"),
        Index("ix_points_event_waiting", "village_id", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),
        Index("ix_points_event_evidence_file", "evidence_file", postgresql_where=_WITH_FILE, sqlite_where=_WITH_FILE),
        {"postgresql_partition_by": "LIST (village_id)", "sqlite_with_rowid": False},
    )

    # No foreign key: on PostgreSQL the village's partition is the proof, on SQLite its ledger row.
    village_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    household_id: Mapped[int] = mapped_column(ForeignKey("registry_household.id"), primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("points_rule_code.id"), primary_key=True)
    quarter: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    occurred_on: Mapped[date] = mapped_column(primary_key=True)
    # Grows in the order of recording, over all villages (`services.points.events.sequence`).
    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    # year × 12 + month − 1.
    month: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[int] = mapped_column(Integer)
    # The reviewer's amount inside a range rule.
    chosen: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[EventState] = enum_column(EventState, "state_known", default=EventState.DECLARED)
    version: Mapped[int] = mapped_column(default=1)
    declared_at: Mapped[datetime] = mapped_column(default=now)
    declared_by: Mapped[int | None] = mapped_column(BigId)
    declarer_name: Mapped[str | None] = mapped_column(String(60))
    note: Mapped[str | None] = mapped_column(String(400))
    witness: Mapped[str | None] = mapped_column(String(60))
    # SHA-256 of the photo or paper scan.
    evidence_file: Mapped[str | None] = mapped_column(String(64))
    reviewed_by: Mapped[int | None] = mapped_column(BigId)
    reviewed_at: Mapped[datetime | None]
    second_by: Mapped[int | None] = mapped_column(BigId)
    second_at: Mapped[datetime | None]
    # Rejection, withdrawal, void: who, when, why.
    state_by: Mapped[int | None] = mapped_column(BigId)
    state_at: Mapped[datetime | None]
    state_reason: Mapped[str | None] = mapped_column(String(400))
    import_id: Mapped[int | None] = mapped_column(BigId)


class EventSource(Base):
    """The record of another service that an event came from, with the highest version of it that was heard."""

    __tablename__ = "points_event_source"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    version: Mapped[int]
    withdrawn: Mapped[bool] = mapped_column(default=False)
    village_id: Mapped[int | None] = mapped_column(BigId)
    # Null where a withdrawal came first.
    event_id: Mapped[int | None] = mapped_column(BigId)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Allocation(Base):
    """The last id given out by name, where the database has no sequences (SQLite)."""

    __tablename__ = "points_allocation"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    last: Mapped[int] = mapped_column(BigId)
