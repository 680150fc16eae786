"""Reviewing and voiding. States and who may lead from one to the next: two people never the same."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.orm import Session

from services.points.events.finding import REVIEWERS, event_in_scope
from services.points.events.guards import require_impartial, require_unrelated
from services.points.events.lines import line_of_event, require_chosen, require_countable
from services.points.events.posting import post_changes
from services.points.imports.settling import settle_batch
from services.points.ledger.village import lock_ledger
from shared import audit
from shared.errors import Conflict, Forbidden, Invalid
from shared.identity import Principal, Role
from shared.models.base import now
from shared.models.points import Event, EventState, Mode, Review

VOIDERS = (Role.CADRE, Role.ADMIN)


class Verdict(StrEnum):
    """What a reviewer finds."""

    APPROVE = "approve"
    """通过."""
    REJECT = "reject"
    """不通过."""


def review_event(
    session: Session,
    actor: Principal,
    event_id: int,
    *,
    verdict: Verdict,
    chosen: int | None = None,
    reason: str = "",
) -> Event:
    """Let an event pass (to posted, or to the second reviewer), or reject it with a reason.

    A review that is already done repeats as it is. `chosen`: the amount inside a range rule, hundredths.
    Raises Forbidden for the own household, a declared relative's, the own declaration, and the same person twice.
    """
    event = event_in_scope(session, actor, event_id, *REVIEWERS)
    # The village's ledger row first, then the event: the lock order of everyone who posts.
    lock_ledger(session, event.village_id)
    event = event_in_scope(session, actor, event_id, *REVIEWERS, hold=True)
    if _is_done(event, actor, verdict):
        return event
    person = require_impartial(session, actor, event)
    if event.state not in (EventState.DECLARED, EventState.REVIEWED):
        raise Conflict("这条已经处理过了，请刷新后再看。")
    if event.state is EventState.REVIEWED and event.reviewed_by == person:
        raise Forbidden("这条要两位同志审核，您已经审过一次，请由另一位复审。")
    if verdict is Verdict.REJECT:
        return _reject(session, actor, event, reason)
    state = _approve(session, event, person, chosen)
    session.flush()
    settle_batch(session, event)
    audit.record(session, actor, "review_event", "event", event.id, village_id=event.village_id)
    if state is EventState.POSTED:
        post_changes(session, event.village_id, [event], made_by=actor.actor)
    return event


def _is_done(event: Event, actor: Principal, verdict: Verdict) -> bool:
    """Whether this same person has given this same verdict already."""
    if verdict is Verdict.REJECT:
        return event.state is EventState.REJECTED and event.state_by == actor.person_id
    return event.state is EventState.POSTED and actor.person_id in (event.reviewed_by, event.second_by)


def _approve(session: Session, event: Event, person: int, chosen: int | None) -> EventState:
    line = line_of_event(session, event.village_id, event.quarter, event.rule_id)
    if line is None:
        raise Conflict("这个季度采用的细则里已没有这一条，不能记分。请选“不通过”并说明。")
    require_countable(line, event.quantity)
    if event.state is EventState.DECLARED:
        if line.mode is Mode.RANGE or chosen is not None:
            event.chosen = require_chosen(line, chosen)
        event.reviewed_by, event.reviewed_at = person, now()
        event.state = EventState.REVIEWED if line.review is Review.DOUBLE else EventState.POSTED
    else:
        if chosen is not None:
            event.chosen = require_chosen(line, chosen)
        event.second_by, event.second_at, event.state = person, now(), EventState.POSTED
    event.version += 1
    return event.state


def _reject(session: Session, actor: Principal, event: Event, reason: str) -> Event:
    if not reason.strip():
        raise Invalid("不通过要写明原因，申报人会看到。", errors={"reason": ["请写原因。"]})
    event.state, event.state_by, event.state_at = EventState.REJECTED, actor.person_id, now()
    event.state_reason, event.version = reason.strip(), event.version + 1
    session.flush()
    settle_batch(session, event)
    audit.record(session, actor, "reject_event", "event", event.id, village_id=event.village_id)
    return event


def void_event(session: Session, actor: Principal, event_id: int, *, reason: str) -> Event:
    """Take a posted event back, with a reason: its entries are reversed by an adjustment, never deleted.

    Nobody voids what is of the own household or of declared relatives, whoever declared it; one's own declaration for
    others may be taken back. A second time nothing more happens.
    """
    event = event_in_scope(session, actor, event_id, *VOIDERS)
    lock_ledger(session, event.village_id)
    event = event_in_scope(session, actor, event_id, *VOIDERS, hold=True)
    if event.state is EventState.VOIDED:
        return event
    if event.state is not EventState.POSTED:
        raise Conflict("只有已记账的积分可以作废；还没审的请选“不通过”，或由申报人撤回。")
    if not reason.strip():
        raise Invalid("作废要写明原因，这一户会看到。", errors={"reason": ["请写原因。"]})
    if actor.person_id is None:
        raise Forbidden("作废要以本人账号登录，这样才能看出是谁作废的。")
    require_unrelated(session, actor.person_id, event)
    event.state, event.state_by, event.state_at = EventState.VOIDED, actor.person_id, now()
    event.state_reason, event.version = reason.strip(), event.version + 1
    session.flush()
    audit.record(session, actor, "void_event", "event", event.id, village_id=event.village_id)
    post_changes(session, event.village_id, [event], made_by=actor.actor, reason=reason.strip())
    return event
