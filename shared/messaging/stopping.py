"""A worker that is asked to stop stops, also when Redis is away or nobody reads what it prints any more.

Celery's handler of the signal prints a line, gives unfinished messages back to the broker and only then sets the flag
that ends the worker. When one of the first two fails, the worker's own loop takes the error for a lost connection: it
reconnects, or tries to for ever, and the request to stop is forgotten.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, ClassVar

from celery import bootsteps
from celery.exceptions import WorkerShutdown, WorkerTerminate
from celery.worker import state

from shared.logging import get_logger

# As Celery ends after a cold shutdown.
_EXIT_CODE = 1
_SIGNALS = (signal.SIGTERM, signal.SIGQUIT)


class StopsInAnyCase(bootsteps.StartStopStep):  # type: ignore[misc]
    """Puts itself before the handlers that Celery has installed by the time a worker's parts start."""

    requires: ClassVar[set[str]] = {"celery.worker.components:Timer"}

    def start(self, worker: Any) -> None:
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                signal.signal(number, _stopping(handler))


def _stopping(handler: Any) -> Any:
    def stop(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except (WorkerShutdown, WorkerTerminate):
            raise
        except Exception as error:
            # What could not be given back is unacknowledged: Redis or the relay brings it to another worker.
            state.should_terminate = _EXIT_CODE
            get_logger().warning("worker_stops_all_the_same", error=repr(error))

    return stop
