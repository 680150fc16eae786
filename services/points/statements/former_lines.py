"""The words of lines that the revision in force no longer has: those of the newest revision that had them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.models.points import Category, Rule, Rulebook, RulebookState


@dataclass(frozen=True, slots=True)
class LineWords:
    """How people know a line."""

    title: str
    unit: str
    category: str


def former_lines(session: Session, village_id: int, rule_ids: Collection[int]) -> dict[int, LineWords]:
    """Rule id → its words in the newest published revision that has it for this village."""
    if not rule_ids:
        return {}
    rows = session.execute(
        select(Rule.code_id, Rule.title, Rule.unit, Category.name)
        .join(Rulebook, Rulebook.id == Rule.rulebook_id)
        .join(Category, Category.id == Rule.category_id)
        .where(
            Rule.code_id.in_(rule_ids),
            Rulebook.state == RulebookState.PUBLISHED,
            or_(Rule.village_id.is_(None), Rule.village_id == village_id),
        )
        .order_by(Rulebook.revision)
    )
    return {code_id: LineWords(title, unit, category) for code_id, title, unit, category in rows}
