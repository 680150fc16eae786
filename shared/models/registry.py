"""The registry 基础台账: who lives where, who is responsible for what. Written by intake, read by every service."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

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


class GridLevel(StrEnum):
    """The three levels of the 三长制; a township may name them otherwise in its settings."""

    AREA = "area"
    """片: several groups of a village."""
    GROUP = "group"
    """组: villagers' group."""
    NEIGHBOURS = "neighbours"
    """邻: about ten households."""


class DutyKind(StrEnum):
    """What a person may be responsible for; it gives the rights of the same name."""

    GRID_MEMBER = "grid_member"
    """片长/组长/邻长."""
    CADRE = "cadre"
    """村干部."""
    KEEPER = "keeper"
    """超市管理员."""
    JUDGE = "judge"
    """评议员."""
    SUPERVISOR = "supervisor"
    """村务监督委员会主任."""
    HANDLER = "handler"
    """经办人 of an office (六办三中心一大队)."""
    LEADER = "leader"
    """接访领导."""
    CLERK = "clerk"
    """信访专干."""
    DISCIPLINE = "discipline"
    """纪检干部."""
    ADMIN = "admin"
    """乡镇管理员."""
    AUDITOR = "auditor"
    """审计监督."""
    OPERATOR = "operator"
    """运维."""


VILLAGE_DUTIES = frozenset({DutyKind.GRID_MEMBER, DutyKind.CADRE, DutyKind.KEEPER, DutyKind.JUDGE, DutyKind.SUPERVISOR})


class Township(Base):
    """A township 乡镇: the tenant. Rulebooks, offices, settings and admins belong to one; none sees another's."""

    __tablename__ = "registry_township"
    __table_args__ = (CheckConstraint("length(code) = 9", name="code_has_nine_digits"),)

    id: Mapped[int] = id_column()
    code: Mapped[str] = mapped_column(String(9), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    # Host name of its public pages, where a county hosts several; null answers to any.
    host: Mapped[str | None] = mapped_column(String(120), unique=True)
    phone: Mapped[str] = mapped_column(String(20), default="")
    # JSON: opening hours, reception place, names of grid levels, page words that the township sets itself.
    settings: Mapped[str] = mapped_column(Text, default="{}")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Village(Base):
    """A village 村 with its 12-digit statistical code; codes change with mergers."""

    __tablename__ = "registry_village"
    __table_args__ = (
        CheckConstraint("length(code) = 12", name="code_has_twelve_digits"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="ends_after_it_begins"),
        Index("ix_registry_village_township_id_code", "township_id", "code"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(20), default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("registry_village.id"))
    version: Mapped[int] = mapped_column(default=1)


class Grid(Base):
    """A grid 网格 of one of three levels, each inside one of the level above."""

    __tablename__ = "registry_grid"
    __table_args__ = (
        UniqueConstraint("village_id", "code", name="uq_registry_grid_village_id_code"),
        CheckConstraint("(level = 'area') = (parent_id IS NULL)", name="areas_have_no_parent"),
    )

    id: Mapped[int] = id_column()
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("registry_grid.id"), index=True)
    level: Mapped[GridLevel] = enum_column(GridLevel, "level_known")
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=1)


