"""The procedure as one table: state, action, next state, who may, what must be said, which clock starts or stops.

Source: 信访工作条例 Art. 21–34. A step that the table does not hold is refused. Pages draw it, tests walk it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.identity import Role
from shared.models.petition_kinds import Category, ClockKind, State


class Action(StrEnum):
    """What can be done with a petition; the doc is the button's verb with its object."""

    SEAL = "seal"
    """移交纪检干部: it turns out to be an accusation."""
    CONFIRM_ACCUSATION = "confirm_accusation"
    """确认为检举控告."""
    HAND_OVER = "hand_over"
    """转为普通信访事项: a sealed draft accuses nobody."""
    REPORT_UP = "report_up"
    """报送县纪委监委: about a leader of the township; nothing more is done here."""
    CLASSIFY = "classify"
    """更正类别."""
    ACCEPT = "accept"
    """受理."""
    GUIDE = "guide"
    """引导到法定途径 (Art. 31, the other five routes)."""
    TRANSFER = "transfer"
    """转送."""
    ASSIGN_DOWN = "assign_down"
    """交办."""
    TELL = "tell"
    """告知有权处理的机关."""
    MERGE = "merge"
    """并入正在办理的信访事项."""
    REFUSE = "refuse"
    """不予受理: in handling at a body below us."""
    REFUSE_AGAIN = "refuse_again"
    """不再受理: only after a re-review opinion."""
    OBJECT = "object"
    """提出异议: a transfer that is not ours."""
    CONFIRM_RETURN = "confirm_return"
    """确认退回: the sender agrees."""
    KEEP = "keep"
    """继续办理: the sender does not agree."""
    EXTEND = "extend"
    """延长办理期限."""
    DELIVER = "deliver"
    """送达处理意见."""
    RECONCILE = "reconcile"
    """记录调解或和解协议."""
    WITHDRAW = "withdraw"
    """记录撤回."""
    REVISIT = "revisit"
    """记录回访: after a dissatisfied answer."""
    CONCLUDE = "conclude"
    """办结."""


class Need(StrEnum):
    """A value that an action asks for; the doc is the field's label."""

    REASON = "reason"
    """原因."""
    BODY = "body"
    """机关或单位名称."""
    NOTICE = "notice"
    """告知方式: on the spot where possible (Art. 23)."""
    CATEGORY = "category"
    """类别."""
    ROUTE = "route"
    """法定途径."""
    DUE_ON = "due_on"
    """该途径的期限."""
    REVIEW_OPINION = "review_opinion"
    """复核意见书文号."""
    MERGED_INTO = "merged_into"
    """并入的信访编号."""
    DAYS = "days"
    """延长天数."""
    RESULT = "result"
    """处理结果."""
    AGREEMENT = "agreement"
    """协议内容."""
    WORDS = "words"
    """回访记录."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the table; (`from_state`, `action`, category) names it. The usual next step stands first."""

    from_state: State
    action: Action
    to_state: State
    categories: frozenset[Category]
    who: frozenset[Role]
    needs: tuple[Need, ...] = ()
    starts: tuple[ClockKind, ...] = ()
    stops: tuple[ClockKind, ...] = ()


_CLAIM = frozenset({Category.CLAIM})
_SUGGESTION = frozenset({Category.SUGGESTION})
_OPEN = _CLAIM | _SUGGESTION
_SEALED = frozenset({Category.ACCUSATION})
_CLERK = frozenset({Role.CLERK})
_LEADER = frozenset({Role.LEADER})
_DISCIPLINE = frozenset({Role.DISCIPLINE})
_RECEIPT = (ClockKind.NOTICE, ClockKind.OBJECTION)
_ALL_OPEN = (*_RECEIPT, ClockKind.HANDLING)


def _for_both(
    from_state: State,
    action: Action,
    to_state: State,
    needs: tuple[Need, ...],
    stops: tuple[ClockKind, ...],
) -> tuple[Transition, Transition]:
    """The same act, by the clerk for what is open and by the discipline officer for what is sealed."""
    return (
        Transition(from_state, action, to_state, _OPEN, _CLERK, needs, stops=stops),
        Transition(from_state, action, to_state, _SEALED, _DISCIPLINE, needs, stops=stops),
    )


