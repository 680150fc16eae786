"""The containers' commands run by the machine's own Python, before anything of ours is installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.structure.source import PROJECT

COMMANDS = sorted(set(re.findall(r"\$\(CONTAINERS\)\.(\w+)", (PROJECT / "Makefile").read_text())))


def test_the_commands_are_found() -> None:
    assert {"up", "down", "scale", "upgrade", "secrets", "image", "logs"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_needs_nothing_but_python(command: str) -> None:
    # -S: without the folders of installed packages.
    answer = subprocess.run(
        [sys.executable, "-S", "-c", f"import deploy.containers.{command}"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
