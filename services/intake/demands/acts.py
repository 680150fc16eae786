"""Acts on a demand: one line of the table each, one conditional UPDATE, one step of history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.intake.demands.access import capacities
from services.intake.demands.masked_text import mask_text
from services.intake.demands.notices import tell_dispatchers, tell_handlers, tell_household
from services.intake.demands.rewards import earn_points, withdraw_points
from services.intake.demands.time_limits import due_day
from services.intake.demands.transitions import ACTION_WORDS, STATE_WORDS, TRANSITIONS, Who
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Forbidden, Invalid, Stale
from shared.identity import Principal
from shared.models.intake import Demand, DemandCategory, DemandStep
from shared.models.intake_kinds import DemandAction
from shared.models.registry import Household, Office, Person


@dataclass(frozen=True, slots=True)
class Act:
    """What is done. Only the fields of the action are read; `note` is the reason or a remark for those inside."""

    action: DemandAction
    note: str = ""
    office_id: int | None = None
    assignee_id: int | None = None
    household_id: int | None = None
    public_answer: str = ""
    private_answer: str = ""


def act_on_demand(
    session: Session,
    actor: Principal,
    demand: Demand,
    act: Act,
    *,
    as_reporter: bool = False,
    expected_version: int | None = None,
) -> Demand:
    """Do `act`. `as_reporter` says that number and code were checked.

    The same act by the same person again answers with the demand as it is. Raises Forbidden, Conflict (the state does
    not allow it, or someone was first), Stale, Invalid.
    """
    if _is_repeat(session, actor, demand, act):
        return demand
    if expected_version is not None and expected_version != demand.version:
        raise Stale("您打开之后，这条诉求已有新的进展。请刷新，看过后再办。")
    if demand.converted_on is not None:
        raise Conflict("这条诉求已转为信访，以后的进展请在“查进度”里按信访查看。")
    transition = TRANSITIONS[act.action]
    held = capacities(session, actor, demand) | ({Who.REPORTER} if as_reporter else set())
    if not held & transition.who:
        raise Forbidden(_refusal(actor, demand, act.action))
    if demand.state not in transition.sources:
        word = ACTION_WORDS[act.action]
        raise Conflict(f"这条诉求现在是“{STATE_WORDS[demand.state]}”，不能{word}。请刷新后再看。")
    if transition.needs_note and not act.note.strip():
        raise Invalid(transition.needs_note, errors={"note": [transition.needs_note]})
    values = _values(session, actor, demand, act)
    move(session, actor, demand, act.action, values, note=act.note)
    _after(session, actor, demand, act)
    return demand


def move(
    session: Session, actor: Principal, demand: Demand, action: DemandAction, values: dict[str, Any], *, note: str = ""
) -> None:
    """Change the state in one conditional statement and write the step; Conflict when another act came first."""
    before, target = demand.state, TRANSITIONS[action].target
    moved = session.execute(
        update(Demand)
        .where(Demand.id == demand.id, Demand.state == before, Demand.version == demand.version)
        .values(state=target, version=Demand.version + 1, **values)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("刚刚已有别人办了这条诉求。请刷新，看过最新进展后再办。")
    session.refresh(demand)
    session.add(
        DemandStep(
            demand_id=demand.id,
            action=action,
            from_state=before,
            to_state=target,
            actor=actor.actor,
            person_id=actor.person_id,
            actor_name=actor.name,
            note=note.strip(),
        )
    )
    session.flush()
    audit.record(
        session, actor, f"{action}_demand", "demand", demand.number,
        village_id=demand.village_id, details={"from": before, "to": target},
    )  # fmt: skip


def _values(session: Session, actor: Principal, demand: Demand, act: Act) -> dict[str, Any]:
    match act.action:
        case DemandAction.ASSIGN:
            return _assignment(session, demand, act)
        case DemandAction.SEND_BACK:
            return {"office_id": None, "assignee_id": None}
        case DemandAction.ANSWER:
            return _answer(actor, demand, act)
        case DemandAction.CONFIRM:
            return {"closed_on": today()}
        case DemandAction.REOPEN:
            return _anew(session, demand)
        case _:
            return {}


def _assignment(session: Session, demand: Demand, act: Act) -> dict[str, Any]:
    if act.office_id is None and act.assignee_id is None:
        raise Invalid("请选择派给哪个办公室或哪个人。", errors={"office_id": ["请选择派给哪个办公室或哪个人。"]})
    values: dict[str, Any] = {"office_id": act.office_id, "assignee_id": act.assignee_id}
    if act.office_id is not None:
        office = session.get(Office, act.office_id)
        if office is None or office.township_id != demand.township_id:
            raise Invalid("没有这个办公室，请重新选择。", errors={"office_id": ["没有这个办公室，请重新选择。"]})
    if act.assignee_id is not None:
        person = session.get(Person, act.assignee_id)
        if person is None or person.township_id != demand.township_id or person.forgotten_on:
            raise Invalid("没有这个人，请重新选择。", errors={"assignee_id": ["没有这个人，请重新选择。"]})
    if act.household_id is not None:
        household = session.get(Household, act.household_id)
        if household is None or household.village_id != demand.village_id:
            raise Invalid("这一户不在诉求所在的村。", errors={"household_id": ["这一户不在诉求所在的村。"]})
        values |= {"household_id": household.id, "group_id": household.group_id}
    return values


def _answer(actor: Principal, demand: Demand, act: Act) -> dict[str, Any]:
    if not act.public_answer.strip():
        raise Invalid("请写明办得怎么样了，让大家看得懂。", errors={"public_answer": ["请写明办得怎么样了。"]})
    return {
        "public_answer": mask_text(act.public_answer.strip(), demand.reporter_name),
        "private_answer": act.private_answer.strip(),
        "answered_on": today(),
        "answered_by": actor.person_id,
    }


def _anew(session: Session, demand: Demand) -> dict[str, Any]:
    """Back in hand, with the time limit of the category from today."""
    category = session.get_one(DemandCategory, demand.category_id)
    due_on, is_open = due_day(today(), category.limit_days)
    return {
        "reopened": demand.reopened + 1,
        "closed_on": None,
        "answered_on": None,
        "answered_by": None,
        "due_on": due_on,
        "due_is_provisional": is_open,
        "reminded": "",
    }


def _after(session: Session, actor: Principal, demand: Demand, act: Act) -> None:
    """Tell who should act or know, and let the points follow."""
    number = demand.number
    match act.action:
        case DemandAction.ASSIGN:
            tell_handlers(session, demand, "有诉求派给您", f"诉求 {number} 已派给您办理，请接单。")
        case DemandAction.SEND_BACK:
            tell_dispatchers(session, demand, "诉求被退回", f"诉求 {number} 被退回，请看原因后重新派单。")
        case DemandAction.ANSWER:
            tell_dispatchers(session, demand, "诉求已答复，请回访", f"诉求 {number} 已答复，请问一问群众是否满意。")
            tell_household(session, demand, "您的诉求有答复了", f"诉求 {number} 已有答复，请看一看是否办好。")
        case DemandAction.CONFIRM:
            earn_points(session, actor, demand)
            tell_household(session, demand, "您的诉求已办结", f"诉求 {number} 已办结。")
        case DemandAction.REOPEN:
            withdraw_points(session, actor, demand)
            tell_handlers(session, demand, "群众不满意，请重新办理", f"诉求 {number} 需要重新办理，请看原因。")
        case _:
            pass


def _is_repeat(session: Session, actor: Principal, demand: Demand, act: Act) -> bool:
    """A double tap: the last step was this act by this person, and nothing would change."""
    if demand.state is not TRANSITIONS[act.action].target:
        return False
    last = session.scalar(
        select(DemandStep).where(DemandStep.demand_id == demand.id).order_by(DemandStep.id.desc()).limit(1)
    )
    if last is None or last.action is not act.action or last.actor != actor.actor:
        return False
    same_target = demand.office_id == act.office_id and demand.assignee_id == act.assignee_id
    return act.action is not DemandAction.ASSIGN or same_target


def _refusal(actor: Principal, demand: Demand, action: DemandAction) -> str:
    if action is DemandAction.CONFIRM and actor.person_id is not None and demand.answered_by == actor.person_id:
        return "这条诉求是您答复的，请由群众本人或别的同志回访后确认办结。"
    if action in {DemandAction.TAKE, DemandAction.START, DemandAction.ANSWER, DemandAction.SEND_BACK}:
        return "这条诉求没有派给您。如需办理，请联系派单的村干部或乡镇管理员。"
    return f"您不能对这条诉求{ACTION_WORDS[action]}。如需办理，请联系村干部或乡镇管理员。"
