"""The faults themselves: what a strike does to the system, and what ends it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from shared.topology import ROLES
from tests.faults.previous import PreviousVersion
from tests.faults.system import DrillSystem, wait_for
from tests.faults.uploads import UploadRoom

AGAIN_SECONDS = 60.0
_AHEAD, _BEHIND = 40, -40
"""Seconds by which a clock goes wrong; a request's word for who asks has 60 s of leeway."""
_SKEWED = Path(__file__).parent / "skewed"


@dataclass(frozen=True, slots=True)
class Tools:
    """What faults work with beside the system."""

    room: UploadRoom
    previous: PreviousVersion
    wait: Callable[[float], None]


def _kill(system: DrillSystem, target: str, _tools: Tools) -> Iterator[None]:
    """kill -9 of one process; its supervisor starts it again."""
    pid = _running(system, target)
    os.kill(pid, signal.SIGKILL)
    yield


def _kill_child(system: DrillSystem, target: str, _tools: Tools) -> Iterator[None]:
    """kill -9 of a process of a worker's pool, in the middle of a task if there is one."""
    wait_for(lambda: system.pool_child(target) is not None, AGAIN_SECONDS, f"{target}'s pool")
    child = system.pool_child(target)
    if child is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    yield


def _kill_unsent(system: DrillSystem, target: str, tools: Tools) -> Iterator[None]:
    """The publisher's side: while Redis takes nothing, a service commits; it is killed with what it had to send."""
    _client(system).client_pause(4000)
    tools.wait(3.0)
    os.kill(_running(system, target), signal.SIGKILL)
    tools.wait(1.0)
    yield


def _redis_kill(system: DrillSystem, _target: str, _tools: Tools) -> Iterator[None]:
    """kill -9 of Redis; it returns with what it had appended."""
    system.redis_may_return.clear()
    process = system.redis.process if system.redis else None
    if process is not None:
        process.kill()
    yield
    system.redis_may_return.set()
    wait_for(lambda: _answers(system), AGAIN_SECONDS, "Redis")


def _redis_flush(system: DrillSystem, _target: str, _tools: Tools) -> Iterator[None]:
    """Everything that Redis holds is gone."""
    _client(system).flushall()
    yield


def _redis_pause(system: DrillSystem, _target: str, tools: Tools) -> Iterator[None]:
    """Redis takes commands and answers none."""
    _client(system).client_pause(6000)
    yield
    wait_for(lambda: _answers(system), AGAIN_SECONDS, "Redis")


def _redis_stop(system: DrillSystem, _target: str, _tools: Tools) -> Iterator[None]:
    """The process stands still, its connections stay up."""
    pid = system.redis.process.pid if system.redis else 0
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


def _redis_half_open(system: DrillSystem, _target: str, _tools: Tools) -> Iterator[None]:
    """Connections stay up and every byte in them is swallowed; those that were up stay deaf."""
    if system.link is not None:
        system.link.swallow()
    yield
    if system.link is not None:
        system.link.mend()


def _postgresql_restart(system: DrillSystem, _target: str, _tools: Tools) -> Iterator[None]:
    """PostgreSQL ends at once, as by a crash, and is started again."""
    system.cluster.stop_server()
    yield
    system.cluster.start_server()


def _disk_full(_system: DrillSystem, _target: str, tools: Tools) -> Iterator[None]:
    """No room for uploads: a clear answer, nothing half-written."""
    tools.room.fill()
    yield
    tools.room.empty()


def _clock(system: DrillSystem, target: str, seconds: int) -> Iterator[None]:
    child = system.child(target)
    right = dict(child.environment)
    child.environment = {
        **right,
        "PYTHONPATH": f"{_SKEWED}{os.pathsep}{right['PYTHONPATH']}",
        "DRILL_CLOCK_OFFSET_SECONDS": str(seconds),
    }
    os.kill(_running(system, target), signal.SIGKILL)
    try:
        yield
    finally:
        child.environment = right
        os.kill(_running(system, target), signal.SIGKILL)


def _clock_ahead(system: DrillSystem, target: str, _tools: Tools) -> Iterator[None]:
    """One process's clock runs ahead of all others'."""
    return _clock(system, target, _AHEAD)


def _clock_behind(system: DrillSystem, target: str, _tools: Tools) -> Iterator[None]:
    """One process's clock lags behind all others'."""
    return _clock(system, target, _BEHIND)


def _two_schedulers(system: DrillSystem, _target: str, _tools: Tools) -> Iterator[None]:
    """A second scheduler beside the first."""
    second = system.add("scheduler-2", ROLES["scheduler"])
    yield
    system.remove(second)


def _previous_version(system: DrillSystem, target: str, tools: Tools) -> Iterator[None]:
    """A worker of the previous version takes from the same queue."""
    place = str(tools.previous.place)
    old = system.add(f"previous-{target}", ROLES[target], PYTHONPATH=place)
    yield
    system.remove(old)


_FAULTS: dict[str, Callable[[DrillSystem, str, Tools], Iterator[None]]] = {
    "kill": _kill,
    "kill_child": _kill_child,
    "kill_unsent": _kill_unsent,
    "redis_kill": _redis_kill,
    "redis_flush": _redis_flush,
    "redis_pause": _redis_pause,
    "redis_stop": _redis_stop,
    "redis_half_open": _redis_half_open,
    "postgresql_restart": _postgresql_restart,
    "disk_full": _disk_full,
    "clock_ahead": _clock_ahead,
    "clock_behind": _clock_behind,
    "two_schedulers": _two_schedulers,
    "previous_version": _previous_version,
}


def fault(kind: str, system: DrillSystem, target: str, tools: Tools) -> contextlib.AbstractContextManager[None]:
    """The fault as a block: it holds inside, and has ended when the block is left."""
    return contextmanager(_FAULTS[kind])(system, target, tools)


def _running(system: DrillSystem, name: str) -> int:
    """The process of this name, waited for where it is just being started again."""
    wait_for(lambda: system.main_pid(name) is not None, AGAIN_SECONDS, name)
    return system.main_pid(name) or 0


def _client(system: DrillSystem) -> redis.Redis:
    """Straight to Redis, not through the link."""
    url = system.redis.url if system.redis else ""
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def _answers(system: DrillSystem) -> bool:
    try:
        return bool(_client(system).ping())
    except redis.RedisError:
        return False
