"""The system that the drill starts: every role of the topology as a process, on a PostgreSQL and a Redis of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis
import urllib3

from deploy.embedded.journal import Journal as Lines
from deploy.embedded.processes import web_command
from deploy.embedded.redis_server import RedisServer, free_port, start_redis
from deploy.embedded.supervisor import Child, Supervisor
from shared.topology import ROLES, Kind, Role, Service
from tests.fixtures.postgresql_cluster import OwnCluster
from tests.integration.messaging.links import Link

PROJECT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180.0
_LOG_BYTES = 1 << 32
"""What is counted from the log must all be there."""
_SERVER = {"synchronous_commit": "on", "max_locks_per_transaction": "1024", "shared_buffers": "512MB"}
_OTHERS = ("DATABASE_URL", "REDIS_URL", "XZ_", "HOST")


class DrillSystem:
    """PostgreSQL, Redis behind a link that can swallow bytes, and a supervisor over the processes."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.cluster = OwnCluster(_SERVER)
        self.redis: RedisServer | None = None
        self.link: Link | None = None
        self.environment: dict[str, str] = {}
        self.lines = Lines(folder / "log" / "processes.log", limit=_LOG_BYTES)
        self.supervisor = Supervisor(io.StringIO(), self.lines)
        # Every line goes to the journal; nobody reads this output.
        self.supervisor.is_quiet = True
        self._over = threading.Event()
        self._tending: threading.Thread | None = None
        self.redis_may_return = threading.Event()
        self.redis_may_return.set()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "var"

    def prepare(self) -> None:
        """Start PostgreSQL and Redis, make keys and the schema; processes come with `start`."""
        self.cluster.start()
        self.redis = start_redis(self.folder / "redis")
        self.link = Link(self.redis.url)
        (self.data_dir / "files" / "points").mkdir(parents=True)
        ports = {service: free_port() for service in Service if service is not Service.GATEWAY}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
        self.environment = {
            **inherited,
            **{f"{service.upper()}_URL": f"http://127.0.0.1:{port}" for service, port in ports.items()},
            "DATABASE_URL": self.cluster.url,
            "REDIS_URL": self.link.url,
            "XZ_DATA_DIR": str(self.data_dir),
            "XZ_KEY_DIR": str(self.folder / "keys"),
            "XZ_PUBLIC_URL": self.base,
            "XZ_DEMO": "1",
            # A few clients do here what a county's people do from many addresses.
            "XZ_LIMIT_FACTOR": "1000",
            # A disk is filled to its last byte, and not refused before.
            "XZ_DISK_SPARE_MB": "0",
            "PYTHONPATH": str(PROJECT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
        }
        self.run("shared.privacy.keys")
        self.run("deploy.migrations.migrate")

    def run(self, module: str, *arguments: str) -> None:
        """Run a program of the system to its end."""
        with (self.folder / "log" / "prepare.log").open("ab") as log:
            subprocess.run(
                [sys.executable, "-m", module, *arguments],
                env=self.environment,
                cwd=PROJECT,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        """Start every role and wait until all services are ready. Raises RuntimeError after three minutes."""
        for role in ROLES.values():
            self.add(role.name, role)
        self._tending = threading.Thread(target=self._tend, name="supervisor")
        self._tending.start()
        self.wait_ready(READY_SECONDS)

    def add(self, name: str, role: Role, **environment: str) -> Child:
        """A process of this role beside the others; the supervisor starts it within a second."""
        own = {"XZ_PROCESS": name, "REMAP_SIGTERM": "SIGQUIT", **environment}
        return self.supervisor.add(name, self._command(role, name), {**self.environment, **own})

    def remove(self, child: Child) -> None:
        """End a process and do not start it again."""
        self.supervisor.children.remove(child)
        if child.process is not None and child.process.poll() is None:
            os.killpg(child.process.pid, 9)
            child.process.wait()

    def child(self, name: str) -> Child:
        return next(each for each in self.supervisor.children if each.name == name)

    def main_pid(self, name: str) -> int | None:
        process = self.child(name).process
        return process.pid if process is not None and process.poll() is None else None

    def pool_child(self, name: str) -> psutil.Process | None:
        """A process of a worker's pool, where the worker runs."""
        pid = self.main_pid(name)
        children = psutil.Process(pid).children() if pid else []
        return children[-1] if children else None

    def works(self, name: str, *, instead_of: int) -> bool:
        """Whether another process of this name is at work: it answers that it is ready, or its heart beats."""
        pid, role = self.main_pid(name), ROLES[name]
        if pid is None or pid == instead_of:
            return False
        return _answers(f"{self._address(role)}/readyz") if role.kind is Kind.WEB else self.beating(name) == pid

    def beating(self, name: str) -> int | None:
        """The process that has written this heartbeat last."""
        try:
            return int((self.data_dir / "heartbeats" / name).read_text() or 0)
        except (FileNotFoundError, ValueError):
            return None

    def ask(self, question: str, *values: Any) -> Any:
        """The first value of the first row. Raises psycopg.OperationalError where the database is away."""
        with psycopg.connect(self.cluster.url, autocommit=True, connect_timeout=5) as connection:
            row = connection.execute(question.encode(), values or None).fetchone()
            return row[0] if row else None

    @property
    def broker(self) -> RedisServer:
        if self.redis is None:
            raise RuntimeError("Redis is there after `prepare` only")
        return self.redis

    def redis_client(self, url: str | None = None) -> redis.Redis:
        """Straight to Redis (or to `url`), with little patience."""
        return redis.Redis.from_url(url or self.broker.url, socket_timeout=1, socket_connect_timeout=1)

    def said(self) -> int:
        """How much the processes have said so far, in bytes."""
        return self.lines.path.stat().st_size

    def lines_since(self, begin: int = 0) -> Iterator[str]:
        """What the processes have said since then, one `name | line` after the other."""
        with self.lines.path.open("rb") as file:
            file.seek(begin)
            for line in file:
                yield line.decode("utf-8", "replace")

    def wait_ready(self, seconds: float) -> None:
        """Wait until the gateway and all services answer that they are ready."""
        addresses = [self.base, *(self.environment[f"{each.upper()}_URL"] for each in Service if each != "gateway")]
        wait_for(lambda: all(_answers(f"{address}/readyz") for address in addresses), seconds, "the services")

    def stop(self) -> None:
        """End everything and remove the database."""
        self._over.set()
        if self._tending is not None:
            self._tending.join()
        if self.link is not None:
            self.link.close()
        if self.redis is not None:
            self.redis.process.kill()
            self.redis.process.wait()
        self.cluster.stop()
        self.lines.close()

    def _tend(self) -> None:
        """Start, tend and end the processes in one thread: Linux ends them with the thread that started them."""
        self.supervisor.start()
        self.supervisor.tend(until=self._look)
        self.supervisor.stop()

    def _look(self) -> bool:
        if self.redis is not None and self.redis_may_return.is_set():
            self.redis.start_again_if_ended()
        return self._over.is_set()

    def _address(self, role: Role) -> str:
        own = role.service is None or role.service is Service.GATEWAY
        return self.base if own else self.environment[f"{str(role.service).upper()}_URL"]

    def _command(self, role: Role, name: str) -> list[str]:
        if role.kind is Kind.WEB and role.service is not None:
            return web_command(role.service, "127.0.0.1", int(self._address(role).rsplit(":", 1)[1]))
        if role.kind is Kind.WORKER:
            return [
                *(sys.executable, "-m", "celery", "-A", f"services.{role.service}.worker", "--quiet", "worker"),
                *("--queues", ",".join(role.queues), "--hostname", f"{name}@%h", "--concurrency", "1"),
                *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
            ]
        return [sys.executable, "-m", f"shared.messaging.{role.kind.value}"]


def new_folder() -> Path:
    """A folder for one drill: logs and the journal stay there."""
    folder = Path(tempfile.mkdtemp(prefix="xiangzhi-drill-"))
    (folder / "log").mkdir()
    return folder


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for a condition; the seconds that it took. Raises RuntimeError naming `what` where it does not come true."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise RuntimeError(f"{what}: not within {seconds:.0f} seconds")
        time.sleep(0.2)
    return time.monotonic() - started


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, timeout=2, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False
