"""The relay's process: sends what no receiver has handled, for as long as it takes.

It marks rows done whose id is in the receiver's inbox, sends what is due, and sends everything at once when Redis has
lost its memory (the epoch key is missing, or says that a relay had not finished with that). For its work it needs
nothing but outboxes and inbox ids; what it measures for the deployment, `measuring` says.

python -m shared.messaging.relay
"""

from __future__ import annotations

import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from shared.database import Database
from shared.heartbeat import beat, stop_beating
from shared.logging import configure_logging, get_logger
from shared.messaging.attempts import describe_error
from shared.messaging.broker import Broker
from shared.messaging.envelope import Envelope
from shared.messaging.measuring import measure_outboxes, measure_queues, measure_work, queues_unknown
from shared.messaging.publisher import count_batch, count_sends
from shared.messaging.waiting_rows import (
    BATCH,
    due_rows,
    make_all_due,
    mark_handled,
    note_sent,
    prune,
)
from shared.metrics import serve_metrics
from shared.settings import settings
from shared.topology import Service

EPOCH_KEY = "xiangzhi:relay:epoch"
_UNFINISHED = b"unfinished"
PRUNE_SECONDS = 600.0
MEASURE_SECONDS = 10.0
BROKER_PAUSE_SECONDS = 5.0
DATABASE_PAUSE_SECONDS = 2.0


class BrokerAway(Exception):
    """Redis did not take a message or answer a question; the relay rests and tries again."""


class Relay:
    """One pass after another; a pass that is interrupted anywhere is repeated by the next one."""

    def __init__(self, database: Database, redis_url: str) -> None:
        self._database = database
        self._broker = Broker(redis_url)
        self._broker_rests_until = 0.0
        self._pruned_at = self._measured_at = float("-inf")

    def run_pass(self) -> int:
        """Mark, send, measure and prune once; return how many copies were sent. Raises the database's errors only."""
        for service in Service:
            mark_handled(self._database, service)
        sent = 0
        if time.monotonic() >= self._broker_rests_until:
            try:
                sent = self._send_due()
            except BrokerAway as error:
                self._broker_rests_until = time.monotonic() + BROKER_PAUSE_SECONDS
                get_logger().warning("relay_paused", seconds=BROKER_PAUSE_SECONDS, error=str(error))
        if time.monotonic() - self._pruned_at > PRUNE_SECONDS:
            self._pruned_at = time.monotonic()
            if removed := prune(self._database):
                get_logger().info("relay_pruned", rows=removed)
        self._measure()
        return sent

    def close(self) -> None:
        """Drop the connections."""
        self._broker.close()
        self._database.dispose()

    def _send_due(self) -> int:
        new_epoch = not self._knows_epoch()
        if new_epoch:
            # First: if Redis is emptied again while this pass sends, the mark is gone and the next pass begins anew.
            self._ask_broker(lambda redis: redis.set(EPOCH_KEY, _UNFINISHED))
            rows = sum(make_all_due(self._database, service) for service in Service)
            get_logger().warning("relay_epoch_missing", sends_again=rows)
        sent = sum(self._send_due_of(service) for service in Service)
        if new_epoch:
            self._ask_broker(lambda redis: redis.set(EPOCH_KEY, uuid.uuid4().hex, xx=True))
        return sent

    def _send_due_of(self, service: Service) -> int:
        total = 0
        while True:
            rows = due_rows(self._database, service)
            if rows:
                self._send([row.envelope for row in rows])
                note_sent(self._database, service, [row.row_id for row in rows])
            total += len(rows)
            if len(rows) < BATCH:
                return total

    def _send(self, envelopes: Sequence[Envelope]) -> None:
        """One batch. What Redis refuses of it comes again after its pause, as if it had been lost on the way: a queue
        that takes nothing must not hold up the others.
        """
        try:
            refused = self._broker.send(envelopes)
        except Exception as error:
            count_sends(envelopes, "failed")
            raise BrokerAway(repr(error)) from error
        count_batch(envelopes, refused)

    def _knows_epoch(self) -> bool:
        return self._ask_broker(lambda redis: redis.get(EPOCH_KEY)) not in (None, _UNFINISHED)

    def _ask_broker(self, question: Callable[[Any], Any]) -> Any:
        try:
            return question(self._broker.redis())
        except Exception as error:
            self._broker.close()
            raise BrokerAway(repr(error)) from error

    def _measure(self) -> None:
        """Set the gauges; numbers that can't be had cost nobody a message."""
        try:
            measure_outboxes(self._database)
            if time.monotonic() - self._measured_at > MEASURE_SECONDS:
                self._measured_at = time.monotonic()
                measure_work(self._database)
        except Exception as error:
            get_logger().warning("relay_measured_nothing", error=describe_error(error))
        if time.monotonic() < self._broker_rests_until:
            queues_unknown()
            return
        try:
            self._ask_broker(measure_queues)
        except BrokerAway:
            queues_unknown()


def run(relay: Relay, stopped: threading.Event, interval: float) -> None:
    """One pass each `interval` seconds until `stopped`. Nothing makes it give up."""
    while not stopped.is_set():
        pause = interval
        try:
            sent = relay.run_pass()
            if sent:
                get_logger().info("relay_sent", copies=sent)
        except Exception as error:
            pause = DATABASE_PAUSE_SECONDS
            get_logger().warning("relay_waits", seconds=pause, error=describe_error(error))
        # Also while the database is away: to start the process anew brings nothing back.
        beat("relay")
        stopped.wait(pause)


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    configure_logging("relay")
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    current = settings()
    serve_metrics(current.metrics_port, current.metrics_host)
    relay = Relay(Database(current.relay_database_url, Service.INTAKE, pool_size=1), current.redis_url)
    get_logger().info("relay_started", interval=current.relay_interval_seconds)
    run(relay, stopped, current.relay_interval_seconds)
    relay.close()
    stop_beating("relay")
    return 0


if __name__ == "__main__":
    sys.exit(main())
