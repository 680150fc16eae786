"""The lines of revisions as scoring reads them: plain values by rule id, for one village."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.models.points import CapPeriod, Category, Mode, Once, Per, Rule, RuleCode, RuleStep


@dataclass(frozen=True, slots=True)
class Line:
    """What a rule of a revision is worth. Two lines that are equal score every event alike."""

    mode: Mode
    points: int | None
    minimum: int | None
    maximum: int | None
    per: Per | None
    cap: int | None
    cap_period: CapPeriod | None
    once: Once | None
    category: str
    category_cap: int | None
    steps: tuple[tuple[int, int], ...] = ()

    @property
    def remembers_year(self) -> bool:
        """Whether an amount depends on the household's other events of the code in the calendar year."""
        return self.mode is Mode.STEPPED or self.per is Per.YEAR or self.once is Once.YEAR

    @property
    def remembers(self) -> bool:
        """Whether an amount depends on other events at all, before caps."""
        return self.remembers_year or self.once is not None


Lines = dict[int, Line]
"""Rule id → line."""


def lines_of(
    session: Session, village_id: int, rulebook_ids: Collection[int], known: Mapping[int, Lines] | None = None
) -> dict[int, Lines]:
    """The lines of each revision that hold in this village (the township's and the village's own extras).

    `known` are not read again.
    """
    wanted = sorted(set(rulebook_ids) - set(known or ()))
    if not wanted:
        return dict(known or {})
    steps: dict[int, list[tuple[int, int]]] = {}
    for line_id, threshold, points in session.execute(
        select(RuleStep.rule_id, RuleStep.threshold, RuleStep.points)
        .join(Rule, Rule.id == RuleStep.rule_id)
        .where(Rule.rulebook_id.in_(wanted))
        .order_by(RuleStep.rule_id, RuleStep.threshold)
    ):
        steps.setdefault(line_id, []).append((threshold, points))
    lines: dict[int, Lines] = {rulebook_id: {} for rulebook_id in wanted}
    rows = session.execute(
        select(
            Rule.id,
            Rule.rulebook_id,
            Rule.code_id,
            Rule.mode,
            Rule.points,
            Rule.minimum,
            Rule.maximum,
            Rule.per,
            Rule.cap,
            Rule.cap_period,
            Rule.once,
            Category.code,
            Category.cap_quarter,
        )
        .join(Category, Category.id == Rule.category_id)
        .where(Rule.rulebook_id.in_(wanted), or_(Rule.village_id.is_(None), Rule.village_id == village_id))
    )
    for line_id, rulebook_id, rule_id, *worth in rows:
        values: tuple[Any, ...] = (*worth, tuple(steps.get(line_id, ())))
        lines[rulebook_id][rule_id] = Line(*values)
    return lines | dict(known or {})


def codes_of(session: Session, village_id: int, township_id: int) -> frozenset[int]:
    """Every rule id that any revision of the township has for this village."""
    return frozenset(
        session.scalars(
            select(RuleCode.id)
            .join(Rule, Rule.code_id == RuleCode.id)
            .where(RuleCode.township_id == township_id, or_(Rule.village_id.is_(None), Rule.village_id == village_id))
            .distinct()
        )
    )
