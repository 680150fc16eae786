"""The scheduler's process: turns what is due into outbox rows, and does nothing else.

python -m shared.messaging.scheduler
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime

from shared.database import Database
from shared.database.upserts import execute_counted, insert_or_nothing
from shared.heartbeat import beat, stop_beating
from shared.logging import configure_logging, get_logger
from shared.messaging.attempts import describe_error
from shared.messaging.outbox import envelope_of, row_of
from shared.messaging.schedule import SCHEDULE, Scheduled
from shared.metrics import serve_metrics
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from shared.settings import settings
from shared.topology import Service

INTERVAL_SECONDS = 1.0


class Scheduler:
    """Writes each due slot once. Any number may run: the outbox's unique slot decides."""

    def __init__(self, database: Database, schedule: Sequence[Scheduled] = SCHEDULE) -> None:
        self._database = database
        self._schedule = schedule
        self._written: dict[str, datetime] = {}

    def write_due(self, present: datetime) -> list[str]:
        """Write the latest slot of every task that this scheduler has not written yet; return the new slots' keys."""
        made = []
        for scheduled in self._schedule:
            slot = scheduled.latest_slot(present)
            if slot is None or self._written.get(scheduled.name) == slot:
                continue
            if self._write(scheduled, slot):
                made.append(scheduled.slot_key(slot))
            self._written[scheduled.name] = slot
        return made

    def _write(self, scheduled: Scheduled, slot: datetime) -> bool:
        message = scheduled.message()
        with self._database.transaction() as session:
            row = row_of(envelope_of(message), slot=scheduled.slot_key(slot), available_at=now())
            table = outbox_of(message.queue.service)
            return execute_counted(session, insert_or_nothing(session, table).values(row)) == 1


def run(scheduler: Scheduler, stopped: threading.Event) -> None:
    """Write what is due each second until `stopped`; a database that is away is waited for."""
    log = get_logger()
    while not stopped.is_set():
        try:
            for slot in scheduler.write_due(now()):
                log.info("slot_due", slot=slot)
        except Exception as error:
            log.warning("scheduler_waits", error=describe_error(error))
        # Also while the database is away: to start the process anew brings nothing back.
        beat("scheduler")
        stopped.wait(INTERVAL_SECONDS)


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    configure_logging("scheduler")
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    current = settings()
    serve_metrics(current.metrics_port, current.metrics_host)
    database = Database(current.scheduler_database_url, Service.INTAKE, pool_size=1)
    get_logger().info("scheduler_started", tasks=len(SCHEDULE))
    run(Scheduler(database), stopped)
    database.dispose()
    stop_beating("scheduler")
    return 0


if __name__ == "__main__":
    sys.exit(main())
