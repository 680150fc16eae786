"""One step of the procedure: what the table allows, recorded for ever, with its clocks."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.petitions.procedure import clocks
from services.petitions.procedure.steps import latest_day, record_step
from services.petitions.procedure.tidings import tell_intake, tell_people
from services.petitions.procedure.transitions import Action, Transition, find_transition, has_ended
from services.petitions.procedure.values import ActValues, require_values
from services.petitions.procedure.words import ACTIONS, STATES
from services.petitions.register.assignments import assign_to_duty, people_on
from services.petitions.register.exclusions import exclude_mentioned
from services.petitions.register.secrets import clean_code
from services.petitions.register.visibility import petition_by_number
from shared import audit
from shared.calendar import say_day, today
from shared.database.upserts import execute_counted
from shared.errors import Conflict, Forbidden, Invalid, Stale
from shared.identity import Principal
from shared.models.petition_kinds import Category, Channel, ClockKind, Grade, LegalRoute, State
from shared.models.petitions import Evaluation, Petition

_NEW_HANDS = (Action.SEAL, Action.HAND_OVER)
# The only clock whose due day is entered by hand.
_BY_HAND = ClockKind.LEGAL_ROUTE
_RECEIPT_OF_TRANSFER = "只有上级转送、交办的事项才能提出异议。"


def perform_action(
    session: Session,
    actor: Principal,
    number: str,
    action: Action,
    values: ActValues | None = None,
    *,
    on: date | None = None,
    expected_version: int | None = None,
) -> Petition:
    """Do one act of the table on a petition; `on` is the day on which it happened (default: today).

    Raises NotFound (also for who must not know of it), Forbidden, Invalid, Conflict, Stale.
    """
    petition = petition_by_number(session, actor, number)
    values, day = values or ActValues(), on or today()
    if expected_version is not None and expected_version != petition.version:
        raise Stale("您打开之后，这件信访事项已经有了新的办理记录。请刷新，看过之后再办。")
    line = _allowed_line(actor, petition, action)
    _require_day(session, petition, day)
    require_values(line, values, day)
    changes = _changes(session, actor, petition, line, values, day)
    before = petition.state
    _advance(session, petition, line, changes)
    record_step(session, actor, petition, action.value, before, day, values.told(line))
    clocks.stop_clocks(session, petition, line.stops, day)
    for kind in line.starts:
        clocks.start_clock(session, petition, kind, day, due_on=values.due_on if kind is _BY_HAND else None)
    clocks.note_next_due(session, petition)
    if action in _NEW_HANDS:
        exclude_mentioned(session, petition)
        tell_people(session, petition, assign_to_duty(session, petition, day))
    elif action is Action.EXTEND:
        tell_people(session, petition, people_on(session, petition))
    elif has_ended(petition.state, petition.category):
        tell_people(session, petition, ())
    tell_intake(session, petition)
    _record_in_audit(session, actor, petition, line)
    return petition


def _record_in_audit(session: Session, actor: Principal, petition: Petition, line: Transition) -> None:
    """The audit log names the act only of what is open: it is read by people for whom accusations do not exist."""
    sealed = Category.ACCUSATION in (petition.category, *line.categories)
    details = {} if sealed else {"action": line.action.value}
    audit.record(session, actor, "act_on_petition", "petition", petition.id, details=details)


def _allowed_line(actor: Principal, petition: Petition, action: Action) -> Transition:
    line = find_transition(petition.state, action, petition.category)
    if line is None or (action is Action.OBJECT and petition.channel is not Channel.TRANSFERRED_IN):
        why = (
            _RECEIPT_OF_TRANSFER if line else f"这件信访事项现在是“{STATES[petition.state]}”，不能“{ACTIONS[action]}”。"
        )
        raise Conflict(f"{why}请刷新页面，看看现在可以办哪一步。")
    if not actor.covers_township(*line.who):
        raise Forbidden(f"“{ACTIONS[action]}”不在您的职责内，请联系有这项职责的人办理。")
    return line


def _require_day(session: Session, petition: Petition, on: date) -> None:
    """An act lies neither in the future nor before the one that it follows."""
    first = latest_day(session, petition)
    if on < first or on > today():
        sentence = f"办理日期应在 {say_day(first)} 到今天之间。"
        raise Invalid(sentence, errors={"on": [sentence]})


def _changes(
    session: Session, actor: Principal, petition: Petition, line: Transition, values: ActValues, on: date
) -> dict[str, Any]:
    """The columns that this act sets besides the state."""
    match line.action:
        case Action.ACCEPT:
            route = LegalRoute.OPINION if petition.category is Category.CLAIM else None
            return {"accepted_on": on, "route": route}
        case Action.GUIDE:
            return {"route": values.route}
        case Action.CLASSIFY | Action.HAND_OVER:
            return {"category": values.category}
        case Action.SEAL:
            return {"category": Category.ACCUSATION, "route": None}
        case Action.MERGE:
            return {"merged_into_id": _target_of_merge(session, actor, petition, values.merged_into).id}
        case Action.DELIVER:
            return {"delivered_on": on}
        case Action.CONCLUDE:
            return {"concluded_on": on}
        case Action.EXTEND:
            _extend(session, petition, values.days or 0)
        case Action.REVISIT:
            _require_dissatisfaction(session, petition)
    return {}


def _target_of_merge(session: Session, actor: Principal, petition: Petition, number: str) -> Petition:
    target = petition_by_number(session, actor, clean_code(number))
    if target.id == petition.id or target.state not in (State.REGISTERED, State.ACCEPTED):
        sentence = "只能并入另一件正在办理的信访事项，请核对编号。"
        raise Invalid(sentence, errors={"merged_into": [sentence]})
    return target


def _extend(session: Session, petition: Petition, days: int) -> None:
    clock = clocks.running_clock(session, petition, ClockKind.HANDLING)
    if clock is None or clock.extended_days:
        raise Conflict("办理期限只能延长一次，这件已经延长过了。")
    clocks.extend_clock(clock, days)


def _require_dissatisfaction(session: Session, petition: Petition) -> None:
    grade = session.scalar(select(Evaluation.grade).where(Evaluation.petition_id == petition.id))
    if grade is not Grade.DISSATISFIED:
        raise Conflict("只有评价为“不满意”的信访事项需要回访。")


def _advance(session: Session, petition: Petition, line: Transition, changes: dict[str, Any]) -> None:
    """Move on only if nobody else has: the update names the state and the version that were read."""
    moved = execute_counted(
        session,
        update(Petition)
        .where(Petition.id == petition.id, Petition.version == petition.version, Petition.state == line.from_state)
        .values(state=line.to_state, version=petition.version + 1, **changes)
        .execution_options(synchronize_session=False),
    )
    if moved != 1:
        raise Conflict("另一个人刚刚先办了这件信访事项。请刷新，看过最新的办理记录后再办。")
    session.refresh(petition)
