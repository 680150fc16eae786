"""The real processes that the bench drives: points over HTTP, its bulk workers, the relay, a real Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import urllib3

from deploy.embedded.processes import web_command
from deploy.embedded.redis_server import free_port, start_redis
from shared.identity import Grant, Principal, Role
from shared.identity.tokens import sign
from shared.topology import Queue, Service

PROJECT = Path(__file__).resolve().parents[2]
WORKERS = 2
POLL_SECONDS = 1.0
"""Who asks more often measures the asking: four times a second took 5 % of the processors."""
PATH = "/api/points/recalculations"


class BenchSystem:
    """Starts and stops the processes; starts a recalculation and waits for it."""

    def __init__(self, url: str, folder: Path, township_id: int) -> None:
        self._folder = folder
        self._township_id = township_id
        self._port = free_port()
        self._redis = start_redis(folder / "redis", durable=True)
        self._environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": self._redis.url,
            "XZ_DATA_DIR": str(folder),
            "XZ_KEY_DIR": str(folder / "keys"),
            "XZ_LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(PROJECT),
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        self._http = urllib3.PoolManager()
        self.worker_peak_mb = 0.0

    def __enter__(self) -> BenchSystem:
        self._run([sys.executable, "-m", "shared.privacy.keys"])
        self._start(web_command(Service.POINTS, "127.0.0.1", self._port))
        self._worker = self._start(
            [
                *(sys.executable, "-m", "celery", "-A", "services.points.worker", "--quiet", "worker"),
                *("--queues", Queue.POINTS_BULK.value, "--concurrency", str(WORKERS), "--loglevel", "WARNING"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", "bench@%h"),
            ]
        )
        self._start([sys.executable, "-m", "shared.messaging.relay"])
        self._wait_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self._redis.stop()

    def recalculate(self, *, full: bool) -> int:
        """Run an apply over all villages through HTTP to its end; the run's id. Raises RuntimeError if it fails."""
        run = self._call("POST", PATH, {"mode": "apply", "full": full})
        deadline = time.monotonic() + 1800
        while time.monotonic() < deadline:
            answer = self._call("GET", f"{PATH}/{run['id']}", None)
            self._note_memory()
            if answer["state"] != "running":
                if answer["state"] != "done":
                    raise RuntimeError(f"the run ended as {answer['state']}: {answer['errors']}")
                return int(answer["id"])
            time.sleep(POLL_SECONDS)
        raise RuntimeError("the run did not end within half an hour")

    def _note_memory(self) -> None:
        for child in psutil.Process(self._worker.pid).children():
            try:
                self.worker_peak_mb = max(self.worker_peak_mb, child.memory_full_info().pss / 2**20)
            except psutil.NoSuchProcess:
                continue

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        principal = Principal(self._township_id, actor="account:1", name="bench", grants=(Grant(Role.ADMIN),))
        token = sign(principal, Service.POINTS, method, path, key_dir=self._folder / "keys")
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
        answer = self._http.request(
            method, f"http://127.0.0.1:{self._port}{path}", headers=headers, json=body, timeout=60
        )
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data.decode()[:400]}")
        value: dict[str, Any] = json.loads(answer.data)
        return value

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self._http.request("GET", f"http://127.0.0.1:{self._port}/healthz", timeout=2).status == 200:
                    break
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the points service did not start within a minute")
        while len(psutil.Process(self._worker.pid).children()) < WORKERS:
            if time.monotonic() > deadline:
                raise RuntimeError("the workers did not start within a minute")
            time.sleep(0.1)

    def _run(self, command: list[str]) -> None:
        subprocess.run(
            command, cwd=PROJECT, env=self._environment, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        log = (self._folder / "processes.log").open("ab")
        process = subprocess.Popen(
            command, cwd=PROJECT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        self._processes.append(process)
        return process
