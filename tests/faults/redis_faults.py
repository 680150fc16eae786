"""Faults of Redis and of the way to it."""

from __future__ import annotations

import os
import signal

import redis

from shared.messaging.relay import EPOCH_KEY
from tests.faults.case import Case, NotFelt
from tests.faults.system import DrillSystem

_MARK = "drill:mark"


def redis_kill(case: Case) -> None:
    """kill -9 of Redis; it returns with what it had appended."""
    case.system.redis_may_return.clear()
    try:
        case.system.broker.process.kill()
        _require_silence(case, case.hold(lambda: not answers(case.system)))
    finally:
        case.over()
        case.system.redis_may_return.set()
    case.watch(lambda: answers(case.system), "it answers again")


def redis_flush(case: Case) -> None:
    """Everything that Redis holds is gone; the relay notices and sends again what is not done."""
    client = case.system.redis_client()
    # Processes fill it again at once; nobody makes this one anew.
    client.set(_MARK, "here")
    held = client.dbsize()
    client.flushall()
    case.over()
    case.require(client.get(_MARK) is None, f"{held} keys gone")
    case.watch(lambda: _knows_epoch(case.system), "the relay has sent all again")


def redis_pause(case: Case) -> None:
    """Redis takes commands and answers none."""
    case.system.redis_client().client_pause(int(case.strike.lasts * 1000))
    _require_silence(case, case.hold(lambda: not answers(case.system)))
    case.over()
    case.watch(lambda: answers(case.system), "it answers again")


def redis_stop(case: Case) -> None:
    """The process stands still, its connections stay up."""
    pid = case.system.broker.process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        _require_silence(case, case.hold(lambda: not answers(case.system)))
    finally:
        case.over()
        os.kill(pid, signal.SIGCONT)
    case.watch(lambda: answers(case.system), "it answers again")


def redis_half_open(case: Case) -> None:
    """Connections stay up and every byte in them is swallowed; those that were up stay deaf."""
    link = case.system.link
    if link is None:
        raise NotFelt("there is no link before Redis")
    deaf = link.deaf
    link.swallow()
    try:
        _require_silence(case, case.hold(lambda: answers(case.system) and not answers(case.system, link.url)))
        case.require(link.deaf > deaf, f"{link.deaf - deaf} connections deaf")
    finally:
        case.over()
        link.mend()
    case.watch(lambda: answers(case.system, link.url), "new connections work")


def _require_silence(case: Case, unanswered: int) -> None:
    case.require(unanswered, f"{unanswered} questions unanswered")


def answers(system: DrillSystem, url: str | None = None) -> bool:
    """Whether Redis answers within a second, straight or by the way that the processes go."""
    try:
        return bool(system.redis_client(url).ping())
    except redis.RedisError:
        return False


def _knows_epoch(system: DrillSystem) -> bool:
    """Whether a relay has come to the end of sending everything again."""
    try:
        return system.redis_client().get(EPOCH_KEY) not in (None, b"unfinished")
    except redis.RedisError:
        return False
