"""Keeps the processes of an embedded system running: readable prefixed logs, restarts with a pause, one clean end.

A child that ends is started again, after 1, 2, 4 … 30 seconds: one crashed worker never takes the system down.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from deploy.embedded.journal import Journal
from deploy.embedded.parentage import die_with_parent

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
# A child that ran so long has recovered: its next failure begins with the first pause again.
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 25.0
# A line of our own logs that asks nobody to do anything, or one of a worker that ends.
_ORDINARY = re.compile(r'\d\d:\d\d:\d\d (debug|info) |worker: |\{.*"level": "(debug|info)"')
_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


@dataclass(slots=True)
class Child:
    """One process: how it is started, and how it has fared."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    start_again_at: float = 0.0
    restarts: int = 0
    readers: list[threading.Thread] = field(default_factory=list)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children, prints their lines, starts them again, and ends all of them.

    All children are started by the thread that calls `start` and `tend`: Linux tells a child of its parent's death
    when that thread ends.
    """

    def __init__(self, output: IO[str] = sys.stdout, journal: Journal | None = None) -> None:
        self.children: list[Child] = []
        # While set, the terminal shows warnings and errors only; the journal keeps every line.
        self.is_quiet = False
        self._output = output
        self._journal = journal
        self._printing = threading.Lock()
        self._colour = output.isatty() and "NO_COLOR" not in os.environ

    def add(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Add a child; `start` starts it."""
        child = Child(name, list(command), dict(environment))
        self.children.append(child)
        return child

    def start(self) -> None:
        """Start every child that is not running."""
        for child in self.children:
            if not child.is_running():
                self._start(child)

    def tend(self, until: Callable[[], bool]) -> None:
        """Watch the children until `until` says so; start again whoever ended."""
        while not until():
            for child in self.children:
                self._look_after(child)
            time.sleep(0.1)

    def reload(self, name: str) -> None:
        """Let a web server start its workers anew, the new before the old end, so that it reads its files again."""
        for child in self.children:
            if child.name == name and child.process is not None and child.is_running():
                child.process.send_signal(signal.SIGHUP)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask all to end (workers hand their task back), wait, kill what remains; nothing is left behind."""
        for child in self.children:
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(child.is_running() for child in self.children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self.children:
            # Also for those that ended: a grandchild may have outlived its parent.
            _signal_group(child, signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
            for reader in child.readers:
                reader.join(1)

    def say(self, name: str, line: str) -> None:
        """Print one line under a process's name."""
        names = [child.name for child in self.children]
        width = max(len(each) for each in [*names, name])
        prefix = f"{name:<{width}} | "
        with self._printing:
            if self._journal is not None:
                self._journal.write(f"{prefix}{line}\n")
            if self.is_quiet and _ORDINARY.match(line):
                return
            if self._colour:
                colour = _COLOURS[names.index(name) % len(_COLOURS)] if name in names else 1
                prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
            self._output.write(f"{prefix}{line}\n")
            self._output.flush()

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(child.environment),
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        child.started_at = time.monotonic()
        child.start_again_at = 0.0
        reader = threading.Thread(target=self._read, args=(child.name, child.process), daemon=True)
        reader.start()
        child.readers = [each for each in child.readers if each.is_alive()] + [reader]

    def _read(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        for line in process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self.say(name, text)

    def _look_after(self, child: Child) -> None:
        if child.is_running():
            return
        moment = time.monotonic()
        if not child.start_again_at:
            if moment - child.started_at > HEALTHY_SECONDS:
                child.pause = FIRST_PAUSE
            child.start_again_at = moment + child.pause
            code = child.process.returncode if child.process else None
            self.say(child.name, f"ended with code {code}, starts again in {child.pause:.0f} s")
            child.pause = min(child.pause * 2, LONGEST_PAUSE)
            # What the dead process had started must not work beside its successor.
            _signal_group(child, signal.SIGKILL)
        elif moment >= child.start_again_at:
            child.restarts += 1
            self._start(child)


def _signal_group(child: Child, number: signal.Signals) -> None:
    """Signal the child and everything that it started (each child leads a session of its own)."""
    if child.process is None:
        return
    if number is not signal.SIGKILL and child.process.poll() is not None:
        return
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
