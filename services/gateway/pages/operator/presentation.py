"""The operator's page in words: services, what is wrong with them, recalculations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.pages.operator.standing import Standing
from services.gateway.pages.recalculation.presentation import mode_words, run_state
from services.gateway.pages.wording import _
from services.gateway.pages.words import count_words, duration_words, moment_words
from shared.messaging.scheduled_runs import RunState
from shared.models.base import now
from shared.topology import Service

_NAMED = 4


def service_words(service: Service) -> str:
    """What people call a service."""
    return {
        Service.INTAKE: _("台账和诉求"),
        Service.POINTS: _("积分"),
        Service.PETITIONS: _("信访"),
        Service.GATEWAY: _("入口和页面"),
    }[service]


def service_line(standing: Standing) -> dict[str, str]:
    """A row of the list of services: its name, whether it answers, what it has sent, its version."""
    name = service_words(standing.service)
    if not standing.answers:
        return {"name": name, "state": _("没有应答"), "kind": "late", "sent": "", "release": ""}
    late = standing.is_late or bool(standing.dead)
    return {
        "name": name,
        "state": _("要人处理") if late else _("正常"),
        "kind": "late" if late else "done",
        "sent": _sent_words(standing),
        "release": _("版本 %(release)s，数据表 %(schema)s", release=standing.release, schema=standing.schema[:4]),
    }


def _sent_words(standing: Standing) -> str:
    """What the service has sent that nobody has handled yet."""
    since = standing.oldest_since
    if not since:
        words = _("没有等着送的消息")
    else:
        oldest = duration_words((now() - since).total_seconds())
        words = _("等着送的消息 %(count)s 条，最早的等了%(oldest)s", count=count_words(standing.waiting), oldest=oldest)
    return (
        _("%(words)s；送不成的 %(count)s 条", words=words, count=count_words(standing.dead)) if standing.dead else words
    )


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


def recalculation_lines(runs: Sequence[Mapping[str, Any]], villages: int) -> list[dict[str, str]]:
    """Rows of the list of recalculations, newest first; of a township with so many villages."""
    lines = []
    for run in runs:
        words, kind = run_state(run["state"])
        lines.append(
            {
                "name": f"{mode_words(run['mode'])} {moment_words(run['created_at'])}",
                "state": words,
                "kind": kind,
                "villages": _villages_words(run["villages"], villages),
                "done": _("%(done)s / %(total)s 个村", done=run["done"], total=run["total"]),
            }
        )
    return lines


def recalculations_words(township: str, villages: int, townships: int) -> str:
    """Whose recalculations the list holds: an operator's rights end with the township, as everyone's do."""
    here = _("这里是%(township)s %(villages)s 个村的重算。", township=township, villages=villages)
    return here + _("别的乡镇的，由它们自己的运维看。") if townships > 1 else here


def _villages_words(names: Sequence[str], villages: int) -> str:
    if len(names) >= villages:
        return _("全部 %(count)s 个村", count=len(names))
    if len(names) <= _NAMED:
        return "、".join(names)
    return _("%(names)s 等 %(count)s 个村", names="、".join(names[:_NAMED]), count=len(names))
