"""Rates with their denominators. Accusations are neither received nor evaluated here: they are not counted at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from services.petitions.evaluations.evaluations import IN_COURT
from services.petitions.register.visibility import visible_to
from shared.identity import Principal
from shared.models.petition_kinds import Category, Grade, State
from shared.models.petitions import Evaluation, Petition


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts of the open petitions received in a period; satisfaction is `satisfied` of `evaluated`, never of all."""

    received: int
    accepted: int
    concluded: int
    to_be_evaluated: int
    evaluated: int
    satisfied: int
    basically_satisfied: int
    dissatisfied: int

    @property
    def satisfaction_text(self) -> str:
        """In words; with none evaluated neither 0 % nor 100 %."""
        if not self.evaluated:
            return "暂无评价"
        content = self.satisfied + self.basically_satisfied
        return f"{self.evaluated} 件已评价，{content} 件满意或基本满意（{content * 100 // self.evaluated}%）"


def rates_of(session: Session, actor: Principal, first: date, last: date) -> Rates:
    """The rates of the petitions received from `first` to `last`, as far as they exist for this person."""
    delivered = Petition.delivered_on.is_not(None)
    asked = and_(delivered, or_(Petition.route.is_(None), Petition.route.not_in(IN_COURT)))

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    grade = Evaluation.grade
    statement = (
        select(
            func.count(),
            count(Petition.accepted_on.is_not(None)),
            count(Petition.state == State.CONCLUDED),
            count(asked),
            count(and_(asked, grade.is_not(None))),
            count(and_(asked, grade == Grade.SATISFIED)),
            count(and_(asked, grade == Grade.BASICALLY_SATISFIED)),
            count(and_(asked, grade == Grade.DISSATISFIED)),
        )
        .select_from(Petition)
        .outerjoin(Evaluation, Evaluation.petition_id == Petition.id)
        .where(
            visible_to(actor),
            Petition.category != Category.ACCUSATION,
            Petition.received_on.between(first, last),
        )
    )
    return Rates(*(int(value) for value in session.execute(statement).one()))
