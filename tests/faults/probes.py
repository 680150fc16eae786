"""A harmless message for every queue each second: when its worker takes the first one after a fault, the queue is back.

Clients see web processes at once, and hardly ever a worker. These messages travel as the scheduler's do: a row in the
receiver's outbox, which the relay sends.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.database import Database
from shared.messages.catalogue import all_messages
from shared.messaging.outbox import envelope_of, row_of
from shared.models.base import now
from shared.models.plumbing_tables import outbox_of
from shared.topology import Queue, Service

EVERY_SECONDS = 1.0
QUESTIONS = {
    Queue.INTAKE: "intake.chain_audit",
    Queue.INTAKE_BULK: "intake.forget_past",
    Queue.POINTS: "points.chain_audit",
    Queue.POINTS_BULK: "points.forget_previews",
    Queue.PETITIONS: "petitions.chain_audit",
    Queue.PETITIONS_BULK: "petitions.forget_past",
    Queue.GATEWAY: "gateway.chain_audit",
}
"""Scheduled work that may be done at any time and as often as one likes."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to one queue; `handled_at` is known at the end."""

    queue: Queue
    message_id: str
    sent_at: datetime
    handled_at: datetime | None = None


class Prober:
    """Asks all queues until it is stopped; while the database is away it asks nothing."""

    def __init__(self, databases: dict[Service, Database]) -> None:
        self._databases = databases
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="prober")
        self.probes: list[Probe] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            for queue, name in QUESTIONS.items():
                try:
                    self._ask(queue, name)
                except DBAPIError:
                    break

    def _ask(self, queue: Queue, name: str) -> None:
        envelope, moment = envelope_of(all_messages()[name]()), now()
        with self._databases[queue.service].transaction() as session:
            session.execute(insert(outbox_of(queue.service)).values(row_of(envelope, available_at=moment)))
        self.probes.append(Probe(queue, envelope.id, moment))


def with_answers(session: Session, probes: list[Probe]) -> list[Probe]:
    """The probes with the instants at which workers had handled them."""
    handled: dict[str, datetime] = {}
    for service in Service:
        ids = [each.message_id for each in probes if each.queue.service is service]
        statement = text(f"SELECT message_id, handled_at FROM {service}_inbox WHERE message_id = ANY(:ids)")
        handled |= {row.message_id: row.handled_at for row in session.execute(statement, {"ids": ids})}
    return [Probe(each.queue, each.message_id, each.sent_at, handled.get(each.message_id)) for each in probes]


def slowest_queue(probes: list[Probe], moment: datetime) -> float | None:
    """Seconds from `moment` until every queue has handled a message that was made after it; None where one has not."""
    first: dict[Queue, datetime] = {}
    for each in probes:
        if each.sent_at >= moment and each.handled_at is not None:
            first[each.queue] = min(each.handled_at, first.get(each.queue, each.handled_at))
    if set(first) != set(QUESTIONS):
        return None
    return max(0.0, (max(first.values()) - moment).total_seconds())
