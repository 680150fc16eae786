"""Real child processes: printed with their name, started again when they end, and gone when the supervisor stops."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.embedded.journal import Journal
from deploy.embedded.supervisor import Supervisor
from tests.fixtures.postgresql_cluster import PROJECT
from tests.fixtures.waiting import wait_until

SLEEPS = "import time; time.sleep(600)"


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_every_line_carries_the_name_of_its_process() -> None:
    output = io.StringIO()
    supervisor = Supervisor(output)
    supervisor.add(
        "points", python("print('一行'); import time; time.sleep(600)"), {**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    supervisor.add("light-worker", python(SLEEPS), os.environ)
    supervisor.start()
    wait_until(lambda: "一行" in output.getvalue())
    supervisor.stop()
    assert output.getvalue() == "points       | 一行\n"


def test_once_quiet_the_terminal_shows_what_someone_should_look_at_and_the_journal_all(tmp_path: Path) -> None:
    output = io.StringIO()
    journal = Journal(tmp_path / "log" / "xiangzhi.log")
    supervisor = Supervisor(output, journal)
    supervisor.is_quiet = True
    supervisor.say("relay", "08:15:01 info relay_sent copies=1")
    supervisor.say("relay", '{"copies": 1, "event": "relay_sent", "level": "info", "process": "relay"}')
    supervisor.say("relay", "08:15:02 warning relay_paused seconds=5")
    supervisor.say("relay", '{"seconds": 5, "event": "relay_paused", "level": "warning", "process": "relay"}')
    supervisor.say("relay", "Traceback (most recent call last):")
    assert "relay_sent" not in output.getvalue()
    assert output.getvalue().count("\n") == 3
    journal.close()
    assert journal.path.read_text().count("relay | ") == 5


def test_a_journal_that_has_grown_begins_anew_and_keeps_the_older_half(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "xiangzhi.log", limit=100)
    for number in range(10):
        journal.write(f"{number:>30}\n")
    journal.close()
    assert journal.path.stat().st_size <= 131
    assert (tmp_path / "xiangzhi.log.1").stat().st_size <= 131


def test_a_crashed_child_is_started_again_and_the_others_go_on(tmp_path: Path) -> None:
    supervisor = Supervisor(io.StringIO())
    starts = tmp_path / "starts"
    program = "import sys; open(sys.argv[1], 'a').write('x'); sys.exit(3)"
    crashing = supervisor.add("crashing", python(program, str(starts)), os.environ)
    steady = supervisor.add("steady", python(SLEEPS), os.environ)
    crashing.pause = 0.05
    supervisor.start()
    first = steady.process
    deadline = time.monotonic() + 30
    supervisor.tend(until=lambda: crashing.restarts >= 2 or time.monotonic() > deadline)
    assert starts.read_text().startswith("xx")
    assert steady.process is first
    assert steady.is_running()
    supervisor.stop()


def test_the_pause_before_a_restart_doubles_up_to_a_limit() -> None:
    supervisor = Supervisor(io.StringIO())
    child = supervisor.add("crashing", python("import sys; sys.exit(1)"), os.environ)
    child.pause = 0.01
    supervisor.start()
    deadline = time.monotonic() + 30
    supervisor.tend(until=lambda: child.restarts >= 3 or time.monotonic() > deadline)
    supervisor.stop()
    assert child.pause >= 0.08


def test_stopping_ends_grandchildren_and_those_that_refuse(tmp_path: Path) -> None:
    """A child that ignores SIGTERM and has started a child of its own."""
    pid_file = tmp_path / "pid"
    program = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(600)"
    )
    supervisor = Supervisor(io.StringIO())
    child = supervisor.add("stubborn", python(program, str(pid_file)), os.environ)
    supervisor.start()
    grandchild = int(wait_until(lambda: pid_file.exists() and pid_file.read_text()))
    supervisor.stop(seconds=0.3)
    assert not child.is_running()
    wait_until(lambda: not is_alive(grandchild))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of their parent's death")
def test_children_end_when_the_launcher_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    launcher = (
        "import os, sys; from deploy.embedded.supervisor import Supervisor; s = Supervisor();"
        f"c = s.add('child', [sys.executable, '-c', {SLEEPS!r}], os.environ); s.start();"
        "open(sys.argv[1], 'w').write(str(c.process.pid)); s.tend(until=lambda: False)"
    )
    process = subprocess.Popen(python(launcher, str(pid_file)), cwd=PROJECT)
    child = int(wait_until(lambda: pid_file.exists() and pid_file.read_text()))
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    wait_until(lambda: not is_alive(child))
