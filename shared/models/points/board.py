"""Boards 公示榜: the immutable editions that a quarter publishes, their rows, and objections 异议."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now


class BoardEdition(Base):
    """What was published: never changed. Edition 1 opens the objections, edition 2 closes the quarter."""

    __tablename__ = "points_board"
    __table_args__ = (
        UniqueConstraint("village_id", "quarter", "edition"),
        ForeignKeyConstraint(["village_id", "quarter"], ["points_quarter.village_id", "points_quarter.quarter"]),
        CheckConstraint("edition IN (1, 2)", name="two_editions"),
    )

    id: Mapped[int] = id_column()
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    quarter: Mapped[int] = mapped_column(Integer)
    edition: Mapped[int]
    rulebook_id: Mapped[int] = mapped_column(ForeignKey("points_rulebook.id"))
    trial: Mapped[bool] = mapped_column(default=False)
    # The village's last posting at publication: a paper copy on a wall pins the history.
    posting_seq: Mapped[int] = mapped_column(BigInteger)
    posting_digest: Mapped[str] = mapped_column(String(64))
    # JSON: sums by category, corrections booked in this quarter.
    category_sums: Mapped[str] = mapped_column(Text, default="{}")
    corrections: Mapped[str] = mapped_column(Text, default="[]")
    published_by: Mapped[int | None] = mapped_column(BigId)
    published_at: Mapped[datetime] = mapped_column(default=now)
    # The public page ends with this day.
    public_until: Mapped[date]


class BoardRow(Base):
    """One household on an edition, as it was then: group, masked name, points of the quarter. Hundredths."""

    __tablename__ = "points_board_row"
    __table_args__ = (
        Index("ix_points_board_row_household_id", "household_id", "board_id"),
        {"sqlite_with_rowid": False},
    )

    board_id: Mapped[int] = mapped_column(ForeignKey("points_board.id", ondelete="CASCADE"), primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("registry_household.id"), primary_key=True)
    group_name: Mapped[str] = mapped_column(String(60))
    number: Mapped[int]
    masked_name: Mapped[str] = mapped_column(String(60))
    # Award and adjustment entries of the quarter with the same origin, minus included.
    net: Mapped[int] = mapped_column(BigInteger)
    # Corrections of earlier quarters booked in this one: they count for the balance, not for the rank.
    corrected: Mapped[int] = mapped_column(BigInteger, default=0)
    gain: Mapped[int | None] = mapped_column(BigInteger)
    rank: Mapped[int]
    # JSON object category code → hundredths.
    categories: Mapped[str] = mapped_column(Text, default="{}")
    # Changed by an upheld objection.
    marked: Mapped[bool] = mapped_column(default=False)


class ObjectionState(StrEnum):
    """An objection is answered in writing."""

    OPEN = "open"
    UPHELD = "upheld"
    """采纳."""
    DISMISSED = "dismissed"
    """不采纳."""


class Objection(Base):
    """异议: someone says that a published board is wrong, and gets an answer in writing."""

    __tablename__ = "points_objection"
    __table_args__ = (
        ForeignKeyConstraint(["village_id", "quarter"], ["points_quarter.village_id", "points_quarter.quarter"]),
        CheckConstraint("state = 'open' OR answer <> ''", name="answered_in_writing"),
        Index("ix_points_objection_village_id_quarter", "village_id", "quarter", "id"),
    )

    id: Mapped[int] = id_column()
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    quarter: Mapped[int] = mapped_column(Integer)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("registry_household.id"))
    event_id: Mapped[int | None] = mapped_column(BigId)
    raised_by: Mapped[int | None] = mapped_column(BigId)
    raiser_name: Mapped[str] = mapped_column(String(60), default="")
    text: Mapped[str] = mapped_column(String(1000))
    raised_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[ObjectionState] = enum_column(ObjectionState, "state_known", default=ObjectionState.OPEN)
    answer: Mapped[str] = mapped_column(String(1000), default="")
    answered_by: Mapped[int | None] = mapped_column(BigId)
    answered_at: Mapped[datetime | None]
    # The posting that carries out what was upheld.
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("points_posting.id"))
    version: Mapped[int] = mapped_column(default=1)
