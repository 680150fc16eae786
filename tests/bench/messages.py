"""Measure the way of a message against a bare Celery task, and print a table and a `ratio` line.

python -m tests.bench.messages [--rounds 3] [--messages 4000]

Ours: outbox row → publisher → Redis → worker → inbox and one insert → row marked done by the relay; each message is
sent by a transaction of its own. Bare: `delay()` → Redis → worker → one insert. The same settings of broker and
workers, two worker processes each, timed from the first sending to the last row. The second table is the processor
time of every process, which does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence

import psutil  # type: ignore[import-untyped]
from sqlalchemy import func, select, text

from deploy.embedded.redis_server import start_redis
from shared.database import Database
from shared.messaging import outbox
from shared.messaging.publisher import close_publisher
from shared.models.plumbing_tables import inbox_of, outbox_of
from shared.settings import settings
from shared.topology import Queue, Service
from tests.bench.ground import bench_ground
from tests.bench.processor_time import ProcessorTime
from tests.bench.programs import Programs, celery_worker
from tests.bench.rounds import ratio_line, side_by_side

PROCESSES = 2
BARE, OURS = "bare task with one insert", "message to its end"
GOAL = 0.6
OUTBOX, INBOX = outbox_of(Service.POINTS), inbox_of(Service.POINTS)


class Ways:
    """The two ways, on one broker and one database."""

    def __init__(self, database: Database, programs: Programs, messages: int) -> None:
        # Their import reads the broker's address.
        from tests.bench import bare_task, message_tasks

        self._bare_task, self._tasks = bare_task, message_tasks
        self._database, self._programs, self._messages = database, programs, messages

    def bare(self) -> float:
        """Tasks a second."""
        self._empty()
        started = time.perf_counter()
        for number in range(self._messages):
            self._bare_task.insert_plainly.delay(number)
        self._programs.wait("the last row", lambda: self._rows() == self._messages, 600)
        return self._messages / (time.perf_counter() - started)

    def ours(self) -> float:
        """Messages a second."""
        self._empty()
        started = time.perf_counter()
        for number in range(self._messages):
            with self._database.transaction() as session:
                outbox.send(session, self._tasks.InsertNumber(number))
        self._programs.wait("the last mark", lambda: self._waiting() == 0, 600)
        rate = self._messages / (time.perf_counter() - started)
        with self._database.reading() as session:
            handled = session.scalar(select(func.count()).select_from(INBOX))
        if (self._rows(), handled) != (self._messages, self._messages):
            raise RuntimeError(f"{self._messages} messages were sent, {handled} handled, {self._rows()} rows written")
        return rate

    def _rows(self) -> int:
        with self._database.reading() as session:
            return int(session.execute(text("SELECT count(*) FROM bench_row")).scalar_one())

    def _waiting(self) -> int:
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(OUTBOX).where(OUTBOX.c.done_at.is_(None))) or 0

    def _empty(self) -> None:
        with self._database.transaction() as session:
            for table in ("bench_row", OUTBOX.name, INBOX.name):
                session.execute(text(f"TRUNCATE {table}"))


def measure(rounds: int, messages: int) -> list[str]:
    """The lines of the report."""
    with bench_ground("messages") as ground:
        redis = start_redis(ground.folder / "redis", durable=True)
        os.environ["REDIS_URL"] = redis.url
        settings.cache_clear()
        database = Database(ground.url, Service.POINTS)
        try:
            with database.transaction() as session:
                session.execute(text("CREATE TABLE bench_row (id bigserial PRIMARY KEY, number int NOT NULL)"))
            with Programs(ground.environment | {"REDIS_URL": redis.url}, ground.folder / "programs.log") as programs:
                workers = {
                    app: programs.start(celery_worker(f"tests.bench.{module}:{app}", queue, app, PROCESSES))
                    for module, app, queue in (
                        ("message_tasks", "ours", Queue.POINTS.value),
                        ("bare_task", "bare", Queue.POINTS_BULK.value),
                    )
                }
                relay = programs.start([sys.executable, "-m", "shared.messaging.relay"])
                for worker in workers.values():
                    children = psutil.Process(worker.pid).children
                    programs.wait("a worker", lambda children=children: len(children()) >= PROCESSES)  # type: ignore[misc]
                ways = Ways(database, programs, messages)
                others = {"redis": redis.process.pid, "postgresql": ground.cluster.pid, "relay": relay.pid}
                costs = [
                    ProcessorTime({"worker": workers[app].pid, **others}, own="sender") for app in ("bare", "ours")
                ]
                named = {BARE: measured(ways.bare, costs[0]), OURS: measured(ways.ours, costs[1])}
                found = side_by_side(named, rounds, unit="per second")
        finally:
            close_publisher()
            database.dispose()
            redis.stop()
    rows = [f"| {way} | {rate:,.0f} |" for way, rate in found.items()]
    return [
        *(f"| {PROCESSES} worker processes | per second |", "| --- | --- |", *rows, ""),
        *(
            "| Processor ms of a message | bare | ours |",
            "| --- | --- | --- |",
            *cost_rows(costs, rounds * messages),
            "",
        ),
        ratio_line("message/bare_task", found[OURS] / found[BARE], GOAL, least=True),
    ]


def measured(way: Callable[[], float], cost: ProcessorTime) -> Callable[[], float]:
    """The way, with its processor time added to `cost`."""

    def run() -> float:
        with cost.measuring():
            return way()

    return run


def cost_rows(costs: Sequence[ProcessorTime], messages: int) -> list[str]:
    """Milliseconds of each process for one message, and of all together."""
    each = [{name: 1000 * seconds / messages for name, seconds in cost.seconds.items()} for cost in costs]
    sums = [{**cost, "**all**": sum(cost.values())} for cost in each]
    return [f"| {name} | " + " | ".join(f"{cost[name]:.2f}" for cost in sums) + " |" for name in sums[0]]


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.messages")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=4000)
    options = parser.parse_args(arguments)
    print(*measure(options.rounds, options.messages), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
