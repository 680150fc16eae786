"""Rulebooks 积分细则: numbered revisions of a township's rules, categories, tiers and steps, and lint decisions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now


class RulebookState(StrEnum):
    """A draft can be edited and previewed; a published revision never changes."""

    DRAFT = "draft"
    """草稿."""
    PUBLISHED = "published"
    """已发布."""


class Mode(StrEnum):
    """How a rule turns a quantity into points."""

    FIXED = "fixed"
    """固定分: points per unit × quantity."""
    RANGE = "range"
    """区间分: the reviewer chooses inside min..max."""
    TIERED = "tiered"
    """分档: the highest tier that the quantity reaches."""
    STEPPED = "stepped"
    """累次: the n-th occurrence in the calendar year has its own amount."""


class Per(StrEnum):
    """What the quantity of a tiered rule adds up over."""

    EVENT = "event"
    YEAR = "year"


class CapPeriod(StrEnum):
    """How long a rule's cap per household lasts."""

    MONTH = "month"
    QUARTER = "quarter"


class Once(StrEnum):
    """The period in which a rule counts once for a household."""

    QUARTER = "quarter"
    YEAR = "year"
    EVER = "ever"


class Evidence(StrEnum):
    """What a declaration must bring."""

    NONE = "none"
    NOTE = "note"
    """文字说明."""
    PROOF = "proof"
    """照片、纸质材料扫描件或证明人，三者有其一."""


class Review(StrEnum):
    """Who must look before an event is posted."""

    NONE = "none"
    SINGLE = "single"
    DOUBLE = "double"


class Expiry(StrEnum):
    """When positive points of a rule end."""

    NEVER = "never"
    MONTHS = "months"
    YEAR_END = "year_end"


