"""Every fault by its kind, with those of the database, the disk and the clocks."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.faults.case import Case
from tests.faults.process_faults import kill, kill_child, kill_unsent, previous_version, running, two_schedulers
from tests.faults.redis_faults import redis_flush, redis_half_open, redis_kill, redis_pause, redis_stop
from tests.faults.system import DrillSystem

WRONG_SECONDS = 40
"""By how much a clock goes wrong; a request's word for who asks has 60 s of leeway."""
_SKEWED = Path(__file__).parent / "skewed"
# Rows that a process wrote by its own clock; that of the database is right.
_FROM_THE_FUTURE = f"""
SELECT count(*) FROM points_idempotency WHERE created_at > greatest(now(), %s) + interval '{WRONG_SECONDS / 2} s'"""
_BEFORE_THEY_WERE_MADE = f"""
SELECT count(*) FROM intake_outbox WHERE created_at > %s AND done_at < created_at - interval '{WRONG_SECONDS / 2} s'"""


def postgresql_restart(case: Case) -> None:
    """PostgreSQL ends at once, as by a crash, and is started again."""
    since = case.system.ask("SELECT pg_postmaster_start_time()")
    case.system.cluster.stop_server()
    try:
        refused = case.hold(lambda: not _takes_connections(case.system))
        case.require(refused, f"{refused} connections refused")
    finally:
        case.over()
        case.system.cluster.start_server()
    case.watch(lambda: case.system.ask("SELECT pg_postmaster_start_time()") != since, "it answers again")


def disk_full(case: Case) -> None:
    """No room for uploads: a clear answer, nothing half-written."""
    case.tools.room.fill()
    try:
        case.hold()
        refused = case.heard(507, client="photos")
        case.require(refused, f"{refused} uploads told that there is no room")
        case.require(not case.tools.room.drafts(), "nothing half-written")
    finally:
        case.over()
        case.tools.room.empty()


def clock_ahead(case: Case) -> None:
    """One process's clock runs ahead of all others'."""
    _clock(case, WRONG_SECONDS, _FROM_THE_FUTURE, "rows written {} from the future")


def clock_behind(case: Case) -> None:
    """One process's clock lags behind all others'."""
    _clock(case, -WRONG_SECONDS, _BEFORE_THEY_WERE_MADE, "rows done before they were made: {}")


def _clock(case: Case, seconds: int, written: str, words: str) -> None:
    """Start the process with a wrong clock, until rows show it; then with the right one."""
    child = case.system.child(case.target)
    right = dict(child.environment)
    child.environment = {
        **right,
        "PYTHONPATH": f"{_SKEWED}{os.pathsep}{right['PYTHONPATH']}",
        "DRILL_CLOCK_OFFSET_SECONDS": str(seconds),
    }
    since = case.system.ask("SELECT now()")
    os.kill(running(case, case.target), signal.SIGKILL)
    try:
        deadline = time.monotonic() + case.strike.lasts * 2
        case.hold()
        while not (rows := case.system.ask(written, since)) and time.monotonic() < deadline:
            time.sleep(0.5)
        case.require(rows, words.format(rows))
    finally:
        child.environment = right
        skewed = running(case, case.target)
        os.kill(skewed, signal.SIGKILL)
        case.over()
    case.watch(lambda: case.system.works(case.target, instead_of=skewed), "another works")


def _takes_connections(system: DrillSystem) -> bool:
    try:
        psycopg.connect(system.cluster.url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


FAULTS: dict[str, Callable[[Case], None]] = {
    "kill": kill,
    "kill_random": kill,
    "kill_child": kill_child,
    "kill_unsent": kill_unsent,
    "redis_kill": redis_kill,
    "redis_flush": redis_flush,
    "redis_pause": redis_pause,
    "redis_stop": redis_stop,
    "redis_half_open": redis_half_open,
    "postgresql_restart": postgresql_restart,
    "disk_full": disk_full,
    "clock_ahead": clock_ahead,
    "clock_behind": clock_behind,
    "two_schedulers": two_schedulers,
    "previous_version": previous_version,
}
