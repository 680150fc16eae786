"""The roles of a service as containers run them, one process group each, and how much memory they take."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import psutil  # type: ignore[import-untyped]
import urllib3

from deploy.embedded.processes import web_command
from deploy.embedded.redis_server import free_port
from deploy.roles import command_of
from shared.topology import Service

BULK_WORKER = "points-bulk-worker"
BEATING = ("points-worker", BULK_WORKER, "scheduler", "relay")
START_SECONDS = 120.0
_MB = 2**20


class RunningRoles:
    """Every web role, a light and a bulk worker of points, scheduler and relay; stopped at the end."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._folder = Path(environment["XZ_DATA_DIR"])
        self._ports = {service: free_port() for service in Service}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.peak_mb = 0.0

    def __enter__(self) -> RunningRoles:
        for service, port in self._ports.items():
            self._start(service.value, web_command(service, "127.0.0.1", port))
        for name in BEATING:
            self._start(name, command_of(name))
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()

    def memory(self) -> Iterator[tuple[str, float, float]]:
        """Each role with its processes' PSS (shared pages divided among those who share) and USS, in MB."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} has ended: {self._log.read_text()[-800:]}")
            yield name, *_sizes(process.pid)

    def note_peak(self) -> None:
        """Look how large the bulk worker is now."""
        self.peak_mb = max(self.peak_mb, _sizes(self._processes[BULK_WORKER].pid)[0])

    @property
    def _log(self) -> Path:
        return self._folder / "processes.log"

    def _start(self, name: str, command: list[str]) -> None:
        with self._log.open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                env={**self._environment, "XZ_PROCESS": name, "REMAP_SIGTERM": "SIGQUIT"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        waiting = [f"http://127.0.0.1:{port}/readyz" for port in self._ports.values()]
        beats = [self._folder / "heartbeats" / name for name in BEATING]
        http = urllib3.PoolManager(retries=False)
        while waiting or not all(path.exists() for path in beats):
            waiting = [url for url in waiting if not _answers(http, url)]
            if time.monotonic() > deadline:
                raise RuntimeError(f"not everything started: {self._log.read_text()[-800:]}")
            time.sleep(0.1)


def _answers(http: urllib3.PoolManager, url: str) -> bool:
    try:
        return http.request("GET", url, timeout=5).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _sizes(pid: int) -> tuple[float, float]:
    """PSS and USS of a process and all below it, in MB; who ends meanwhile counts nothing."""
    pss = uss = 0.0
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True)):
        try:
            memory = process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        pss += memory.pss / _MB
        uss += memory.uss / _MB
    return pss, uss
