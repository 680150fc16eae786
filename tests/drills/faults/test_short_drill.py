"""The drill itself, short: a township, a handful of faults, and its last line."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from deploy.embedded.redis_server import free_port
from tests.faults.plan import SHORT
from tests.fixtures.postgresql_cluster import PROJECT

LAST_LINE = re.compile(r"lost 0 doubled 0 overdrawn 0 unreadable 0 faults (\d+) worst_recovery_s \d+\.\d")


@pytest.mark.timeout(600)
def test_a_short_drill_loses_doubles_and_overdraws_nothing_and_says_so() -> None:
    arguments = ["--size", "township", "--minutes", "1.2", "--faults", ",".join(SHORT), "--port", str(free_port())]
    drill = subprocess.run(
        [sys.executable, "-m", "tests.faults.run", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=580,
    )
    lines = drill.stdout.splitlines()
    assert drill.returncode == 0, drill.stdout[-3000:] + drill.stderr[-3000:]
    said = LAST_LINE.fullmatch(lines[-1])
    assert said
    assert int(said[1]) == len(SHORT)
