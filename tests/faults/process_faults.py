"""Faults of processes: killed, killed with something in hand, beside a second one or one of the previous version."""

from __future__ import annotations

import os
import signal
import time

import psutil

from shared.topology import ROLES
from tests.faults.case import Case
from tests.faults.system import wait_for

_AGAIN_SECONDS = 60.0
_UNSENT_SECONDS = 4.0


def kill(case: Case) -> None:
    """kill -9 of one process; its supervisor starts it again."""
    before = kill_process(case)
    case.watch(lambda: case.system.works(case.target, instead_of=before), "another works")


def kill_process(case: Case) -> int:
    """Kill the target where it runs; the number of the process that is gone."""
    before = running(case, case.target)
    os.kill(before, signal.SIGKILL)
    case.over()
    case.require_soon(lambda: case.system.main_pid(case.target) != before, f"process {before} gone")
    return before


def kill_child(case: Case) -> None:
    """kill -9 of a process of a worker's pool; the worker starts another one."""
    wait_for(lambda: case.system.pool_child(case.target) is not None, _AGAIN_SECONDS, f"{case.target}'s pool")
    child = case.system.pool_child(case.target)
    if child is not None:
        child.kill()
    case.over()
    case.require(child is not None and _is_gone(child), f"process {child.pid if child else ''} of the pool gone")
    case.watch(lambda: case.system.pool_child(case.target) not in (None, child), "another in the pool")


def kill_unsent(case: Case) -> None:
    """The publisher's side: while Redis takes nothing, a service commits; it is killed with what it had to send."""
    before = case.system.ask("SELECT now()")
    case.system.redis_client().client_pause(int(_UNSENT_SECONDS * 1000))
    time.sleep(_UNSENT_SECONDS * 3 / 4)
    unsent = case.system.ask(
        f"""SELECT count(*) FROM {case.target}_outbox o WHERE o.created_at > %s AND o.receiver = 'gateway'
        AND NOT EXISTS (SELECT FROM gateway_inbox i WHERE i.message_id = o.message_id)""",
        before,
    )
    killed = kill_process(case)
    case.require(unsent, f"{unsent} messages not sent")
    case.watch(lambda: case.system.works(case.target, instead_of=killed), "another works")


def two_schedulers(case: Case) -> None:
    """A second scheduler beside the first, which also tries to write everything that is due."""
    first = running(case, "scheduler")
    second = case.system.add("scheduler-2", ROLES["scheduler"])
    try:
        # A scheduler beats after each pass, and its first pass tries every slot of the schedule.
        case.require_soon(
            lambda: second.process is not None and case.system.beating("scheduler") == second.process.pid,
            "the second one writes slots",
        )
        case.require_soon(lambda: case.system.beating("scheduler") == first, "so does the first")
        case.hold()
        twice = case.system.ask(
            "SELECT count(*) FROM (SELECT slot FROM points_outbox WHERE slot IS NOT NULL GROUP BY slot "
            "HAVING count(*) > 1) s"
        )
        case.require(twice == 0, "no slot is there twice")
    finally:
        case.system.remove(second)
        case.over()


def previous_version(case: Case) -> None:
    """A worker of the previous version takes from the same queue."""
    name = f"previous-{case.target}"
    begin = case.system.said()
    old = case.system.add(name, ROLES[case.target], PYTHONPATH=str(case.tools.previous.place))
    try:
        case.hold()
        case.require_soon(lambda: _handled(case, name, begin) > 0, "the old one handled messages")
        case.require_soon(lambda: _handled(case, case.target, begin) > 0, "so did the new one")
    finally:
        case.system.remove(old)
        case.over()


def _handled(case: Case, name: str, begin: int) -> int:
    lines = case.system.lines_since(begin)
    return sum(line.startswith(f"{name} ") and " message_handled " in line for line in lines)


def running(case: Case, name: str) -> int:
    """The process of this name, waited for where it is just being started again."""
    wait_for(lambda: case.system.main_pid(name) is not None, _AGAIN_SECONDS, name)
    return case.system.main_pid(name) or 0


def _is_gone(process: psutil.Process) -> bool:
    """Waited for: its parent notices at once."""
    _, alive = psutil.wait_procs([process], timeout=5)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
