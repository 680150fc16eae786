"""Heartbeat files: who is alive, for probes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from shared import heartbeat
from shared.messaging import relay, scheduler


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, as_settings: Callable[[str], None]) -> None:
    as_settings("sqlite://")


def test_a_process_that_never_beat_is_not_alive(capsys: pytest.CaptureFixture[str]) -> None:
    assert heartbeat.main(["points-worker"]) == 1
    assert capsys.readouterr().out == "points-worker: no heartbeat\n"


def test_a_fresh_beat_is_a_living_process() -> None:
    heartbeat.beat("points-worker")
    assert heartbeat.main(["points-worker"]) == 0
    assert heartbeat.main(["relay"]) == 1


def test_an_old_beat_is_a_stuck_process(capsys: pytest.CaptureFixture[str]) -> None:
    heartbeat.beat("relay")
    path = heartbeat.heartbeat_path("relay")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 90))
    assert heartbeat.main(["relay"]) == 1
    assert "last heartbeat 90 s ago" in capsys.readouterr().out
    assert heartbeat.main(["relay", "--max-age", "120"]) == 0


def test_a_stopped_process_leaves_no_file() -> None:
    heartbeat.beat("relay")
    heartbeat.stop_beating("relay")
    heartbeat.stop_beating("relay")
    assert heartbeat.age_of("relay") is None


def test_a_name_stays_inside_the_folder() -> None:
    assert heartbeat.heartbeat_path("../../etc/passwd").parent == heartbeat.heartbeat_path("relay").parent


def test_who_waits_for_the_database_is_alive() -> None:
    class Away:
        """Finds the database away at its first pass, which is its last."""

        def __init__(self) -> None:
            self.stopped = Event()

        def run_pass(self) -> int:
            self.stopped.set()
            raise OSError("nobody answers")

        def write_due(self, _present: object) -> list[str]:
            return [str(self.run_pass())]

    away: Any = Away()
    relay.run(away, away.stopped, 0)
    assert heartbeat.age_of("relay") is not None
    away = Away()
    scheduler.run(away, away.stopped)
    assert heartbeat.age_of("scheduler") is not None
