"""Models owned by intake, beside the registry: demands and imports."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, enum_column, id_column, now
from shared.models.intake_kinds import DemandAction, DemandChannel, DemandState, ImportKind, ImportState


class DemandCategory(Base):
    """A category of demands 诉求类别 of a township: its time limit, its usual office, and the rule that it earns by."""

    __tablename__ = "intake_demand_category"
    __table_args__ = (
        UniqueConstraint("township_id", "code", name="uq_intake_demand_category_township_id_code"),
        CheckConstraint("limit_days BETWEEN 1 AND 90", name="limit_is_possible"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(40))
    # Working days from receipt to the answer.
    limit_days: Mapped[int] = mapped_column(default=7)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("registry_office.id"))
    # Rule of the points rulebook that a confirmed demand of this category earns by; null earns nothing.
    rule_code: Mapped[str | None] = mapped_column(String(20))
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class Demand(Base):
    """A demand 诉求 that someone follows with number and code. Never a complaint about a cadre or an office."""

    __tablename__ = "intake_demand"
    __table_args__ = (
        UniqueConstraint("township_id", "number", name="uq_intake_demand_township_id_number"),
        CheckConstraint(
            "office_id IS NOT NULL OR assignee_id IS NOT NULL "
            "OR state IN ('waiting', 'closed', 'withdrawn', 'converted')",
            name="open_work_has_someone",
        ),
        CheckConstraint("state NOT IN ('answered') OR public_answer <> ''", name="answers_have_words"),
        CheckConstraint(
            "converted_on IS NULL OR (text = '' AND place = '' AND public_answer = '' AND private_answer = '')",
            name="petitions_leave_no_text",
        ),
        CheckConstraint(
            "converted_on IS NULL OR (reporter_name = '' AND phone_encrypted IS NULL AND household_id IS NULL)",
            name="petitions_leave_no_reporter",
        ),
        CheckConstraint("state <> 'converted' OR converted_on IS NOT NULL", name="conversions_have_a_day"),
        CheckConstraint("due_on >= received_on", name="due_after_receipt"),
        CheckConstraint("reminded IN ('', 'soon', 'overdue')", name="reminder_known"),
        Index("ix_intake_demand_township_id_id", "township_id", "id"),
        Index("ix_intake_demand_village_id_state_id", "village_id", "state", "id"),
        Index("ix_intake_demand_office_id_state_id", "office_id", "state", "id"),
        Index("ix_intake_demand_township_id_received_on", "township_id", "received_on"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("registry_grid.id"))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("registry_household.id"), index=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("intake_demand_category.id"), index=True)
    number: Mapped[str] = mapped_column(String(20))
    channel: Mapped[DemandChannel] = enum_column(DemandChannel, "channel_known")
    state: Mapped[DemandState] = enum_column(DemandState, "state_known")
    is_urgent: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(String(200), default="")
    reporter_name: Mapped[str] = mapped_column(String(60), default="")
    phone_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_tail: Mapped[str] = mapped_column(String(4), default="")
    office_id: Mapped[int | None] = mapped_column(ForeignKey("registry_office.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("registry_person.id"), index=True)
    # Whoever answered may not confirm by a visit.
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("registry_person.id"))
    public_answer: Mapped[str] = mapped_column(Text, default="")
    private_answer: Mapped[str] = mapped_column(Text, default="")
    received_on: Mapped[date]
    due_on: Mapped[date]
    # The time limit counts days that the official calendar does not know yet.
    due_is_provisional: Mapped[bool] = mapped_column(default=False)
    # Which reminder about the time limit was sent last: each is sent once.
    reminded: Mapped[str] = mapped_column(String(10), default="")
    answered_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    converted_on: Mapped[date | None]
    # Since then what was said here, and by whom, is forgotten; the record itself stays.
    forgotten_on: Mapped[date | None]
    petition_state: Mapped[str] = mapped_column(String(20), default="")
    petition_state_version: Mapped[int] = mapped_column(default=0)
    reopened: Mapped[int] = mapped_column(default=0)
    # Grows with each message about its points, so that a withdrawal may arrive first.
    points_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)


class DemandStep(Base):
    """One act on a demand, never changed afterwards; deleted only with the text, when it becomes a petition."""

    __tablename__ = "intake_demand_step"

    id: Mapped[int] = id_column()
    demand_id: Mapped[int] = mapped_column(ForeignKey("intake_demand.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    action: Mapped[DemandAction] = enum_column(DemandAction, "action_known")
    from_state: Mapped[DemandState] = enum_column(DemandState, "from_state_known")
    to_state: Mapped[DemandState] = enum_column(DemandState, "to_state_known")
    actor: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("registry_person.id"))
    # Name and office as they were, for whoever reads the history inside.
    actor_name: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class SealedReceipt(Base):
    """That something was received and sealed to the petitions service: number and date, and nothing else.

    All numbers are drawn at random, so that neither a gap nor the form of a number betrays a sealed one.
    """

    __tablename__ = "intake_sealed_receipt"
    __table_args__ = (UniqueConstraint("township_id", "number", name="uq_intake_sealed_receipt_township_id_number"),)

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    number: Mapped[str] = mapped_column(String(20))
    received_on: Mapped[date]


class FollowTry(Base):
    """Tries of codes for a number, existing or not; after five in a quarter of an hour it rests for as long."""

    __tablename__ = "intake_follow_try"
    __table_args__ = (CheckConstraint("tries > 0", name="tries_are_counted"),)

    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    tries: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(index=True)


class RegistryImport(Base):
    """An import of a workbook into the registry: what it found, how far it is, and its error workbook."""

    __tablename__ = "intake_import"
    __table_args__ = (
        CheckConstraint("done <= total", name="done_within_total"),
        Index("ix_intake_import_township_id_id", "township_id", "id"),
        Index(
            "ix_intake_import_open",
            "state",
            postgresql_where=text("state IN ('waiting', 'running')"),
            sqlite_where=text("state IN ('waiting', 'running')"),
        ),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    kind: Mapped[ImportKind] = enum_column(ImportKind, "kind_known")
    state: Mapped[ImportState] = enum_column(ImportState, "state_known")
    dry_run: Mapped[bool] = mapped_column(default=True)
    # JSON list of the row numbers that were asked for one by one; null asks for all.
    rows: Mapped[str | None] = mapped_column(Text)
    # The files expire before the row: they hold identity numbers, and are sealed while they are there.
    file_sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(200), default="")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    error_rows: Mapped[int] = mapped_column(default=0)
    # JSON list of the first errors: row, column, sentence.
    errors: Mapped[str] = mapped_column(Text, default="[]")
    error_file_sha256: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(Text, default="")
    # JSON of the principal's villages: the import may write no others. Null is the whole township.
    villages: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("registry_person.id"))
    actor_name: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    # When a worker last began to read it; null while it waits for one.
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
