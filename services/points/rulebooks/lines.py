"""Lines 条目 of a revision as plain values: checked, written and read. Amounts in hundredths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from shared.models.points import (
    CapPeriod,
    Category,
    Evidence,
    Expiry,
    Mode,
    Once,
    Per,
    Review,
    Rule,
    Rulebook,
    RuleCode,
    RuleStep,
)

CODE_FORM = r"[A-Za-z0-9\u4e00-\u9fff._-]{1,20}\Z"
"""What a code of a category or a line looks like."""


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """A category of a revision; `cap_quarter` limits a household's positive points in a quarter."""

    code: str
    name: str
    cap_quarter: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From `threshold` on the amount is `points`; for `stepped`, n × 100 stands for the n-th time."""

    threshold: int
    points: int


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One line. `faults.check_lines` says which fields a mode needs; `village_id` marks a village's extra line."""

    code: str
    category: str
    title: str
    unit: str
    mode: Mode
    points: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    per: Per | None = None
    steps: tuple[Step, ...] = ()
    cap: int | None = None
    cap_period: CapPeriod | None = None
    once: Once | None = None
    evidence: Evidence = Evidence.NONE
    review: Review = Review.SINGLE
    expiry: Expiry = Expiry.NEVER
    valid_months: int | None = None
    max_quantity: int = 100_00
    common: bool = False
    village_id: int | None = None

    @property
    def lowest(self) -> int:
        """The lowest amount that one event of it can have before caps; below zero it is a deduction."""
        amounts = [step.points for step in self.steps]
        amounts += [amount for amount in (self.points, self.minimum) if amount is not None]
        return min(amounts, default=0)


def write_lines(
    session: Session, book: Rulebook, categories: Sequence[CategoryLine], rules: Sequence[RuleLine]
) -> None:
    """Put checked lines in the place of a draft's old ones. Codes keep their small numbers over revisions."""
    session.execute(delete(Rule).where(Rule.rulebook_id == book.id))
    session.execute(delete(Category).where(Category.rulebook_id == book.id))
    made = [
        Category(rulebook_id=book.id, code=line.code, name=line.name, cap_quarter=line.cap_quarter, position=position)
        for position, line in enumerate(categories)
    ]
    session.add_all(made)
    session.flush()
    category_ids = {category.code: category.id for category in made}
    code_ids = _code_ids(session, book.township_id, [rule.code for rule in rules])
    rows = [
        Rule(
            rulebook_id=book.id,
            code_id=code_ids[line.code],
            category_id=category_ids[line.category],
            village_id=line.village_id,
            position=position,
            title=line.title,
            unit=line.unit,
            mode=line.mode,
            points=line.points,
            minimum=line.minimum,
            maximum=line.maximum,
            per=line.per,
            cap=line.cap,
            cap_period=line.cap_period,
            once=line.once,
            evidence=line.evidence,
            review=line.review,
            expiry=line.expiry,
            valid_months=line.valid_months,
            max_quantity=line.max_quantity,
            common=line.common,
        )
        for position, line in enumerate(rules)
    ]
    session.add_all(rows)
    session.flush()
    session.add_all(
        RuleStep(rule_id=row.id, threshold=step.threshold, points=step.points)
        for row, line in zip(rows, rules, strict=True)
        for step in line.steps
    )
    session.flush()


def _code_ids(session: Session, township_id: int, codes: Sequence[str]) -> dict[str, int]:
    def known() -> dict[str, int]:
        rows = session.scalars(select(RuleCode).where(RuleCode.township_id == township_id))
        return {row.code: row.id for row in rows}

    missing = sorted(set(codes) - known().keys())
    session.add_all(RuleCode(township_id=township_id, code=code) for code in missing)
    session.flush()
    return known()


def categories_of(session: Session, rulebook_id: int) -> list[CategoryLine]:
    """The categories of a revision in its order."""
    rows = session.scalars(
        select(Category).where(Category.rulebook_id == rulebook_id).order_by(Category.position, Category.id)
    )
    return [CategoryLine(row.code, row.name, row.cap_quarter) for row in rows]


def rules_of(session: Session, rulebook_id: int, *, village_id: int | None = None) -> list[RuleLine]:
    """The lines of a revision in its order; with `village_id`, only those that hold in that village."""
    steps: dict[int, list[Step]] = {}
    for rule_id, threshold, points in session.execute(
        select(RuleStep.rule_id, RuleStep.threshold, RuleStep.points)
        .join(Rule, Rule.id == RuleStep.rule_id)
        .where(Rule.rulebook_id == rulebook_id)
        .order_by(RuleStep.rule_id, RuleStep.threshold)
    ):
        steps.setdefault(rule_id, []).append(Step(threshold, points))
    statement = (
        select(Rule, RuleCode.code, Category.code.label("category"))
        .join(RuleCode, RuleCode.id == Rule.code_id)
        .join(Category, Category.id == Rule.category_id)
        .where(Rule.rulebook_id == rulebook_id)
        .order_by(Rule.position, Rule.id)
    )
    if village_id is not None:
        statement = statement.where(Rule.village_id.is_(None) | (Rule.village_id == village_id))
    return [
        RuleLine(
            code=code,
            category=category,
            title=rule.title,
            unit=rule.unit,
            mode=rule.mode,
            points=rule.points,
            minimum=rule.minimum,
            maximum=rule.maximum,
            per=rule.per,
            steps=tuple(steps.get(rule.id, ())),
            cap=rule.cap,
            cap_period=rule.cap_period,
            once=rule.once,
            evidence=rule.evidence,
            review=rule.review,
            expiry=rule.expiry,
            valid_months=rule.valid_months,
            max_quantity=rule.max_quantity,
            common=rule.common,
            village_id=rule.village_id,
        )
        for rule, code, category in session.execute(statement)
    ]
