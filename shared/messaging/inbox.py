"""Receiving a message: exactly one effect, however often and by however many workers it is delivered.

1. A copy that is not the first one counts its start in a short transaction, so that a message that always kills its
   worker is parked before its sixth start. (Nobody needs to count the first one: the copy that follows counts both.)
2. What a handler prepares (the reading of a workbook) is done first, outside a transaction. Then one transaction takes
   the id into the inbox and does the work. A copy that finds the id, or another copy at work, ends without doing
   anything; if that other copy fails, the relay sends the message again.
3. A failure is counted in a transaction of its own, unless it was the database's; the relay sends again. An unreadable
   message, and the fifth failure, become a dead letter whose id is in the inbox.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.orm import Session

from shared import tracing
from shared.database import Database
from shared.database.transient import is_transient
from shared.database.upserts import execute_counted, insert_or_nothing
from shared.logging import get_logger
from shared.messages.base import MESSAGES, Message, UnreadableMessage
from shared.messaging.attempts import (
    KILLED,
    MAX_ATTEMPTS,
    clear_attempts,
    count_attempt,
    count_start,
    describe_error,
    is_handled,
    park,
    uncount_start,
)
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import GIVING_UP, HANDLERS, PREPARATIONS
from shared.models.base import now
from shared.models.plumbing_tables import inbox_of, service_of
from shared.request_context import accept_request_id, request_context
from shared.topology import Service

_TRIES = 3
_PAUSE_SECONDS = 0.2


class Outcome(StrEnum):
    """How a delivery ended; also the label of its metric."""

    HANDLED = "handled"
    REPEATED = "repeated"
    """Handled before, or another copy is at work: nothing was done."""
    FAILED = "failed"
    POSTPONED = "postponed"
    """The database was not able to; not counted, the relay sends again."""
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the broker handed over: the task's name and id, its argument, and whether the broker gave it out before."""

    name: str
    id: str
    raw: object
    redelivered: bool = False


def receive(database: Database, delivery: Delivery) -> Outcome:
    """Handle one delivery of a message to `database.service`. Raises nothing that concerns the message."""
    try:
        envelope = Envelope.load(delivery.raw)
        if envelope.name != delivery.name:
            raise UnreadableMessage(f"the envelope names {envelope.name}, the task {delivery.name}")
    except UnreadableMessage as error:
        return _bury(database, _letter(delivery, None), str(error))
    with (
        request_context(accept_request_id(envelope.request_id)),
        tracing.handling(envelope.name, envelope.queue, envelope.id),
    ):
        outcome = _receive_envelope(database, delivery, envelope)
        tracing.note_outcome(outcome)
        return outcome


def _receive_envelope(database: Database, delivery: Delivery, envelope: Envelope) -> Outcome:
    try:
        message = MESSAGES[envelope.name].load(envelope.version, envelope.body)
    except (UnreadableMessage, KeyError) as error:
        return _bury(database, _letter(delivery, envelope), str(error))
    started = time.perf_counter()
    outcome = _Handling(database, delivery, envelope, message).run()
    if outcome in (Outcome.HANDLED, Outcome.REPEATED):
        seconds = round(time.perf_counter() - started, 3)
        get_logger().info(f"message_{outcome}", message=envelope.name, message_id=envelope.id, seconds=seconds)
    return outcome


