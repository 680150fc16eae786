"""The whole way of a message in real processes, and a Redis of its own that may be killed."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis as redis_client
from sqlalchemy import update

from deploy.embedded.parentage import die_with_parent
from deploy.embedded.redis_server import find_redis_program, free_port
from shared.database import Database
from shared.messaging import outbox
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from tests.fixtures.waiting import wait_until
from tests.integration.messaging.probe_messages import Probe


def send(database: Database, probes: Sequence[Probe]) -> list[str]:
    """Send probes from the database's service, each in a transaction of its own."""
    ids = []
    for probe in probes:
        with database.transaction() as session:
            ids.append(outbox.send(session, probe) or "")
    return ids


def let_time_pass(database: Database) -> None:
    """What waits in the outbox is due for its next sending now."""
    table = outbox_of(database.service)
    with database.transaction() as session:
        session.execute(update(table).where(table.c.done_at.is_(None)).values(next_send_at=now()))


@dataclass(slots=True)
class MortalRedis:
    """A Redis that keeps its port and, when `durable`, its data over kill -9 and start."""

    folder: Path
    durable: bool
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.folder.mkdir(exist_ok=True)
        append = ("--appendonly", "yes", "--appendfsync", "always") if self.durable else ("--appendonly", "no")
        self.process = subprocess.Popen(
            [
                *(find_redis_program(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
                *("--dir", str(self.folder), "--maxmemory-policy", "noeviction", *append),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent(),
        )
        wait_until(self._answers)

    def kill(self) -> None:
        """The power goes."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def flush(self) -> None:
        """Someone empties it."""
        with redis_client.Redis.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with redis_client.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis_client.RedisError:
            return False
