"""Models owned by petitions: the register 信访登记, its steps, clocks and evaluations.

Whatever a petitioner said or is called lies encrypted in `*_encrypted` columns, under the keys of this service only.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now
from shared.models.petition_kinds import (
    Category,
    Channel,
    ClockKind,
    ExclusionReason,
    Grade,
    LegalRoute,
    PartyKind,
    ReminderStage,
    State,
)


class NumberSeries(Base):
    """The last number given in a township and year. Sealed petitions get a random one instead: no gap betrays them."""

    __tablename__ = "petitions_number_series"

    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Petition(Base):
    """A petition 信访事项. `number` is what people and the API use; ids would betray how many others there are."""

    __tablename__ = "petitions_petition"
    __table_args__ = (
        UniqueConstraint("township_id", "number", name="uq_petitions_petition_township_id_number"),
        CheckConstraint("route IS NULL OR category = 'claim'", name="only_claims_have_a_route"),
        CheckConstraint("state <> 'draft' OR category = 'accusation'", name="drafts_are_sealed"),
        CheckConstraint("(source IS NULL) = (source_version IS NULL)", name="sources_have_versions"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        Index("ix_petitions_petition_township_id_next_due_on_number", "township_id", "next_due_on", "number"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("registry_village.id"), index=True)
    number: Mapped[str] = mapped_column(String(16))
    channel: Mapped[Channel] = enum_column(Channel, "channel_known")
    category: Mapped[Category] = enum_column(Category, "category_known")
    route: Mapped[LegalRoute | None] = enum_column(LegalRoute, "route_known", nullable=True)
    state: Mapped[State] = enum_column(State, "state_known")
    major: Mapped[bool] = mapped_column(default=False)
    anonymous: Mapped[bool] = mapped_column(default=False)
    # First day of receipt; a conversion from a demand keeps the demand's.
    received_on: Mapped[date]
    # The number in the official petition system or of the 12345 hotline.
    official_number: Mapped[str | None] = mapped_column(String(40))
    # JSON {text, place}: facts, demand and reasons in the petitioner's words.
    text_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    # The code that the petitioner follows and evaluates with; readable again to print it on paper.
    code_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    # The demand that it was (`intake.demand:17`), and the newest state of it that arrived.
    source: Mapped[str | None] = mapped_column(String(80), unique=True)
    source_version: Mapped[int | None] = mapped_column(BigId)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("petitions_petition.id"), index=True)
    # Rolled due day of the nearest running clock that binds us; the end of time when none runs. Order of the list.
    next_due_on: Mapped[date]
    accepted_on: Mapped[date | None]
    delivered_on: Mapped[date | None]
    concluded_on: Mapped[date | None]
    # Since then what was said here, and by whom, is forgotten; the record itself stays.
    forgotten_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Party(Base):
    """Someone named in a petition. Found again by `person_index` only: equal people have equal indexes."""

    __tablename__ = "petitions_party"
    __table_args__ = (
        Index("ix_petitions_party_person_index", "person_index"),
        Index("ix_petitions_party_petition_id", "petition_id"),
    )

    id: Mapped[int] = id_column()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions_petition.id"))
    kind: Mapped[PartyKind] = enum_column(PartyKind, "kind_known")
    # JSON {name, phone, identity_number, address}.
    details_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    # Blind index of the identity number, else phone, else name with place.
    person_index: Mapped[str] = mapped_column(String(64))


class Exclusion(Base):
    """A person or office to whom a petition does not exist. Part of every query, see `register.visibility`."""

    __tablename__ = "petitions_exclusion"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (office_id IS NULL)", name="names_a_person_or_an_office"),
        UniqueConstraint("petition_id", "person_id", name="uq_petitions_exclusion_petition_id_person_id"),
        UniqueConstraint("petition_id", "office_id", name="uq_petitions_exclusion_petition_id_office_id"),
    )

    id: Mapped[int] = id_column()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions_petition.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("registry_person.id"), index=True)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("registry_office.id"), index=True)
    reason: Mapped[ExclusionReason] = enum_column(ExclusionReason, "reason_known")


class Assignment(Base):
    """Who works on a petition: sees its text without being asked for a purpose, and is reminded."""

    __tablename__ = "petitions_assignment"
    __table_args__ = (
        UniqueConstraint("petition_id", "person_id", name="uq_petitions_assignment_petition_id_person_id"),
        Index("ix_petitions_assignment_person_id", "person_id"),
    )

    id: Mapped[int] = id_column()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions_petition.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("registry_person.id"))
    assigned_on: Mapped[date]


class Step(Base):
    """One act of the procedure 办理记录. Append-only: triggers refuse every change but `Rewriting`'s."""

    __tablename__ = "petitions_step"
    __table_args__ = (Index("ix_petitions_step_petition_id_id", "petition_id", "id"),)

    id: Mapped[int] = id_column()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions_petition.id"))
    action: Mapped[str] = mapped_column(String(32))
    from_state: Mapped[State | None] = enum_column(State, "from_state_known", nullable=True)
    to_state: Mapped[State] = enum_column(State, "to_state_known")
    happened_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    person_id: Mapped[int | None] = mapped_column(BigId)
    actor: Mapped[str] = mapped_column(String(80))
    actor_name: Mapped[str] = mapped_column(String(60), default="")
    # JSON of the act's own values: reason, body, result, days.
    details_encrypted: Mapped[bytes] = mapped_column(LargeBinary)


