"""What the petitioner says of the handling: once, after delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.petitions.procedure.tidings import tell_people
from services.petitions.register.assignments import people_on
from services.petitions.register.secrets import hide, reveal
from shared import audit
from shared.calendar import say_day, today
from shared.errors import Conflict, Invalid
from shared.identity import Principal
from shared.models.petition_kinds import Category, Grade, LegalRoute, State
from shared.models.petitions import Evaluation, Petition

LONGEST_WORDS = 1000
IN_COURT = (LegalRoute.LITIGATION, LegalRoute.ARBITRATION)
_AFTER_DELIVERY = (State.DELIVERED, State.CONCLUDED)


@dataclass(frozen=True, slots=True)
class Answer:
    """The petitioner's answer; `assisted_by` names who helped to give it."""

    grade: Grade
    words: str = ""
    assisted_by: str = ""


def is_evaluable(petition: Petition) -> bool:
    """Whether it is delivered and of a kind that is evaluated: no accusation, nothing in litigation or arbitration."""
    return (
        petition.delivered_on is not None
        and petition.state in _AFTER_DELIVERY
        and petition.category is not Category.ACCUSATION
        and petition.route not in IN_COURT
    )


def evaluation_of(session: Session, petition: Petition) -> Evaluation | None:
    """The answer that was given, if any. None is 未评价, not satisfied."""
    return session.get(Evaluation, petition.id)


def evaluate_petition(
    session: Session, actor: Principal, petition: Petition, answer: Answer, *, on: date | None = None
) -> Evaluation:
    """Record the answer; giving the same one again changes nothing. A dissatisfied one is told to its people.

    Raises Conflict before delivery, for what is not evaluated, and for a second, different answer; Invalid.
    """
    day = on or today()
    if len(answer.words) > LONGEST_WORDS:
        sentence = f"意见最多写 {LONGEST_WORDS} 个字。"
        raise Invalid(sentence, errors={"words": [sentence]})
    if not is_evaluable(petition) or petition.delivered_on is None:
        raise Conflict("这件信访事项现在还不能评价：处理意见送达以后才能评价，进入诉讼或仲裁的不评价。")
    if not petition.delivered_on <= day <= today():
        raise Invalid(f"评价的日期应在 {say_day(petition.delivered_on)} 到今天之间。")
    given = evaluation_of(session, petition)
    if given is not None:
        return _same(given, answer)
    made = Evaluation(
        petition_id=petition.id,
        grade=answer.grade,
        words_encrypted=hide({"words": answer.words.strip(), "assisted_by": answer.assisted_by.strip()}),
        assisted=bool(answer.assisted_by.strip()),
        evaluated_on=day,
    )
    session.add(made)
    petition.version += 1
    session.flush()
    audit.record(session, actor, "evaluate_petition", "petition", petition.id, details={"grade": answer.grade.value})
    if answer.grade is Grade.DISSATISFIED:
        tell_people(session, petition, people_on(session, petition))
    return made


def _same(given: Evaluation, answer: Answer) -> Evaluation:
    words = reveal(given.words_encrypted)
    if given.grade is answer.grade and words["words"] == answer.words.strip():
        return given
    raise Conflict(f"这件信访事项在 {say_day(given.evaluated_on)} 已经评价过了，评价只能提交一次。")


def grades_of(session: Session, petitions: list[Petition]) -> dict[int, Grade]:
    """The answers to these petitions by their ids, in one statement."""
    ids = [petition.id for petition in petitions]
    rows = session.execute(select(Evaluation.petition_id, Evaluation.grade).where(Evaluation.petition_id.in_(ids)))
    return dict(rows.all())
