"""`make run`'s own program as a child of a test, with its output in a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fixtures.postgresql_cluster import PROJECT

READY_SECONDS = 80
TOWNSHIP = {
    "TOWNSHIP_NAME": "示例乡",
    "TOWNSHIP_CODE": "431299001",
    "ADMIN_NAME": "石小满",
    "ADMIN_USERNAME": "shi",
    "ADMIN_PASSWORD": "山里的茶园 220 亩",
}


class Started:
    """A running system: a township of its own, SQLite and a Redis of its own unless `variables` say otherwise."""

    def __init__(self, folder: Path, port: int, **variables: str) -> None:
        self.folder, self.port = folder, port
        self.log = folder / f"output-{port}"
        own = {"XZ_DATA_DIR": str(folder / "var"), "PORT": str(port), "DEMO": "0", "REDIS_URL": "", "DATABASE_URL": ""}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("XZ_")}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.embedded.run"],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**inherited, **own, **variables},
            )

    def output(self) -> str:
        """What it wrote on the terminal."""
        return self.log.read_text(encoding="utf-8")

    def journal(self) -> str:
        """Every line of its processes."""
        return (self.folder / "var" / "log" / "xiangzhi.log").read_text(encoding="utf-8")

    def is_ready(self) -> bool:
        """Whether it has said so; fails the test when it has ended instead."""
        if self.process.poll() is not None:
            pytest.fail(f"ended with {self.process.returncode}: {self.output()[-2000:]}")
        return "乡治已就绪" in self.output()

    def family(self) -> list[psutil.Process]:
        """Its processes and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def launched() -> Iterator[list[Started]]:
    """Whatever a test starts is ended after it."""
    started: list[Started] = []
    yield started
    for each in started:
        if each.process.poll() is None:
            each.process.send_signal(signal.SIGTERM)
            each.process.wait(40)
