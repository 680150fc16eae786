"""The table of transitions of a demand: act, states it starts from, state it leads to, who may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.models.intake_kinds import DemandAction, DemandState

STATE_WORDS: dict[DemandState, str] = {
    DemandState.WAITING: "待派单",
    DemandState.ASSIGNED: "已派单",
    DemandState.TAKEN: "已接单",
    DemandState.WORKING: "办理中",
    DemandState.ANSWERED: "已答复待回访",
    DemandState.CLOSED: "已办结",
    DemandState.WITHDRAWN: "已撤回",
    DemandState.CONVERTED: "已转信访",
}

ACTION_WORDS: dict[DemandAction, str] = {
    DemandAction.ASSIGN: "派单",
    DemandAction.TAKE: "接单",
    DemandAction.START: "开始办理",
    DemandAction.ANSWER: "答复",
    DemandAction.SEND_BACK: "退回",
    DemandAction.CONFIRM: "确认办结",
    DemandAction.REOPEN: "重新办理",
    DemandAction.WITHDRAW: "撤回",
    DemandAction.CONVERT: "转为信访",
    DemandAction.CONCLUDE: "信访办结",
}


class Who(StrEnum):
    """In what capacity someone acts on a demand."""

    DISPATCHER = "dispatcher"
    """A cadre of the village, or the township's admin."""
    HANDLER = "handler"
    """The person it was assigned to, or a handler of the office."""
    REPORTER = "reporter"
    """Whoever reported it: by number and code, or by the own household."""
    VISITOR = "visitor"
    """A cadre, grid member or admin who asked the reporter, and is not the one who answered."""
    CLERK = "clerk"
    """The petition clerk."""
    SYSTEM = "system"
    """A message of another service."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the table. `needs_note` is what the person is asked for, empty when nothing."""

    action: DemandAction
    sources: frozenset[DemandState]
    target: DemandState
    who: frozenset[Who]
    needs_note: str = ""


def _line(
    action: DemandAction, sources: tuple[DemandState, ...], target: DemandState, who: tuple[Who, ...], note: str = ""
) -> Transition:
    return Transition(action, frozenset(sources), target, frozenset(who), note)


_S, _A, _W = DemandState, DemandAction, Who
_UNANSWERED = (_S.WAITING, _S.ASSIGNED, _S.TAKEN, _S.WORKING)

TRANSITIONS: dict[DemandAction, Transition] = {
    line.action: line
    for line in (
        _line(_A.ASSIGN, (_S.WAITING, _S.ASSIGNED), _S.ASSIGNED, (_W.DISPATCHER,)),
        _line(_A.TAKE, (_S.ASSIGNED,), _S.TAKEN, (_W.HANDLER,)),
        _line(_A.START, (_S.TAKEN,), _S.WORKING, (_W.HANDLER,)),
        _line(_A.ANSWER, (_S.TAKEN, _S.WORKING), _S.ANSWERED, (_W.HANDLER,)),
        _line(
            _A.SEND_BACK,
            (_S.ASSIGNED, _S.TAKEN, _S.WORKING),
            _S.WAITING,
            (_W.HANDLER,),
            "请写明退回的原因，让派单的人知道该找谁。",
        ),
        _line(_A.CONFIRM, (_S.ANSWERED,), _S.CLOSED, (_W.REPORTER, _W.VISITOR)),
        _line(
            _A.REOPEN,
            (_S.ANSWERED, _S.CLOSED),
            _S.WORKING,
            (_W.REPORTER, _W.VISITOR),
            "请写明哪里没有办好，经办人才知道怎么改。",
        ),
        _line(_A.WITHDRAW, (_S.WAITING, _S.ASSIGNED), _S.WITHDRAWN, (_W.REPORTER,)),
        _line(_A.CONVERT, _UNANSWERED, _S.CONVERTED, (_W.DISPATCHER, _W.HANDLER, _W.CLERK)),
        _line(_A.CONCLUDE, (_S.CONVERTED,), _S.CLOSED, (_W.SYSTEM,)),
    )
}

OPEN_STATES = frozenset({*_UNANSWERED, _S.ANSWERED})
"""States in which someone still has something to do here."""