class Household(Base):
    """A household 户. Its card number is what people type; `card_token` is what the card's QR holds."""

    __tablename__ = "registry_household"
    __table_args__ = (
        UniqueConstraint("village_id", "number", name="uq_registry_household_village_id_number"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        CheckConstraint("length(card_number) = 10", name="card_has_ten_digits"),
        CheckConstraint("number > 0", name="number_is_positive"),
        Index("ix_registry_household_group_id_number", "group_id", "number"),
    )

    id: Mapped[int] = id_column()
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    # The villagers' group 组 that boards list it under, and the 邻 that its neighbour head looks after.
    group_id: Mapped[int] = mapped_column(ForeignKey("registry_grid.id"))
    neighbours_id: Mapped[int | None] = mapped_column(ForeignKey("registry_grid.id"), index=True)
    # Running number in its village.
    number: Mapped[int]
    # 10 digits: unique in the deployment, printed on the household card.
    card_number: Mapped[str] = mapped_column(String(10), unique=True)
    card_token: Mapped[str] = mapped_column(String(32), unique=True)
    # Name of the head 户主 as it stands on lists; kept beside the membership so that boards need no join to people.
    head_name: Mapped[str] = mapped_column(String(60))
    head_pinyin: Mapped[str] = mapped_column(String(120), default="", index=True)
    head_initials: Mapped[str] = mapped_column(String(20), default="", index=True)
    address: Mapped[str] = mapped_column(String(200), default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("registry_household.id"))
    version: Mapped[int] = mapped_column(default=1)


class Person(Base):
    """A person 人员: resident, official or both. Identity number and phone are encrypted, found by blind index."""

    __tablename__ = "registry_person"
    __table_args__ = (
        UniqueConstraint("township_id", "identity_index", name="uq_registry_person_township_id_identity_index"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    name: Mapped[str] = mapped_column(String(60))
    pinyin: Mapped[str] = mapped_column(String(120), default="", index=True)
    initials: Mapped[str] = mapped_column(String(20), default="", index=True)
    birth_year: Mapped[int | None]
    identity_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_index: Mapped[str | None] = mapped_column(String(64))
    # The last four characters, for internal masked lists.
    identity_tail: Mapped[str] = mapped_column(String(4), default="")
    phone_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_tail: Mapped[str] = mapped_column(String(4), default="", index=True)
    # JSON list of care labels 独居, 残疾 …: restricted, set the visit interval.
    care_labels: Mapped[str] = mapped_column(Text, default="[]")
    # Party status of office heads: restricted.
    party_status: Mapped[str | None] = mapped_column(String(20))
    # Since then who this was is forgotten; the record itself stays.
    forgotten_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Resident(Base):
    """A person's membership of a household 户内成员, with its time: households split, merge and move."""

    __tablename__ = "registry_resident"
    __table_args__ = (
        Index(
            "uq_registry_resident_current",
            "person_id",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
            sqlite_where=text("valid_to IS NULL"),
        ),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
    )

    id: Mapped[int] = id_column()
    person_id: Mapped[int] = mapped_column(ForeignKey("registry_person.id"), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("registry_household.id"), index=True)
    # 户主, 配偶, 子, 女, 父, 母 …
    relation: Mapped[str] = mapped_column(String(20))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Kinship(Base):
    """A declared relative 申报亲属: this person reviews nothing of that household."""

    __tablename__ = "registry_kinship"
    __table_args__ = (UniqueConstraint("person_id", "household_id", name="uq_registry_kinship_person_id_household_id"),)

    id: Mapped[int] = id_column()
    person_id: Mapped[int] = mapped_column(ForeignKey("registry_person.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("registry_household.id"), index=True)
    declared_at: Mapped[datetime] = mapped_column(default=now)


class Office(Base):
    """An office 办, centre 中心 or brigade 大队 of a township (六办三中心一大队)."""

    __tablename__ = "registry_office"
    __table_args__ = (UniqueConstraint("township_id", "code", name="uq_registry_office_township_id_code"),)

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(20), default="")
    handles: Mapped[str] = mapped_column(String(400), default="")
    head_id: Mapped[int | None] = mapped_column(ForeignKey("registry_person.id"))
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class Duty(Base):
    """A duty 职责: person, role, area and term. Rights come from the duties valid today, and end with them."""

    __tablename__ = "registry_duty"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        CheckConstraint(
            "village_id IS NOT NULL OR kind NOT IN ('grid_member', 'cadre', 'keeper', 'judge', 'supervisor')",
            name="village_duties_name_their_village",
        ),
        CheckConstraint("kind <> 'grid_member' OR grid_id IS NOT NULL", name="grid_members_name_their_grid"),
        CheckConstraint("kind <> 'handler' OR office_id IS NOT NULL", name="handlers_name_their_office"),
        Index("ix_registry_duty_person_id_valid_from", "person_id", "valid_from"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("registry_person.id"))
    kind: Mapped[DutyKind] = enum_column(DutyKind, "kind_known")
    village_id: Mapped[int | None] = mapped_column(ForeignKey("registry_village.id"), index=True)
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("registry_grid.id"), index=True)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("registry_office.id"), index=True)
    title: Mapped[str] = mapped_column(String(60), default="")
    valid_from: Mapped[date]
    # The last day on which the duty holds.
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
