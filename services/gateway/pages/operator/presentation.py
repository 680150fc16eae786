"""The operator's page in words: services, queues, scheduled tasks, recalculations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.pages.operator.standing import Standing, is_behind
from services.gateway.pages.recalculation.presentation import mode_words, run_state
from services.gateway.pages.wording import _, _l
from services.gateway.pages.words import count_words, duration_words, moment_words
from shared.messaging.queue_standings import QueueStanding
from shared.messaging.scheduled_runs import RunState, ScheduledRun
from shared.models.base import now
from shared.topology import Queue, Service

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


def service_words(service: Service) -> str:
    """What people call a service."""
    return {
        Service.INTAKE: _("台账和诉求"),
        Service.POINTS: _("积分"),
        Service.PETITIONS: _("信访"),
        Service.GATEWAY: _("入口和页面"),
    }[service]


def queue_words(queue: Queue) -> str:
    """What people call a queue."""
    name = service_words(queue.service)
    return _("%(name)s（批量）", name=name) if queue.is_bulk else name


def task_words(name: str) -> str:
    """What a scheduled task does, by its message's name."""
    return str(_TASKS[name.partition(".")[2]])


def service_line(standing: Standing) -> dict[str, object]:
    """A row of the table of services."""
    name = service_words(standing.service)
    if not standing.answers:
        return {"name": name, "state": _("没有应答"), "waiting": "", "oldest": "", "dead": "", "release": ""}
    since = standing.oldest_since
    return {
        "name": name,
        "state": _("正常"),
        "waiting": standing.waiting,
        "oldest": duration_words((now() - since).total_seconds()) if since else "",
        "dead": standing.dead,
        "release": _("%(release)s，数据表 %(schema)s", release=standing.release, schema=standing.schema[:4]),
    }


def trouble(standing: Standing) -> str:
    """What someone must do about a service that needs it."""
    name = service_words(standing.service)
    if not standing.answers:
        return _("“%(name)s”没有应答：看它的日志，再重新启动它。", name=name)
    if standing.dead:
        return _(
            "“%(name)s”有 %(count)s 条消息没处理成：看下面的原因，改好后再送一次。", name=name, count=standing.dead
        )
    if standing.is_late:
        return _("“%(name)s”发出的消息等了太久：看看后台任务和 Redis 是不是在运行。", name=name)
    if any(run.state is RunState.MISSED for run in standing.scheduled):
        return _("“%(name)s”的定时任务到点没有开始：看看定时器是不是在运行。", name=name)
    return _("“%(name)s”的定时任务等了太久：看看它的后台任务是不是在运行。", name=name)


def queue_lines(standings: Mapping[Queue, QueueStanding]) -> list[dict[str, str]]:
    """Rows of the table of queues."""
    return [
        {
            "name": queue_words(queue),
            "waiting": count_words(standing.waiting),
            "unacked": count_words(standing.unacked),
            "oldest": "" if (held := standing.oldest_unacked_seconds) is None else duration_words(held),
        }
        for queue, standing in standings.items()
    ]


def run_line(service: Service, run: ScheduledRun) -> dict[str, object]:
    """A row of the table of scheduled tasks."""
    return {
        "name": task_words(run.name),
        "service": service_words(service),
        "state": _state_words(run),
        "kind": "late" if is_behind(run) else "done" if run.state is RunState.DONE else "plain",
        "done": moment_words(run.done_at) or _("还没有做过"),
        "next": moment_words(run.next_at),
    }


def recalculation_lines(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows of the table of recalculations, newest first."""
    lines = []
    for run in runs:
        words, kind = run_state(run["state"])
        lines.append(
            {
                "name": f"{mode_words(run['mode'])} {moment_words(run['created_at'])}",
                "state": words,
                "kind": kind,
                "done": _("%(done)s / %(total)s 个村", done=run["done"], total=run["total"]),
            }
        )
    return lines


def _state_words(run: ScheduledRun) -> str:
    return {
        RunState.DONE: _("做完了"),
        RunState.WAITING: _("等着做"),
        RunState.DEAD: _("没做成"),
        RunState.MISSED: _("到点没有开始"),
    }[run.state]