S, A, N, C = State, Action, Need, ClockKind
TRANSITIONS: tuple[Transition, ...] = (
    Transition(S.DRAFT, A.CONFIRM_ACCUSATION, S.REGISTERED, _SEALED, _DISCIPLINE),
    Transition(S.DRAFT, A.HAND_OVER, S.REGISTERED, _SEALED, _DISCIPLINE, (N.CATEGORY,)),
    Transition(S.DRAFT, A.REPORT_UP, S.REPORTED_UP, _SEALED, _DISCIPLINE, (N.BODY,), stops=_RECEIPT),
    # The 60 days start with acceptance, and only for a claim that ends in an opinion.
    Transition(S.REGISTERED, A.ACCEPT, S.ACCEPTED, _CLAIM, _CLERK, (N.NOTICE,), (C.HANDLING,), _RECEIPT),
    Transition(S.REGISTERED, A.ACCEPT, S.ACCEPTED, _SUGGESTION, _CLERK, (N.NOTICE,), stops=_RECEIPT),
    Transition(S.REGISTERED, A.ACCEPT, S.ACCEPTED, _SEALED, _DISCIPLINE, (N.NOTICE,), stops=_RECEIPT),
    Transition(
        S.REGISTERED, A.GUIDE, S.GUIDED, _CLAIM, _CLERK, (N.ROUTE, N.DUE_ON, N.NOTICE), (C.LEGAL_ROUTE,), _RECEIPT
    ),
    *_for_both(S.REGISTERED, A.TRANSFER, S.TRANSFERRED, (N.BODY, N.NOTICE), _RECEIPT),
    *_for_both(S.REGISTERED, A.ASSIGN_DOWN, S.ASSIGNED_DOWN, (N.BODY, N.NOTICE), _RECEIPT),
    *_for_both(S.REGISTERED, A.TELL, S.TOLD, (N.BODY, N.NOTICE), _RECEIPT),
    *_for_both(S.REGISTERED, A.MERGE, S.MERGED, (N.MERGED_INTO, N.NOTICE), _RECEIPT),
    *_for_both(S.REGISTERED, A.REFUSE, S.NOT_ACCEPTED, (N.BODY, N.REASON, N.NOTICE), _RECEIPT),
    *_for_both(S.REGISTERED, A.REFUSE_AGAIN, S.NO_LONGER_ACCEPTED, (N.REVIEW_OPINION, N.REASON, N.NOTICE), _RECEIPT),
    *_for_both(S.REGISTERED, A.OBJECT, S.OBJECTED, (N.REASON,), (C.OBJECTION,)),
    Transition(S.REGISTERED, A.SEAL, S.DRAFT, _OPEN, _CLERK),
    Transition(S.REGISTERED, A.CLASSIFY, S.REGISTERED, _OPEN, _CLERK, (N.CATEGORY,)),
    Transition(S.REGISTERED, A.REPORT_UP, S.REPORTED_UP, _SEALED, _DISCIPLINE, (N.BODY,), stops=_RECEIPT),
    *_for_both(S.OBJECTED, A.CONFIRM_RETURN, S.RETURNED, (N.BODY,), (C.NOTICE,)),
    *_for_both(S.OBJECTED, A.KEEP, S.REGISTERED, (N.REASON,), ()),
    Transition(
        S.ACCEPTED, A.DELIVER, S.DELIVERED, _CLAIM, _CLERK, (N.RESULT, N.NOTICE), (C.REVIEW_WINDOW,), (C.HANDLING,)
    ),
    Transition(S.ACCEPTED, A.DELIVER, S.DELIVERED, _SUGGESTION, _CLERK, (N.RESULT, N.NOTICE)),
    Transition(S.ACCEPTED, A.DELIVER, S.DELIVERED, _SEALED, _DISCIPLINE, (N.RESULT, N.NOTICE)),
    Transition(S.ACCEPTED, A.EXTEND, S.ACCEPTED, _CLAIM, _LEADER, (N.DAYS, N.REASON)),
    Transition(S.ACCEPTED, A.RECONCILE, S.RECONCILED, _CLAIM, _CLERK, (N.AGREEMENT,), stops=(C.HANDLING,)),
    *_for_both(S.REGISTERED, A.WITHDRAW, S.WITHDRAWN, (N.REASON,), _ALL_OPEN),
    *_for_both(S.ACCEPTED, A.WITHDRAW, S.WITHDRAWN, (N.REASON,), _ALL_OPEN),
    *_for_both(S.DELIVERED, A.CONCLUDE, S.CONCLUDED, (), ()),
    Transition(S.GUIDED, A.CONCLUDE, S.CONCLUDED, _CLAIM, _CLERK, stops=(C.LEGAL_ROUTE,)),
    Transition(S.DELIVERED, A.REVISIT, S.DELIVERED, _OPEN, _CLERK, (N.WORDS,)),
    Transition(S.CONCLUDED, A.REVISIT, S.CONCLUDED, _OPEN, _CLERK, (N.WORDS,)),
)
del S, A, N, C

_BY_KEY = {(line.from_state, line.action, category): line for line in TRANSITIONS for category in line.categories}


def find_transition(state: State, action: Action, category: Category) -> Transition | None:
    """The line for this action in this state, or None when the table does not allow it."""
    return _BY_KEY.get((state, action, category))


def has_ended(state: State, category: Category) -> bool:
    """Whether nobody works on it any longer: it is concluded, after which there may only be a revisit, or nothing
    may follow."""
    return state is State.CONCLUDED or not transitions_from(state, category)


def transitions_from(state: State, category: Category) -> list[Transition]:
    """What may follow, in the order of the table."""
    return [line for line in TRANSITIONS if line.from_state is state and category in line.categories]
