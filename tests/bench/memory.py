"""Measure what the idle embedded system keeps in memory, process by process, and print a table and a line.

python -m tests.bench.memory [--seconds 30]

Starts the demo township on SQLite in a folder of its own, lets it rest, and sums the proportional set sizes (memory
that several processes share is counted once, in parts) of every process: the services, a worker for the light queues
and one for the bulk queues, scheduler, relay, Redis, and the supervisor that starts them.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import psutil

from deploy.embedded.redis_server import free_port
from shared.topology import EMBEDDED_WORKERS, Service
from tests.bench.programs import PROJECT, Programs

GOAL_MB = 900.0
START_SECONDS = 300.0
_NEEDED = {*(service.value for service in Service), *EMBEDDED_WORKERS, "scheduler", "relay", "redis", "supervisor"}


def processes_of(system: psutil.Process) -> list[tuple[str, float]]:
    """Name and MB (PSS) of the system's processes, children of a worker with their parent's name."""
    sizes: dict[str, float] = {}
    for process in (system, *system.children(recursive=True)):
        try:
            name, size = _name_of(process, system), process.memory_full_info().pss / 2**20
        except psutil.NoSuchProcess:
            continue
        sizes[name] = sizes.get(name, 0.0) + size
    return sorted(sizes.items(), key=lambda pair: -pair[1])


def _name_of(process: psutil.Process, system: psutil.Process) -> str:
    if process == system:
        return "supervisor"
    words = process.cmdline()
    if words and ("redis" in words[0] or "valkey" in words[0]):
        return "redis"
    return str(process.environ().get("XZ_PROCESS") or process.name())


def measure(seconds: float) -> list[str]:
    """The lines of the report."""
    with tempfile.TemporaryDirectory(prefix="xiangzhi-memory-") as name:
        folder = Path(name)
        port = free_port()
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("XZ_") and not key.endswith("_URL")
        }
        place = {"PORT": str(port), "XZ_DATA_DIR": str(folder / "var"), "PYTHONPATH": str(PROJECT)}
        with Programs(environment | place, folder / "programs.log") as programs:
            started = programs.start([sys.executable, "-m", "deploy.embedded.run", "--die-with-parent"])
            programs.wait("the system", lambda: started.poll() is not None or _is_ready(port), START_SECONDS)
            system = psutil.Process(started.pid)
            programs.wait("every process", lambda: {name for name, _ in processes_of(system)} >= _NEEDED)
            time.sleep(seconds)
            sizes = processes_of(system)
            started.send_signal(signal.SIGTERM)
            started.wait(60)
    total = sum(size for _, size in sizes)
    rows = [f"| {process} | {size:.0f} |" for process, size in sizes]
    return [
        *("| Process, idle | MB (PSS) |", "| --- | --- |", *rows, f"| **all** | **{total:.0f}** |", ""),
        f"idle_mb {total:.0f} goal {GOAL_MB:.0f} {'met' if total <= GOAL_MB else 'missed'}",
    ]


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory")
    parser.add_argument("--seconds", type=float, default=30)
    print(*measure(parser.parse_args(arguments).seconds), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
