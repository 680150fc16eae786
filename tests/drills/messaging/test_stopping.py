"""A worker that is asked to stop in the moment in which Redis is lost stops, whatever it was doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.embedded.parentage import die_with_parent
from shared.heartbeat import age_of
from shared.messaging.celery_settings import SOFT_SHUTDOWN_SECONDS, WORKER_SOCKET_TIMEOUT
from shared.settings import settings
from shared.topology import Service
from tests.drills.messaging.houses import MortalRedis, let_time_pass, send
from tests.drills.messaging.test_lost_redis import everything_once
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.links import Link
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.worker_processes import RunningProcess, StartProcess, StartWorker

# Time for the processes themselves on a busy machine, on top of what the settings allow.
MARGIN_SECONDS = 15


@pytest.fixture
def mortal_redis(tmp_path: Path, sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MortalRedis]:
    """A running Redis that the settings name, and that finds its messages again after a kill."""
    server = MortalRedis(tmp_path / "redis", durable=True)
    server.start()
    monkeypatch.setenv("REDIS_URL", server.url)
    settings.cache_clear()
    yield server
    server.kill()


def told_to_stop_before_it_notices(worker: RunningProcess, redis: MortalRedis) -> list[psutil.Process]:
    """Kill Redis and ask the worker to stop while it looks away; gives the processes that have to end."""
    family = [psutil.Process(worker.process.pid), *psutil.Process(worker.process.pid).children(recursive=True)]
    worker.process.send_signal(signal.SIGSTOP)
    redis.kill()
    worker.process.send_signal(signal.SIGTERM)
    worker.process.send_signal(signal.SIGCONT)
    return family


def is_gone(process: psutil.Process) -> bool:
    try:
        return str(process.status()) == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_an_idle_worker_stops_without_redis(mortal_redis: MortalRedis, start_worker: StartWorker) -> None:
    worker = start_worker()
    family = told_to_stop_before_it_notices(worker, mortal_redis)
    worker.process.wait(MARGIN_SECONDS)
    wait_until(lambda: all(is_gone(each) for each in family))


def test_a_worker_that_waits_for_redis_stops(mortal_redis: MortalRedis, start_worker: StartWorker) -> None:
    worker = start_worker()
    mortal_redis.kill()
    wait_until(lambda: "Trying again in" in worker.log.read_text(), timeout=30)
    worker.process.send_signal(signal.SIGTERM)
    worker.process.wait(MARGIN_SECONDS)


def test_a_busy_worker_stops_without_redis_and_its_task_is_done_once_by_the_next(
    mortal_redis: MortalRedis,
    database_for: DatabaseFor,
    start_worker: StartWorker,
    start_process: StartProcess,
    tmp_path: Path,
) -> None:
    intake, points, path = database_for(Service.INTAKE), database_for(Service.POINTS), tmp_path / "starts"
    worker = start_worker()
    send(intake, [Probe("long", "hold", str(path))])
    wait_until(path.exists, timeout=60)
    family = told_to_stop_before_it_notices(worker, mortal_redis)
    worker.process.wait(SOFT_SHUTDOWN_SECONDS + MARGIN_SECONDS)
    wait_until(lambda: all(is_gone(each) for each in family))
    (tmp_path / "starts.go").touch()
    mortal_redis.start()
    start_worker("next")
    start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    let_time_pass(intake)
    everything_once(intake, points, 1)


@pytest.mark.usefixtures("sqlite_database")
def test_a_worker_behind_a_half_open_link_stops(link: Link, start_worker: StartWorker) -> None:
    worker = start_worker(REDIS_URL=link.url)
    link.swallow()
    worker.process.send_signal(signal.SIGTERM)
    worker.process.wait(WORKER_SOCKET_TIMEOUT + MARGIN_SECONDS)


@pytest.mark.usefixtures("sqlite_database", "redis_url")
def test_a_worker_whose_lines_nobody_reads_any_more_stops() -> None:
    """As under a launcher that was killed: the pipe behind its output is broken."""
    options = ["-n", "probe@test", "-Q", "points", "-c", "1", "--without-heartbeat"]
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tests.integration.messaging.probe_worker", "worker", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "REMAP_SIGTERM": "SIGQUIT"},
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    wait_until(lambda: age_of("probe") is not None, timeout=60)
    assert process.stdout is not None
    process.stdout.close()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(MARGIN_SECONDS)
    finally:
        process.kill()