class RuleCode(Base):
    """The identity of a rule over all revisions of a township: a small number for its code. Events carry it."""

    __tablename__ = "points_rule_code"
    __table_args__ = (UniqueConstraint("township_id", "code"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    code: Mapped[str] = mapped_column(String(20))


class Rulebook(Base):
    """A numbered revision of all rules of a township, plus village extras."""

    __tablename__ = "points_rulebook"
    __table_args__ = (
        UniqueConstraint("township_id", "revision"),
        CheckConstraint("revision > 0", name="revision_counts_from_one"),
        CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_ones_say_when"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    revision: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[RulebookState] = enum_column(RulebookState, "state_known", default=RulebookState.DRAFT)
    # The revision before it: what a 更正 has changed is told against that one.
    based_on: Mapped[int | None] = mapped_column(BigId)
    created_by: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(default=now)
    published_by: Mapped[int | None] = mapped_column(BigId)
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Category(Base):
    """A category 类别 of one revision, with an optional cap per household and quarter on its positive points."""

    __tablename__ = "points_category"
    __table_args__ = (
        UniqueConstraint("rulebook_id", "code"),
        CheckConstraint("cap_quarter IS NULL OR cap_quarter >= 0", name="cap_is_a_magnitude"),
    )

    id: Mapped[int] = id_column()
    rulebook_id: Mapped[int] = mapped_column(ForeignKey("points_rulebook.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    cap_quarter: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(default=0)


class Rule(Base):
    """A rule 条目: one line of a rulebook. Points, quantities and caps in hundredths."""

    __tablename__ = "points_rule"
    __table_args__ = (
        UniqueConstraint("rulebook_id", "code_id"),
        CheckConstraint("(mode = 'fixed') = (points IS NOT NULL)", name="fixed_rules_have_points"),
        CheckConstraint(
            "(mode = 'range') = (minimum IS NOT NULL AND maximum IS NOT NULL)", name="range_rules_have_both_ends"
        ),
        CheckConstraint("minimum <= maximum", name="range_is_in_order"),
        CheckConstraint("(mode = 'tiered') = (per IS NOT NULL)", name="tiered_rules_say_per_what"),
        CheckConstraint("(cap IS NULL) = (cap_period IS NULL)", name="caps_have_a_period"),
        CheckConstraint("cap IS NULL OR cap >= 0", name="cap_is_a_magnitude"),
        CheckConstraint("(expiry = 'months') = (valid_months IS NOT NULL)", name="months_of_validity"),
        CheckConstraint("valid_months IS NULL OR valid_months BETWEEN 1 AND 120", name="valid_months_in_range"),
        CheckConstraint("max_quantity > 0", name="quantity_limit_is_positive"),
        Index("ix_points_rule_code_id", "code_id"),
        Index("ix_points_rule_category_id", "category_id"),
    )

    id: Mapped[int] = id_column()
    rulebook_id: Mapped[int] = mapped_column(ForeignKey("points_rulebook.id", ondelete="CASCADE"))
    code_id: Mapped[int] = mapped_column(ForeignKey("points_rule_code.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("points_category.id"))
    # Set for a village's extra line: it holds in that village only.
    village_id: Mapped[int | None] = mapped_column(ForeignKey("registry_village.id"))
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(10))
    mode: Mapped[Mode] = enum_column(Mode, "mode_known")
    points: Mapped[int | None] = mapped_column(Integer)
    minimum: Mapped[int | None] = mapped_column(Integer)
    maximum: Mapped[int | None] = mapped_column(Integer)
    per: Mapped[Per | None] = enum_column(Per, "per_known")
    cap: Mapped[int | None] = mapped_column(Integer)
    cap_period: Mapped[CapPeriod | None] = enum_column(CapPeriod, "cap_period_known")
    once: Mapped[Once | None] = enum_column(Once, "once_known")
    evidence: Mapped[Evidence] = enum_column(Evidence, "evidence_known", default=Evidence.NONE)
    review: Mapped[Review] = enum_column(Review, "review_known", default=Review.SINGLE)
    expiry: Mapped[Expiry] = enum_column(Expiry, "expiry_known", default=Expiry.NEVER)
    valid_months: Mapped[int | None] = mapped_column(SmallInteger)
    # The most that one declaration may state.
    max_quantity: Mapped[int] = mapped_column(Integer, default=100_00)
    # Stands on the one-page 常用十条.
    common: Mapped[bool] = mapped_column(default=False)


class RuleStep(Base):
    """A tier or a step: from `threshold` on (a quantity, or n × 100 for the n-th time) the amount is `points`."""

    __tablename__ = "points_rule_step"
    __table_args__ = (CheckConstraint("threshold > 0", name="threshold_is_positive"),)

    rule_id: Mapped[int] = mapped_column(ForeignKey("points_rule.id", ondelete="CASCADE"), primary_key=True)
    threshold: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    points: Mapped[int] = mapped_column(Integer)


class WaiverKind(StrEnum):
    """How people answered a lint finding."""

    FALSE_ALARM = "false_alarm"
    """误报: two persons have read the line and found nothing forbidden in it."""
    REASONED = "reasoned"
    """A published reason, for findings that may be overridden."""


class LintWaiver(Base):
    """What people decided about a finding on a line of a revision. It holds for the wording that they read."""

    __tablename__ = "points_lint_waiver"
    __table_args__ = (
        UniqueConstraint("rulebook_id", "rule_code", "finding"),
        CheckConstraint("second_by IS NULL OR second_by <> first_by", name="two_persons"),
    )

    id: Mapped[int] = id_column()
    rulebook_id: Mapped[int] = mapped_column(ForeignKey("points_rulebook.id", ondelete="CASCADE"))
    rule_code: Mapped[str] = mapped_column(String(20))
    finding: Mapped[str] = mapped_column(String(40))
    # SHA-256 of the wording, so that an edited line is looked at again.
    wording_digest: Mapped[str] = mapped_column(String(64))
    kind: Mapped[WaiverKind] = enum_column(WaiverKind, "kind_known")
    reason: Mapped[str] = mapped_column(String(400))
    first_by: Mapped[int] = mapped_column(BigId)
    first_at: Mapped[datetime] = mapped_column(default=now)
    second_by: Mapped[int | None] = mapped_column(BigId)
    second_at: Mapped[datetime | None]
