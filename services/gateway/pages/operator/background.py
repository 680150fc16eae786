"""Work behind the pages in words: scheduled tasks by service, and queues, what is late always first and in sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.pages.operator.presentation import service_words
from services.gateway.pages.operator.standing import Standing, is_behind
from services.gateway.pages.wording import _, _l
from services.gateway.pages.words import count_words, duration_words, moment_words
from shared.messaging.queue_standings import QueueStanding
from shared.messaging.scheduled_runs import RunState, ScheduledRun
from shared.topology import Queue

_TASKS = {
    "chain_audit": _l("串起审计记录"),
    "forget_expired": _l("清理到期的数据"),
    "forget_past": _l("删除满了保存期限的个人信息"),
    "renew_fields": _l("换上新的加密密钥"),
    "forget_logins": _l("清理过期的登录"),
    "sweep_shards": _l("接着做没做完的重算"),
    "open_quarters": _l("开新的季度"),
    "lapse_redemptions": _l("退回逾期未领的预留"),
    "expire_points": _l("到期的积分记账"),
    "forget_previews": _l("清理旧的重算预览"),
    "remind_of_clocks": _l("提醒信访时限"),
    "remind_of_demands": _l("提醒诉求时限"),
}


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """The scheduled tasks of one service: one line that opens to all of them."""

    name: str
    words: str
    kind: str
    """Of the tag: `late` when someone must look, `soon` when one waits or has never run, else `done`."""
    lines: list[dict[str, str]]


def task_words(name: str) -> str:
    """What a scheduled task does, by its message's name."""
    return str(_TASKS[name.partition(".")[2]])


def task_groups(found: Sequence[Standing]) -> list[TaskGroup]:
    """Scheduled tasks by the services that answer."""
    return [_task_group(standing) for standing in found if standing.scheduled]


def late_tasks(found: Sequence[Standing]) -> list[dict[str, str]]:
    """Rows of the scheduled tasks that someone must look after, of all services."""
    return [
        {
            **run_line(run),
            "name": _("%(service)s：%(task)s", service=service_words(standing.service), task=task_words(run.name)),
        }
        for standing in found
        for run in standing.scheduled
        if is_behind(run)
    ]


def tasks_words(found: Sequence[Standing]) -> str:
    """All scheduled tasks in a sentence."""
    runs = [run for standing in found for run in standing.scheduled]
    late = sum(map(is_behind, runs))
    if late:
        return _("%(count)s 件里有 %(late)s 件没按时做：", count=len(runs), late=late)
    return _("%(count)s 件都按时。", count=len(runs))


def run_line(run: ScheduledRun) -> dict[str, str]:
    """A row of the table of scheduled tasks."""
    return {
        "name": task_words(run.name),
        "state": _state_words(run),
        "kind": "late" if is_behind(run) else "done" if run.state is RunState.DONE else "plain",
        "done": moment_words(run.done_at) or _("还没有做过"),
        "next": moment_words(run.next_at),
    }


def queue_words(queue: Queue) -> str:
    """What people call a queue."""
    name = service_words(queue.service)
    return _("%(name)s（批量）", name=name) if queue.is_bulk else name


def busy_queues(standings: Mapping[Queue, QueueStanding]) -> list[dict[str, str]]:
    """Rows of the queues in which something waits or is being worked at."""
    return [
        {
            "name": queue_words(queue),
            "waiting": count_words(standing.waiting),
            "unacked": count_words(standing.unacked),
            "oldest": "" if (held := standing.oldest_unacked_seconds) is None else duration_words(held),
        }
        for queue, standing in standings.items()
        if _is_busy(standing)
    ]


def idle_queues(standings: Mapping[Queue, QueueStanding]) -> str:
    """The empty queues in a sentence; nothing where each has something."""
    idle = [queue_words(queue) for queue, standing in standings.items() if not _is_busy(standing)]
    if not idle:
        return ""
    if len(idle) == len(standings):
        return _("%(count)s 个队列都空着：%(names)s。", count=len(idle), names="、".join(idle))
    return _("其余 %(count)s 个队列空着：%(names)s。", count=len(idle), names="、".join(idle))


def _task_group(standing: Standing) -> TaskGroup:
    name, runs = service_words(standing.service), standing.scheduled
    late = sum(map(is_behind, runs))
    if late:
        words, kind = _("%(late)s 件没按时", late=late), "late"
    elif pending := sum(run.state is not RunState.DONE for run in runs):
        words, kind = _("%(count)s 件等着做", count=pending), "plain"
    else:
        words, kind = _("%(count)s 件都按时", count=len(runs)), "done"
    return TaskGroup(name, words, kind, [run_line(run) for run in sorted(runs, key=is_behind, reverse=True)])


def _is_busy(standing: QueueStanding) -> bool:
    return bool(standing.waiting or standing.unacked)


def _state_words(run: ScheduledRun) -> str:
    return {
        RunState.DONE: _("做完了"),
        RunState.WAITING: _("等着做"),
        RunState.DEAD: _("没做成"),
        RunState.MISSED: _("到点没有开始"),
    }[run.state]
