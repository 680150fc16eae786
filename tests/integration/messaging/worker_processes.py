"""Real processes for tests: workers that handle the probe messages, the relay, the scheduler."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.embedded.parentage import die_with_parent
from shared.heartbeat import age_of
from tests.fixtures.waiting import wait_until


@dataclass(slots=True)
class RunningProcess:
    """A child process with its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, sign: int = signal.SIGTERM, timeout: float = 30) -> int:
        """Send `sign` and wait for the end; a process that does not end is killed with its children."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            return self.process.wait(timeout)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


StartProcess = Callable[..., RunningProcess]
StartWorker = Callable[..., RunningProcess]


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[StartProcess]:
    """Start `python -m …` with this test's settings; every process is ended after the test."""
    running: list[RunningProcess] = []

    def start(name: str, arguments: Sequence[str], **environment: str) -> RunningProcess:
        log = tmp_path / f"{name}.log"
        with log.open("ab") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, "REMAP_SIGTERM": "SIGQUIT", "XZ_LOG_LEVEL": "INFO", **environment},
                preexec_fn=die_with_parent(),
                start_new_session=True,
            )
        running.append(RunningProcess(process, log))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()


@pytest.fixture
def start_worker(start_process: StartProcess) -> StartWorker:
    """Start a worker for the probe messages and wait until it takes messages (its heartbeat comes after that)."""

    def start(
        name: str = "probe", *, processes: int = 2, queues: str = "points,intake", **environment: str
    ) -> RunningProcess:
        module = ["celery", "-A", "tests.integration.messaging.probe_worker", "worker", "-l", "INFO"]
        options = [
            "-n",
            f"{name}@test",
            "-Q",
            queues,
            "-c",
            str(processes),
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
        running = start_process(name, [*module, *options], **environment)
        wait_until(lambda: age_of(name) is not None or running.process.poll() is not None, timeout=60)
        assert running.process.poll() is None, running.log.read_text()
        return running

    return start
