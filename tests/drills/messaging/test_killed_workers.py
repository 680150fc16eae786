"""Workers killed in the middle of their work: nothing is lost or doubled, and no message kills for ever."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from shared.messaging.attempts import KILLED, MAX_ATTEMPTS
from shared.topology import Service
from tests.drills.messaging.houses import let_time_pass, send
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.effects import attempts, dead_letters, effects, waiting_count
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.worker_processes import StartProcess, StartWorker

pytestmark = pytest.mark.usefixtures("any_database", "redis_url")


def starts(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def has_started_again(path: Path, earlier: int) -> bool:
    return starts(path) > earlier


def test_a_message_whose_child_was_killed_is_handled_by_the_next(
    database_for: DatabaseFor, start_worker: StartWorker, tmp_path: Path
) -> None:
    start_worker()
    path = tmp_path / "starts"
    send(database_for(Service.INTAKE), [Probe("a", "die_once", str(path))])
    wait_until(lambda: effects(database_for(Service.POINTS)), timeout=60)
    assert effects(database_for(Service.POINTS)) == {"a": 1}
    assert starts(path) == 2
    assert attempts(database_for(Service.POINTS)) == {}


def test_a_message_that_always_kills_its_child_is_parked_and_the_others_go_on(
    database_for: DatabaseFor, start_worker: StartWorker, tmp_path: Path
) -> None:
    start_worker()
    intake, points, path = database_for(Service.INTAKE), database_for(Service.POINTS), tmp_path / "starts"
    (deadly,) = send(intake, [Probe("deadly", "die", str(path))])
    send(intake, [Probe(f"good {number}") for number in range(20)])
    wait_until(lambda: deadly in dead_letters(points), timeout=90)
    assert dead_letters(points)[deadly] == (KILLED, MAX_ATTEMPTS)
    assert starts(path) == MAX_ATTEMPTS
    wait_until(lambda: len(effects(points)) == 20, timeout=60)
    assert effects(points) == {f"good {number}": 1 for number in range(20)}


def test_a_message_that_always_kills_its_whole_worker_is_parked_after_five_starts(
    database_for: DatabaseFor, start_worker: StartWorker, start_process: StartProcess, tmp_path: Path
) -> None:
    """Nothing is left that could hand the message back: the relay's copies alone say that there was a start before."""
    intake, points, path = database_for(Service.INTAKE), database_for(Service.POINTS), tmp_path / "starts"
    start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    (deadly,) = send(intake, [Probe("deadly", "hold", str(path))])
    for earlier in range(MAX_ATTEMPTS):
        assert starts(path) == earlier
        doomed = start_worker(f"doomed{earlier}", processes=1)
        let_time_pass(intake)
        wait_until(partial(has_started_again, path, earlier), timeout=60)
        os.killpg(doomed.process.pid, signal.SIGKILL)
        doomed.process.wait()
    send(intake, [Probe("good")])
    start_worker("next", processes=1)
    let_time_pass(intake)
    wait_until(lambda: deadly in dead_letters(points), timeout=60)
    assert dead_letters(points)[deadly] == (KILLED, MAX_ATTEMPTS)
    assert starts(path) == MAX_ATTEMPTS
    wait_until(lambda: effects(points), timeout=60)
    assert effects(points) == {"good": 1}


def test_a_poison_message_is_parked_after_five_failures_and_the_others_go_on(
    database_for: DatabaseFor, start_worker: StartWorker, start_process: StartProcess
) -> None:
    start_worker()
    start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    intake, points = database_for(Service.INTAKE), database_for(Service.POINTS)
    (poison,) = send(intake, [Probe("poison", "fail")])
    send(intake, [Probe(f"good {number}") for number in range(20)])

    def is_parked_later() -> bool:
        let_time_pass(intake)
        return poison in dead_letters(points)

    wait_until(is_parked_later, timeout=90, every=0.5)
    assert dead_letters(points)[poison][1] == MAX_ATTEMPTS
    wait_until(lambda: waiting_count(intake) == 0, timeout=60)
    assert effects(points) == {f"good {number}": 1 for number in range(20)}


def test_a_message_whose_worker_was_killed_is_sent_again_by_the_relay(
    database_for: DatabaseFor, start_worker: StartWorker, start_process: StartProcess, tmp_path: Path
) -> None:
    intake, points, path = database_for(Service.INTAKE), database_for(Service.POINTS), tmp_path / "starts"
    doomed = start_worker("doomed", processes=1)
    send(intake, [Probe("a", "hold", str(path)), Probe("b"), Probe("c")])
    wait_until(path.exists, timeout=60)
    os.killpg(doomed.process.pid, signal.SIGKILL)
    doomed.process.wait()
    (tmp_path / "starts.go").touch()
    start_worker("next")
    start_process("relay", ["shared.messaging.relay"], XZ_RELAY_INTERVAL_SECONDS="0.2")
    let_time_pass(intake)
    wait_until(lambda: len(effects(points)) == 3 and waiting_count(intake) == 0, timeout=60)
    assert effects(points) == {"a": 1, "b": 1, "c": 1}


def test_sigterm_puts_unfinished_work_back_for_the_next_worker(
    database_for: DatabaseFor, start_worker: StartWorker, tmp_path: Path
) -> None:
    intake, points, path = database_for(Service.INTAKE), database_for(Service.POINTS), tmp_path / "starts"
    leaving = start_worker("leaving", processes=1)
    send(intake, [Probe("a", "hold", str(path))])
    wait_until(path.exists, timeout=60)
    leaving.stop(signal.SIGTERM, timeout=60)
    (tmp_path / "starts.go").touch()
    start_worker("next")
    wait_until(lambda: effects(points), timeout=60)
    assert effects(points) == {"a": 1}
    assert starts(path) == 2
