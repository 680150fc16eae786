"""States, acts and kinds of intake's records."""

from __future__ import annotations

from enum import StrEnum


class DemandState(StrEnum):
    """How far a demand is. The word 受理 belongs to petitions only."""

    WAITING = "waiting"
    """待派单."""
    ASSIGNED = "assigned"
    """已派单: to an office or a person."""
    TAKEN = "taken"
    """已接单: someone has it in hand."""
    WORKING = "working"
    """办理中."""
    ANSWERED = "answered"
    """已答复待回访: waits for the reporter's word."""
    CLOSED = "closed"
    """已办结."""
    WITHDRAWN = "withdrawn"
    """已撤回 by the reporter, before anybody took it."""
    CONVERTED = "converted"
    """已转信访: the petitions service has it; text and reporter are deleted here."""


class DemandAction(StrEnum):
    """What is done to a demand; the table of transitions says when and by whom."""

    ASSIGN = "assign"
    """派单."""
    TAKE = "take"
    """接单."""
    START = "start"
    """开始办理."""
    ANSWER = "answer"
    """答复."""
    SEND_BACK = "send_back"
    """退回 with a reason."""
    CONFIRM = "confirm"
    """确认办结, by the reporter or by a visit."""
    REOPEN = "reopen"
    """重新办理, by a dissatisfied reporter."""
    WITHDRAW = "withdraw"
    """撤回."""
    CONVERT = "convert"
    """转为信访."""
    CONCLUDE = "conclude"
    """信访办结: the petition that it became has ended."""


class DemandChannel(StrEnum):
    """Where a demand came in."""

    PAGE = "page"
    """居民网页."""
    COUNTER = "counter"
    """窗口代填."""
    CALL = "call"
    """来电."""
    VISIT = "visit"
    """走访."""


class ImportKind(StrEnum):
    """What a workbook holds."""

    HOUSEHOLDS_RESIDENTS = "households_residents"
    """户和人: one row a resident, households by card or number."""
    DUTIES = "duties"
    """职责: person, role, area and term."""


class ImportState(StrEnum):
    """How far an import is."""

    WAITING = "waiting"
    """排队中."""
    RUNNING = "running"
    """处理中."""
    CHECKED = "checked"
    """已检查: a dry run has ended, nothing is imported yet."""
    REFUSED = "refused"
    """有错误，未导入."""
    DONE = "done"
    """已导入."""
    FAILED = "failed"
    """无法读取: the file itself can't be used; `detail` says why."""
