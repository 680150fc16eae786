"""Objections 异议 to a published board: raised in the period, answered in writing."""

from __future__ import annotations

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from services.points.quarters.transitions import ACTORS, READERS, quarter_in_scope
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Invalid, NotFound
from shared.identity import Principal, Role
from shared.identity.scope import household_in_scope, village_by_code, village_in_scope
from shared.models.base import now
from shared.models.points import Event, Objection, ObjectionState, Posting, QuarterState

RAISERS = (Role.RESIDENT, Role.CADRE, Role.GRID_MEMBER, Role.SUPERVISOR, Role.ADMIN)


def raise_objection(
    session: Session,
    actor: Principal,
    village_code: str,
    quarter: int,
    *,
    text: str,
    household_id: int | None = None,
    event_id: int | None = None,
    raiser_name: str = "",
) -> Objection:
    """Say that a published board is wrong: a resident for the own household, an official for someone who came.

    Raises Conflict outside the objection period, Invalid for an event of elsewhere.
    """
    row = quarter_in_scope(session, actor, village_code, quarter)
    own = household_id if household_id is not None else actor.household_id
    if own is not None:
        household = household_in_scope(session, actor, own, *RAISERS)
        if household.village_id != row.village_id:
            raise Invalid("这一户不在这个村。")
    else:
        actor.require_in(row.village_id, *(role for role in RAISERS if role is not Role.RESIDENT))
    if row.state is not QuarterState.PUBLISHED or row.objections_until is None or row.objections_until < today():
        raise Conflict("现在不在公示期内，不能提异议。有疑问请到村委会当面说明。")
    if not text.strip():
        raise Invalid("请写明哪里不对。", errors={"text": ["请写明哪里不对。"]})
    if (
        event_id is not None
        and session.scalar(select(Event.id).where(Event.village_id == row.village_id, Event.id == event_id)) is None
    ):
        raise Invalid("没有这条积分记录。", errors={"event": ["没有这条积分记录。"]})
    objection = Objection(
        village_id=row.village_id,
        quarter=quarter,
        household_id=own,
        event_id=event_id,
        raised_by=actor.person_id,
        raiser_name=raiser_name.strip() or actor.name,
        text=text.strip(),
    )
    session.add(objection)
    session.flush()
    audit.record(session, actor, "raise_objection", "objection", objection.id, village_id=row.village_id)
    return objection


def answer_objection(
    session: Session, actor: Principal, objection_id: int, *, upheld: bool, answer: str, posting_id: int | None = None
) -> Objection:
    """Answer in writing. What is upheld names the posting (a void or a new event) that carries it out.

    Raises Invalid without words, or for a posting that is none of this village after the objection; Conflict where
    someone has answered already.
    """
    objection = objection_in_scope(session, actor, objection_id, *ACTORS)
    if not answer.strip():
        raise Invalid("请写明答复。", errors={"answer": ["请写明答复。"]})
    if (
        posting_id is not None
        and session.scalar(
            select(Posting.id).where(
                Posting.id == posting_id,
                Posting.village_id == objection.village_id,
                Posting.made_at >= objection.raised_at,
            )
        )
        is None
    ):
        raise Invalid("没有这次记账，或它早于这件异议。", errors={"posting": ["请选异议提出以后的记账。"]})
    if posting_id is not None and not upheld:
        raise Invalid("没有采纳的异议不能改动积分。", errors={"posting": ["没有采纳，不应改动积分。"]})
    answered = session.execute(
        update(Objection)
        .where(Objection.id == objection.id, Objection.state == ObjectionState.OPEN)
        .values(
            state=ObjectionState.UPHELD if upheld else ObjectionState.DISMISSED,
            answer=answer.strip(),
            answered_by=actor.person_id,
            answered_at=now(),
            posting_id=posting_id,
            version=Objection.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(objection)
    if answered.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("这件异议已经答复过，请刷新后再看。")
    audit.record(session, actor, "answer_objection", "objection", objection.id, village_id=objection.village_id)
    return objection


def objection_in_scope(session: Session, actor: Principal, objection_id: int, *roles: Role) -> Objection:
    """An objection in a village of `actor`, or of the own household. Raises NotFound, Forbidden."""
    objection = session.get(Objection, objection_id)
    if objection is None:
        raise NotFound("没有这件异议。")
    village_in_scope(session, actor, objection.village_id)
    if Role.RESIDENT in roles and actor.household_id is not None and objection.household_id == actor.household_id:
        return objection
    actor.require_in(objection.village_id, *(role for role in roles if role is not Role.RESIDENT))
    return objection


def select_objections(session: Session, actor: Principal, village_code: str, quarter: int) -> Select[Objection]:
    """The objections to a village's quarter, to be paged in their order."""
    village = village_by_code(session, actor, village_code, *READERS)
    return select(Objection).where(Objection.village_id == village.id, Objection.quarter == quarter)
