"""The thread that sends what this process has committed, so that no request waits for Redis.

It keeps envelopes in memory only. What it can't send, or what dies with the process, is the relay's: the rows are
in the outbox.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice

from shared.logging import get_logger
from shared.messaging.broker import Broker
from shared.messaging.envelope import Envelope
from shared.metrics import SENDS
from shared.settings import settings

PAUSE_SECONDS = 10.0
CAPACITY = 10_000
# What is committed while one batch is on its way to Redis is the next one.
BATCH = 100
_EXIT_SECONDS = 2.0


class Publisher:
    """Sends envelopes in the order of their commits, from a daemon thread that starts with the first one."""

    def __init__(self, redis_url: str, *, pause_seconds: float = PAUSE_SECONDS, capacity: int = CAPACITY) -> None:
        self._broker = Broker(redis_url)
        self._pause_seconds = pause_seconds
        self._capacity = capacity
        self._changed = threading.Condition()
        self._waiting: deque[Envelope] = deque()
        self._thread: threading.Thread | None = None
        self._closing = False

    def hand(self, envelopes: Sequence[Envelope]) -> None:
        """Take over committed envelopes; never blocks on Redis. Beyond the capacity the relay sends them."""
        with self._changed:
            room = self._capacity - len(self._waiting)
            self._waiting.extend(envelopes[: max(room, 0)])
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        if room < len(envelopes):
            get_logger().warning("publisher_full", left_to_relay=len(envelopes) - max(room, 0))

    def wait_until_idle(self, timeout: float) -> bool:
        """Whether everything that was handed over has been sent within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout)

    def close(self, timeout: float = _EXIT_SECONDS) -> None:
        """Send what can be sent within `timeout` seconds, then end the thread."""
        deadline = time.monotonic() + timeout
        self.wait_until_idle(timeout)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(max(deadline - time.monotonic(), 0.1))

    def _run(self) -> None:
        while envelopes := self._next():
            try:
                refused = self._broker.send(envelopes)
            except Exception as error:
                count_sends(envelopes, "failed")
                get_logger().warning("publisher_paused", seconds=self._pause_seconds, error=repr(error))
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, self._pause_seconds)
                continue
            # What was refused is the relay's to send again.
            count_batch(envelopes, refused)
            with self._changed:
                for _ in envelopes:
                    self._waiting.popleft()
                self._changed.notify_all()
        self._broker.close()

    def _next(self) -> list[Envelope]:
        """Wait for envelopes: the oldest that are there, at most BATCH; none when the thread is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting)
            return [] if self._closing else list(islice(self._waiting, BATCH))


def count_batch(envelopes: Sequence[Envelope], refused: Sequence[Envelope]) -> None:
    """Count a batch that Redis has answered for, and tell what it refused of it."""
    if refused:
        queues = sorted({envelope.queue.value for envelope in refused})
        get_logger().warning("messages_refused", messages=len(refused), queues=queues)
        count_sends(refused, "failed")
    count_sends([each for each in envelopes if each not in refused], "sent")


def count_sends(envelopes: Sequence[Envelope], outcome: str) -> None:
    """Count what was sent, or was not."""
    for envelope in envelopes:
        SENDS.labels(envelope.queue.service, outcome).inc()


_publisher: Publisher | None = None
_guard = threading.Lock()
_left_to_relay = False


def leave_to_relay() -> None:
    """For a process that runs where there is no Redis yet (a loader): what it commits is the relay's to send."""
    global _left_to_relay
    _left_to_relay = True


def hand_over(envelopes: Sequence[Envelope]) -> None:
    """Give committed envelopes to this process's publisher, unless they are left to the relay."""
    if not _left_to_relay:
        publisher().hand(envelopes)


def publisher() -> Publisher:
    """This process's publisher, made at the first call."""
    global _publisher
    with _guard:
        if _publisher is None:
            _publisher = Publisher(settings().redis_url)
        return _publisher


def close_publisher(timeout: float = _EXIT_SECONDS) -> None:
    """Send what waits and forget the publisher; the next commit makes a new one."""
    global _publisher
    with _guard:
        closing, _publisher = _publisher, None
    if closing is not None:
        closing.close(timeout)


def _forget_after_fork() -> None:
    """A forked child has no publisher thread and no right to its parent's socket; what waits is the parent's."""
    global _publisher, _guard
    _publisher, _guard = None, threading.Lock()


atexit.register(close_publisher)
os.register_at_fork(after_in_child=_forget_after_fork)