class Rewriting(Base):
    """While a transaction holds a row here, the details of steps alone may be written: under a newer key, or emptied
    when their time is over. It deletes the row before its end, so nobody else ever sees one."""

    __tablename__ = "petitions_rewriting"

    id: Mapped[int] = id_column()
    reason: Mapped[str] = mapped_column(String(20))


class Clock(Base):
    """A running or satisfied time limit. The starting day is not counted; overdue is after `due_on_rolled`."""

    __tablename__ = "petitions_clock"
    __table_args__ = (
        Index(
            "uq_petitions_clock_running",
            "petition_id",
            "kind",
            unique=True,
            postgresql_where=text("satisfied_on IS NULL"),
            sqlite_where=text("satisfied_on IS NULL"),
        ),
        CheckConstraint("due_on > started_on", name="due_after_the_start"),
        CheckConstraint("due_on_rolled >= due_on", name="rolls_forward"),
        CheckConstraint("satisfied_on IS NULL OR satisfied_on >= started_on", name="satisfied_after_the_start"),
        CheckConstraint("extended_days BETWEEN 0 AND 30", name="extended_by_at_most_thirty_days"),
        CheckConstraint("extended_days = 0 OR kind = 'handling'", name="only_handling_is_extended"),
        Index("ix_petitions_clock_due_on", "due_on"),
    )

    id: Mapped[int] = id_column()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions_petition.id"))
    kind: Mapped[ClockKind] = enum_column(ClockKind, "kind_known")
    started_on: Mapped[date]
    due_on: Mapped[date]
    due_on_rolled: Mapped[date]
    # The official calendar of a year it crosses was not known when it was computed.
    provisional: Mapped[bool] = mapped_column(default=False)
    extended_days: Mapped[int] = mapped_column(default=0)
    satisfied_on: Mapped[date | None]


class Reminder(Base):
    """A reminder that was given; for one due day each stage comes once."""

    __tablename__ = "petitions_reminder"
    __table_args__ = (
        UniqueConstraint("clock_id", "stage", "due_on", name="uq_petitions_reminder_clock_id_stage_due_on"),
    )

    id: Mapped[int] = id_column()
    clock_id: Mapped[int] = mapped_column(ForeignKey("petitions_clock.id"))
    stage: Mapped[ReminderStage] = enum_column(ReminderStage, "stage_known")
    due_on: Mapped[date]
    sent_on: Mapped[date]


class Evaluation(Base):
    """What the petitioner says of the handling, once."""

    __tablename__ = "petitions_evaluation"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions_petition.id"), primary_key=True)
    grade: Mapped[Grade] = enum_column(Grade, "grade_known")
    # JSON {words, assisted_by}: the latter names who helped with an assisted answer.
    words_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    assisted: Mapped[bool] = mapped_column(default=False)
    evaluated_on: Mapped[date]


class CodeTry(Base):
    """Wrong codes for a number, counted per number whether or not such a petition exists."""

    __tablename__ = "petitions_code_try"

    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"), primary_key=True)
    number_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    tries: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(index=True)
