"""What one shard costs in processor time, of Python and of PostgreSQL, and in statements: no broker, no other process.

python -m tests.bench.shards [--events 500000]

Processor time does not depend on what else runs on the machine as seconds do. Messages go straight from the outbox
into the inbox, by the same `receive` that a worker calls.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, select, text, update

from services.points.recalculation import tasks
from services.points.recalculation.runs import RunOrder, start_run
from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.logging import configure_logging
from shared.messages.points_work import RecalculateShard
from shared.messaging.inbox import Delivery, receive
from shared.messaging.publisher import leave_to_relay
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from shared.models.points import RecalculationMode
from shared.topology import Service
from tests.bench.run import SERVER
from tests.bench.township import BenchTownship, adopt, make_township
from tests.fixtures.postgresql_cluster import OwnCluster, make_template, url_of_database

HANDLED_HERE = tasks.__name__
OUTBOX = outbox_of(Service.POINTS)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cost:
    """Sums over the shards of a run: processor seconds, statements."""

    shards: int = 0
    python: float = 0.0
    server: float = 0.0
    statements: int = 0

    def row(self, way: str) -> str:
        """A row of the table, per shard."""
        python, server = 1000 * self.python / self.shards, 1000 * self.server / self.shards
        return f"| ({way}) | {python:.0f} | {server:.0f} | {self.statements / self.shards:.1f} |"


class Shards:
    """One connection, one run after another."""

    def __init__(self, database: Database, township: BenchTownship) -> None:
        self._database = database
        self._actor = Principal(township.township_id, actor="account:1", name="bench", grants=(Grant(Role.ADMIN),))
        self._statements = 0
        event.listen(database.engine, "before_cursor_execute", self._count)

    def run(self, *, full: bool) -> Cost:
        """Apply over all villages, shard by shard."""
        with self._database.transaction() as session:
            start_run(session, self._actor, RunOrder(mode=RecalculationMode.APPLY, full=full))
            server = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
        cost = Cost()
        while rows := self._sent():
            before, python, statements = _server_seconds(server), time.process_time(), self._statements
            for row in rows:
                raw = {"id": row.message_id, "name": row.name, "version": row.version}
                receive(
                    self._database,
                    Delivery(row.name, row.message_id, {**raw, "queue": row.queue, "body": row.body}),
                )
            cost.shards += len(rows)
            cost.python += time.process_time() - python
            cost.server += _server_seconds(server) - before
            cost.statements += self._statements - statements
            with self._database.transaction() as session:
                session.execute(update(OUTBOX).where(OUTBOX.c.id.in_([row.id for row in rows])).values(done_at=now()))
        return cost

    def _sent(self) -> list[Any]:
        statement = select(OUTBOX).where(OUTBOX.c.done_at.is_(None), OUTBOX.c.name == RecalculateShard.name)
        with self._database.reading() as session:
            return list(session.execute(statement.order_by(OUTBOX.c.id)))

    def _count(self, _connection: Connection, *_rest: Any) -> None:
        self._statements += 1


def _server_seconds(process: int) -> float:
    """Processor time of a server process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measure(url: str, events: int) -> list[str]:
    """The rows of the table."""
    database = Database(url, Service.POINTS, pool_size=1)
    try:
        township = make_township(database, url.replace("postgresql+psycopg://", "postgresql://"), events)
        shards = Shards(database, township)
        rows = [shards.run(full=True).row("d")]
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE points_entry"))
        shards.run(full=True)
        rows.append(shards.run(full=True).row("c"))
        for way, rulebook in (("e1", township.rulebook_ids[1]), ("e2", township.rulebook_ids[2])):
            adopt(database, township, rulebook)
            rows.append(shards.run(full=False).row(way))
        return rows
    finally:
        database.dispose()


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.shards")
    parser.add_argument("--events", type=int, default=500_000)
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="xiangzhi-shards-"))
    os.environ |= {"XZ_DATA_DIR": str(folder), "XZ_KEY_DIR": str(folder / "keys"), "XZ_LOG_LEVEL": "WARNING"}
    configure_logging("bench")
    leave_to_relay()
    cluster = OwnCluster(SERVER | {"shared_buffers": "512MB"}, on_disk=True)
    cluster.start()
    try:
        made = make_template(cluster.url)
        rows = measure(url_of_database(made.url, made.template), options.events)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("| | Python ms | PostgreSQL ms | statements |", "| --- | --- | --- | --- |", *rows, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
