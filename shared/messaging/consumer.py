"""A worker's consumer that is seen to be alive while Redis is away.

Celery waits for its broker inside one call, and the event loop that touches the heartbeat file stands still for as
long. Whoever watches the file would start every worker anew, again and again, for as long as Redis is away, and then
have them wait out their pauses when it is back. So the waiting itself beats, once a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer

from shared.heartbeat import beat


class BeatingConsumer(Consumer):  # type: ignore[misc]
    """Named by Celery's setting `worker_consumer`."""

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, for as long as it takes; what the worker asks each second meanwhile, the heartbeat asks too."""
        name = self.hostname.partition("@")[0]
        ensure = conn.ensure_connection

        def ensure_and_beat(*arguments: Any, callback: Callable[[], None] | None = None, **options: Any) -> Any:
            def each_second() -> None:
                beat(name)
                if callback is not None:
                    callback()

            return ensure(*arguments, callback=each_second, **options)

        conn.ensure_connection = ensure_and_beat
        return super().ensure_connected(conn)
