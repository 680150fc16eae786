"""Verifications 核验: proofs that ledger, scores and chain agree, kept with what each check covered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now


class VerificationState(StrEnum):
    """What a verification is doing."""

    RUNNING = "running"
    PASSED = "passed"
    """全部相符."""
    FAILED = "failed"
    """有不相符之处."""


class Verification(Base):
    """One proof, for one village or a whole township."""

    __tablename__ = "points_verification"
    __table_args__ = (Index("ix_points_verification_township_id_id", "township_id", "id"),)

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    # Null: all villages of the township.
    village_id: Mapped[int | None] = mapped_column(ForeignKey("registry_village.id"))
    state: Mapped[VerificationState] = enum_column(VerificationState, "state_known", default=VerificationState.RUNNING)
    made_by: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(BigId)
    villages_total: Mapped[int] = mapped_column(default=0)
    villages_done: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]


class VerificationCheck(Base):
    """One check of one village: what was compared, how many rows, how long, and the first place that does not match."""

    __tablename__ = "points_verification_check"
    __table_args__ = (UniqueConstraint("verification_id", "village_id", "name"),)

    id: Mapped[int] = id_column()
    verification_id: Mapped[int] = mapped_column(ForeignKey("points_verification.id", ondelete="CASCADE"))
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    name: Mapped[str] = mapped_column(String(40))
    passed: Mapped[bool]
    sentence: Mapped[str] = mapped_column(String(400))
    rows_covered: Mapped[int] = mapped_column(BigInteger)
    milliseconds: Mapped[int] = mapped_column(Integer)
