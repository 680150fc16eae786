"""What of the register waits for a person: oldest due first, grouped by what is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, select
from sqlalchemy.orm import Session

from services.petitions.register.visibility import assigned_to, visible_petitions
from shared.identity import Principal
from shared.models.petition_kinds import Grade, State
from shared.models.petitions import Evaluation, Petition, Step

SHOWN = 20


class Asked(StrEnum):
    """What is asked of whoever works on a petition."""

    ANSWER_RECEIPT = "answer_receipt"
    """受理或答复: within 15 days of receipt."""
    FOLLOW_OBJECTION = "follow_objection"
    """跟进异议: the sender of a transfer has not answered."""
    HANDLE = "handle"
    """办理并送达."""
    REVISIT = "revisit"
    """回访: the petitioner is dissatisfied."""
    CONCLUDE = "conclude"
    """办结."""


TITLES = {
    Asked.ANSWER_RECEIPT: "信访：受理或答复",
    Asked.FOLLOW_OBJECTION: "信访：跟进异议",
    Asked.HANDLE: "信访：办理并送达",
    Asked.REVISIT: "信访：回访",
    Asked.CONCLUDE: "信访：办结",
}
ACTS = {
    Asked.ANSWER_RECEIPT: "受理或答复",
    Asked.FOLLOW_OBJECTION: "记录结果",
    Asked.HANDLE: "送达处理意见",
    Asked.REVISIT: "记录回访",
    Asked.CONCLUDE: "办结",
}
_REVISITED = "revisit"


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Petitions that wait for the same act; `count` counts those that are not shown too."""

    asked: Asked
    count: int = 0
    petitions: list[Petition] = field(default_factory=list)


def waiting_for(session: Session, actor: Principal) -> list[WaitingGroup]:
    """What waits for this person, at most 20 petitions a group, each counted whole. Two statements."""
    asked = _asked().label("asked")
    mine = _assigned(actor).add_columns(asked).where(asked.is_not(None))
    place = func.row_number().over(partition_by=asked, order_by=(Petition.next_due_on, Petition.number))
    ranked = mine.with_only_columns(
        Petition.id, asked, place.label("place"), func.count().over(partition_by=asked).label("total")
    ).subquery()
    rows = session.execute(
        select(Petition, ranked.c.asked, ranked.c.total)
        .join(ranked, ranked.c.id == Petition.id)
        .where(ranked.c.place <= SHOWN)
        .order_by(ranked.c.asked, ranked.c.place)
    ).all()
    groups: dict[Asked, WaitingGroup] = {}
    for petition, name, total in rows:
        groups.setdefault(Asked(name), WaitingGroup(Asked(name), total)).petitions.append(petition)
    return [groups[each] for each in Asked if each in groups]


def _assigned(actor: Principal) -> Select[Petition]:
    return visible_petitions(actor).where(assigned_to(actor))


def _asked() -> ColumnElement[str | None]:
    dissatisfied = exists().where(Evaluation.petition_id == Petition.id, Evaluation.grade == Grade.DISSATISFIED)
    revisited = exists().where(Step.petition_id == Petition.id, Step.action == _REVISITED)
    return case(
        (Petition.state.in_((State.DRAFT, State.REGISTERED)), literal(Asked.ANSWER_RECEIPT.value)),
        (Petition.state == State.OBJECTED, literal(Asked.FOLLOW_OBJECTION.value)),
        (Petition.state == State.ACCEPTED, literal(Asked.HANDLE.value)),
        (
            and_(Petition.state.in_((State.DELIVERED, State.CONCLUDED)), dissatisfied, ~revisited),
            literal(Asked.REVISIT.value),
        ),
        (Petition.state.in_((State.DELIVERED, State.GUIDED)), literal(Asked.CONCLUDE.value)),
        else_=None,
    )
