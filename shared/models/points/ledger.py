"""The ledger: postings 记账批次 chained by hash, entries 明细 that never change, accounts 账户 that follow."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now

GENESIS = "0" * 64
"""What stands for the previous digest of a village's first posting."""


class PostingKind(StrEnum):
    """What made a posting."""

    EVENTS = "events"
    """Events were posted or voided."""
    IMPORT = "import"
    """An imported batch was released."""
    RECALCULATION = "recalculation"
    """重算."""
    REDEMPTION = "redemption"
    REFUND = "refund"
    EXPIRY = "expiry"
    OPENING = "opening"
    TRANSFER = "transfer"


class EntryKind(StrEnum):
    """What an entry is for."""

    AWARD = "award"
    """The first entry of an event."""
    ADJUSTMENT = "adjustment"
    """A later change of an event's amount."""
    REDEMPTION = "redemption"
    """兑换."""
    REFUND = "refund"
    """退货退分."""
    EXPIRY = "expiry"
    """到期."""
    OPENING = "opening"
    """期初."""
    TRANSFER = "transfer"
    """转户: one of a pair that sums to zero."""


class VillageLedger(Base):
    """The end of a village's chain. Whoever writes a posting holds this row."""

    __tablename__ = "points_village_ledger"
    __table_args__ = (CheckConstraint("seq >= 0", name="seq_counts_up"),)

    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    digest: Mapped[str] = mapped_column(String(64), default=GENESIS)


class Posting(Base):
    """One atomic batch of ledger entries of one village, chained to the one before it. Totals in hundredths."""

    __tablename__ = "points_posting"
    __table_args__ = (
        UniqueConstraint("village_id", "seq"),
        CheckConstraint("entry_count > 0", name="has_entries"),
        CheckConstraint("seq > 0", name="seq_counts_from_one"),
        CheckConstraint("length(digest) = 64 AND length(prev_digest) = 64", name="digests_are_sha256"),
    )

    id: Mapped[int] = id_column()
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[PostingKind] = enum_column(PostingKind, "kind_known")
    entry_count: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger)
    prev_digest: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    # `account:17`, `task:points.apply_shard`: stable names, never a person's name.
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(default=now)
    recalculation_id: Mapped[int | None] = mapped_column(ForeignKey("points_recalculation.id"), index=True)
    # Why, in words, where a person gave a reason (void, transfer, refund).
    reason: Mapped[str | None] = mapped_column(String(400))


class Entry(Base):
    """One signed amount in hundredths on one household's account; never updated, never deleted.

    `event_id` is the event's id; an entry without an event holds minus its own id there, so that
    (village, event, posting) is a key: a posting has at most one entry for an event. No foreign keys: a row check
    for each of millions would cost more than the scoring; `verify` proves what they would.
    """

    __tablename__ = "points_entry"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_is_not_zero"),
        CheckConstraint("(event_id > 0) = (kind IN ('award', 'adjustment'))", name="events_have_awards"),
        CheckConstraint("event_id > 0 OR event_id = -id", name="others_have_their_own_key"),
        CheckConstraint("quarter >= origin_quarter", name="booked_at_origin_or_later"),
        # A range index on PostgreSQL (entries of a posting lie together), a tree on SQLite.
        Index("ix_points_entry_village_id_posting_id", "village_id", "posting_id", postgresql_using="brin"),
        # A village's partition is read in milliseconds; one table for all villages is not.
        Index("ix_points_entry_village_id_household_id_id", "village_id", "household_id", "id").ddl_if(
            dialect="sqlite"
        ),
        {"postgresql_partition_by": "LIST (village_id)", "sqlite_with_rowid": False},
    )

    village_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    posting_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigId)
    household_id: Mapped[int] = mapped_column(BigId)
    amount: Mapped[int] = mapped_column(Integer)
    # Where it is booked, and the quarter of the event's day (of its own day where there is no event).
    quarter: Mapped[int] = mapped_column(Integer)
    origin_quarter: Mapped[int] = mapped_column(Integer)
    kind: Mapped[EntryKind] = enum_column(EntryKind, "kind_known")


class Account(Base):
    """A household in a village: the balance that follows from its entries, and what reservations hold. Hundredths."""

    __tablename__ = "points_account"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved_is_not_negative"),
        {"postgresql_with": {"fillfactor": 60}},
    )

    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"), primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("registry_household.id"), primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger, default=0)
    reserved: Mapped[int] = mapped_column(BigInteger, default=0)


class ExpiryRun(Base):
    """A village's expiry 到期 of a month, booked once: so each household has one entry of it at most.

    `ran_at` is the instant from which the points were gone: a replay lets them go at the same place.
    """

    __tablename__ = "points_expiry_run"
    __table_args__ = ({"sqlite_with_rowid": False},)

    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"), primary_key=True)
    # year × 12 + month − 1 of the month at whose end the points expired.
    month: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    ran_at: Mapped[datetime] = mapped_column(default=now)
    # Null where nothing differed.
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("points_posting.id"), index=True)
