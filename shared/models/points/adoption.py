"""Adoptions 采用 of revisions by villages, and the quarters 季度 that the ledger is scored by."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now


class Adoption(Base):
    """A village has decided that a revision is in force there from the first day of a quarter.

    A revision that was on trial becomes permanent by a second row, with its matter.
    """

    __tablename__ = "points_adoption"
    __table_args__ = (
        UniqueConstraint("village_id", "rulebook_id", "trial"),
        CheckConstraint("trial OR matter_number IS NOT NULL", name="only_a_trial_has_no_matter"),
        CheckConstraint("trial_quarters IS NULL OR trial_quarters BETWEEN 1 AND 2", name="trial_of_two_quarters"),
        CheckConstraint("trial = (trial_quarters IS NOT NULL)", name="trials_end"),
        CheckConstraint("NOT correction OR correction_reason <> ''", name="corrections_say_why"),
        Index("ix_points_adoption_village_id_from_quarter", "village_id", "from_quarter"),
    )

    id: Mapped[int] = id_column()
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    rulebook_id: Mapped[int] = mapped_column(ForeignKey("points_rulebook.id"))
    from_quarter: Mapped[int] = mapped_column(Integer)
    # The deciding matter 四议两公开: number and day of the resolution, its scan, and the petitions service's word.
    matter_number: Mapped[str | None] = mapped_column(String(60))
    matter_on: Mapped[date | None]
    matter_scan: Mapped[str | None] = mapped_column(String(64))
    matter_proven_at: Mapped[datetime | None]
    # 试行 without a matter, for at most two quarters, marked so on every board.
    trial: Mapped[bool] = mapped_column(default=False)
    trial_quarters: Mapped[int | None]
    # 更正: an earlier start, because the typed text was not the adopted text.
    correction: Mapped[bool] = mapped_column(default=False)
    # JSON list of the rule codes that are mended.
    correction_lines: Mapped[str] = mapped_column(Text, default="[]")
    correction_reason: Mapped[str] = mapped_column(String(400), default="")
    adopted_by: Mapped[int | None] = mapped_column(BigId)
    adopted_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)


class VillageMatter(Base):
    """A resolution 决议 of a village on a revision, as the petitions service states it: the proof of an adoption.

    The highest `version` of a `source` is kept; it may arrive before or after the adoption that names it.
    """

    __tablename__ = "points_matter"
    __table_args__ = (Index("ix_points_matter_village_id_revision", "village_id", "revision"),)

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    version: Mapped[int]
    withdrawn: Mapped[bool] = mapped_column(default=False)
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    revision: Mapped[int]
    number: Mapped[str] = mapped_column(String(60))
    decided_on: Mapped[date]
    received_at: Mapped[datetime] = mapped_column(default=now)


class QuarterState(StrEnum):
    """A quarter's way to the wall."""

    OPEN = "open"
    """进行中."""
    TALLIED = "tallied"
    """已统计: takes no bookings."""
    PUBLISHED = "published"
    """公示中."""
    CLOSED = "closed"
    """已定榜."""


class VillageQuarter(Base):
    """One quarter of one village: the revision that its ledger is scored by, and its state."""

    __tablename__ = "points_quarter"
    __table_args__ = (
        CheckConstraint("objection_days BETWEEN 1 AND 60", name="objection_days_in_range"),
        CheckConstraint("state NOT IN ('published', 'closed') OR published_at IS NOT NULL", name="published_say_when"),
        Index("ix_points_quarter_rulebook_id", "rulebook_id"),
        Index("ix_points_quarter_state", "state", "quarter"),
    )

    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"), primary_key=True)
    quarter: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    rulebook_id: Mapped[int] = mapped_column(ForeignKey("points_rulebook.id"))
    state: Mapped[QuarterState] = enum_column(QuarterState, "state_known", default=QuarterState.OPEN)
    objection_days: Mapped[int] = mapped_column(default=7)
    tallied_by: Mapped[int | None] = mapped_column(BigId)
    tallied_at: Mapped[datetime | None]
    published_by: Mapped[int | None] = mapped_column(BigId)
    published_at: Mapped[datetime | None]
    # The last day on which an objection is heard.
    objections_until: Mapped[date | None]
    closed_by: Mapped[int | None] = mapped_column(BigId)
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class QuarterLeftover(Base):
    """An event that was not reviewed when its quarter was tallied: carried over, and listed."""

    __tablename__ = "points_quarter_leftover"

    village_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    quarter: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
