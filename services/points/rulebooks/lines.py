"""Lines 条目 of a revision as plain values: checked, written and read. Amounts in hundredths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from shared.amounts import MAXIMUM
from shared.errors import Invalid
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
    """One line. Which fields a mode needs is checked by `check_lines`; `village_id` marks a village's extra line."""

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


def check_lines(categories: Sequence[CategoryLine], rules: Sequence[RuleLine]) -> None:
    """Raise Invalid with a sentence for each field that can't be, by its path (`rules.3.points`)."""
    errors: dict[str, list[str]] = {}
    _check_unique([category.code for category in categories], "categories", "类别代码", errors)
    _check_unique([rule.code for rule in rules], "rules", "条目编号", errors)
    known = {category.code for category in categories}
    for place, category in enumerate(categories):
        if category.cap_quarter is not None and not 0 <= category.cap_quarter <= MAXIMUM:
            errors[f"categories.{place}.cap_quarter"] = ["类别的季度上限应为不小于 0 的数。"]
    for place, rule in enumerate(rules):
        for name, sentence in _faults(rule, known).items():
            errors[f"rules.{place}.{name}"] = [f"条目 {rule.code}：{sentence}"]
    if errors:
        raise Invalid("细则里有几处需要修改，改好后再保存。", errors=errors)


def _check_unique(codes: Sequence[str], name: str, words: str, errors: dict[str, list[str]]) -> None:
    seen: set[str] = set()
    for place, code in enumerate(codes):
        if code in seen:
            errors[f"{name}.{place}.code"] = [f"{words}“{code}”重复了，请换一个。"]
        seen.add(code)


def _faults(rule: RuleLine, categories: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if rule.category not in categories:
        found["category"] = f"类别“{rule.category}”不在这一版里。"
    if (rule.mode is Mode.FIXED) != (rule.points is not None):
        found["points"] = "固定分要写分值，其他计分方式不写。"
    if (rule.mode is Mode.RANGE) != (rule.minimum is not None and rule.maximum is not None):
        found["minimum"] = "区间分要写最低分和最高分，其他计分方式不写。"
    elif rule.minimum is not None and rule.maximum is not None and rule.minimum > rule.maximum:
        found["minimum"] = "最低分不能高于最高分。"
    if (rule.mode is Mode.TIERED) != (rule.per is not None):
        found["per"] = "分档要写明按次还是按全年累计。"
    found |= _faults_of_steps(rule)
    if (rule.cap is None) != (rule.cap_period is None):
        found["cap"] = "上限要同时写分数和周期（每月或每季度）。"
    elif rule.cap is not None and not 0 <= rule.cap <= MAXIMUM:
        found["cap"] = "上限应为不小于 0 的数。"
    if (rule.expiry is Expiry.MONTHS) != (rule.valid_months is not None):
        found["valid_months"] = "按月到期的要写有效月数（1 到 120），其他不写。"
    elif rule.valid_months is not None and not 1 <= rule.valid_months <= 120:
        found["valid_months"] = "有效月数应为 1 到 120。"
    if not 0 < rule.max_quantity <= MAXIMUM:
        found["max_quantity"] = "一次申报的最大数量应大于 0。"
    amounts = [rule.points, rule.minimum, rule.maximum, *(step.points for step in rule.steps)]
    if any(amount is not None and abs(amount) > MAXIMUM // 100 for amount in amounts):
        found["points"] = "分值太大，请检查小数点。"
    return found


def _faults_of_steps(rule: RuleLine) -> dict[str, str]:
    wanted = rule.mode in (Mode.TIERED, Mode.STEPPED)
    if wanted != bool(rule.steps):
        return {"steps": "分档和累次要写各档的分值，其他计分方式不写。"}
    thresholds = [step.threshold for step in rule.steps]
    if thresholds != sorted(set(thresholds)) or any(threshold <= 0 for threshold in thresholds):
        return {"steps": "各档应从低到高，不重复，大于 0。"}
    if rule.mode is Mode.STEPPED and thresholds != [100 * nth for nth in range(1, len(thresholds) + 1)]:
        return {"steps": "累次要从第一次起，一次不漏。"}
    return {}


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