@dataclass(slots=True)
class _Handling:
    """One readable message on its way through its handler."""

    database: Database
    delivery: Delivery
    envelope: Envelope
    message: Message
    counted: int = 0
    """What this start has added to the message's attempts."""

    def run(self) -> Outcome:
        try:
            if self.delivery.redelivered or self.envelope.copy > 1:
                early = self._count_start()
                if early is not None:
                    return early
            return self._work_patiently()
        except UnreadableMessage as error:
            return _bury(self.database, _letter(self.delivery, self.envelope), str(error))
        except Exception as error:
            return self._fail(error)

    def _count_start(self) -> Outcome | None:
        """Count this start; the outcome if there is nothing to start any more."""
        with self.database.reading() as session:
            if is_handled(session, self.envelope.id):
                return Outcome.REPEATED
        with self.database.transaction() as session:
            attempts, counted = count_start(session, self.envelope.id)
            if attempts > MAX_ATTEMPTS:
                letter = _letter(self.delivery, self.envelope)
                parked = self._park(session, {**letter, "error": KILLED, "attempts": MAX_ATTEMPTS})
                return Outcome.DEAD if parked else Outcome.REPEATED
        self.counted = counted
        return None

    def _work_patiently(self) -> Outcome:
        """Do the work; a deadlock, a dropped connection or a busy file gets two more tries here before the relay's."""
        for remaining in reversed(range(_TRIES)):
            try:
                return self._work()
            except Exception as error:
                if not remaining or not is_transient(error):
                    raise
                get_logger().warning("message_tried_again", message=self.envelope.name, error=describe_error(error))
                # Spread, so that two copies that met in a deadlock do not meet again.
                time.sleep(_PAUSE_SECONDS * (_TRIES - remaining) * random.uniform(0.5, 1.5))  # noqa: S311
        raise AssertionError("the last try returns or raises")

    def _work(self) -> Outcome:
        prepared = self._prepare()
        with self.database.transaction() as session:
            if not _take(session, self.envelope):
                if self.counted:
                    uncount_start(session, self.envelope.id, self.counted)
                return Outcome.REPEATED
            HANDLERS[self.envelope.name](session, self.message, *prepared)
            if self.counted:
                clear_attempts(session, self.envelope.id)
        return Outcome.HANDLED

    def _prepare(self) -> tuple[Any, ...]:
        """What is done before the transaction, unless the message was handled already."""
        prepare = PREPARATIONS.get(self.envelope.name)
        if prepare is None:
            return ()
        with self.database.reading() as session:
            if is_handled(session, self.envelope.id):
                return (None,)
        return (prepare(self.database, self.message),)

    def _fail(self, error: Exception) -> Outcome:
        log = get_logger().bind(message=self.envelope.name, message_id=self.envelope.id)
        words = describe_error(error)
        try:
            with self.database.transaction() as session:
                if is_transient(error):
                    if self.counted:
                        uncount_start(session, self.envelope.id, self.counted)
                    log.warning("message_postponed", error=words)
                    return Outcome.POSTPONED
                attempts = count_attempt(session, self.envelope.id, words, step=0 if self.counted else 1)
                if attempts < MAX_ATTEMPTS:
                    log.warning("message_failed", attempts=attempts, error=words, exc_info=error)
                    return Outcome.FAILED
                letter = _letter(self.delivery, self.envelope)
                parked = self._park(session, {**letter, "error": words, "attempts": attempts})
            log.error("message_parked", attempts=attempts, error=words, exc_info=error)
            return Outcome.DEAD if parked else Outcome.REPEATED
        except Exception as second:
            # Nothing is lost: the id is not in the inbox, so the relay sends the message again.
            log.warning("message_postponed", error=words, then=describe_error(second))
            return Outcome.POSTPONED

    def _park(self, session: Session, letter: dict[str, Any]) -> bool:
        """Make it a dead letter, and let its topic say so in its own rows."""
        if not park(session, letter):
            return False
        give_up = GIVING_UP.get(self.envelope.name)
        if give_up is not None:
            try:
                with session.begin_nested():
                    give_up(session, self.message)
            except Exception as error:
                # The letter counts more: without it the message would be tried for ever.
                get_logger().exception("giving_up_failed", message=self.envelope.name, error=describe_error(error))
        return True


def _take(session: Session, envelope: Envelope) -> bool:
    """Take the id into the inbox; False when it is there or another copy is at work on it.

    PostgreSQL would make a second copy wait for the first one's end, and a worker with it; the advisory lock lets it
    end at once. SQLite has one writer, so there is no other copy at work.
    """
    values = {"id": envelope.id, "name": envelope.name, "at": now()}
    statement = _taking(service_of(session), session.get_bind().dialect.name)
    if session.get_bind().dialect.name != "sqlite":
        values["key"] = _lock_key(envelope.id)
    return execute_counted(session, statement, values) == 1


@cache
def _taking(service: Service, dialect: str) -> Any:
    """The statement of `_take`, built once: building it costs more than running it."""
    table = inbox_of(service)
    id_, name, handled_at = table.c.message_id, table.c.name, table.c.handled_at
    statement = insert_or_nothing(dialect, table)
    row = (
        bindparam("id", type_=id_.type),
        bindparam("name", type_=name.type),
        bindparam("at", type_=handled_at.type),
    )
    if dialect == "sqlite":
        return statement.values(dict(zip((id_, name, handled_at), row, strict=True)))
    taken = select(*row).where(func.pg_try_advisory_xact_lock(bindparam("key", type_=BigInteger())))
    return statement.from_select([id_, name, handled_at], taken)


def _lock_key(message_id: str) -> int:
    return int.from_bytes(hashlib.sha256(message_id.encode()).digest()[:8], "big", signed=True)


def _letter(delivery: Delivery, envelope: Envelope | None) -> dict[str, Any]:
    raw = envelope.dump() if envelope else json.dumps(delivery.raw, ensure_ascii=False, default=repr)
    return {
        "message_id": envelope.id if envelope else delivery.id[:36],
        "name": delivery.name,
        "queue": envelope.queue.value if envelope else "",
        "envelope": raw,
    }


def _bury(database: Database, letter: dict[str, Any], error: str) -> Outcome:
    """Park a message that no version known here can read."""
    log = get_logger().bind(message=letter["name"], message_id=letter["message_id"], error=error)
    try:
        with database.transaction() as session:
            parked = park(session, {**letter, "error": error, "attempts": 0})
    except Exception as second:
        log.warning("message_postponed", then=describe_error(second))
        return Outcome.POSTPONED
    log.error("message_unreadable")
    return Outcome.DEAD if parked else Outcome.REPEATED
