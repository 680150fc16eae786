"""Programs that a part of the bench starts, and ends with it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.heartbeat import INTERVAL_SECONDS

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0 + INTERVAL_SECONDS


class Programs:
    """A context: whatever was started in it has ended when it ends, the last first."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment = dict(environment)
        self._log = log
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in reversed(self._started):
            self.end(program)

    def start(self, command: Sequence[str], **environment: str) -> subprocess.Popen[bytes]:
        """Start a program; its words go to the log."""
        with self._log.open("ab") as log:
            program = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._started.append(program)
        return program

    def end(self, program: subprocess.Popen[bytes]) -> None:
        """Ask a program to end, and see to it that it does."""
        program.terminate()
        try:
            program.wait(20)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()

    def wait(self, what: str, is_true: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Wait for a condition. Raises RuntimeError with the end of the log where it does not come."""
        deadline = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > deadline:
                told = self._log.read_text(errors="replace")[-800:] if self._log.exists() else ""
                raise RuntimeError(f"{what} did not come within {seconds:.0f} s; {told}")
            time.sleep(0.05)


def celery_worker(application: str, queue: str, name: str, processes: int) -> list[str]:
    """The command of a worker."""
    return [
        *(sys.executable, "-m", "celery", "-A", application, "--quiet", "worker", "--queues", queue),
        *("--concurrency", str(processes), "--hostname", f"{name}@%h", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle"),
    ]
