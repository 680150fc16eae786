"""Putting envelopes on Redis: by queue name on the default exchange, failing fast when Redis does not answer."""

from __future__ import annotations

from typing import Any

from kombu.connection import Connection
from kombu.messaging import Producer

from shared.messaging.celery_settings import PUBLISHER_SOCKET_TIMEOUT, broker_queue, new_app
from shared.messaging.envelope import Envelope
from shared.topology import Queue


class Broker:
    """One connection for sending, used by one thread. After an error it starts with a new connection.

    A send that returns has been taken by Redis; one that raises may have been.
    """

    def __init__(self, redis_url: str) -> None:
        self._app = new_app("xiangzhi.sender", redis_url, tuple(Queue), socket_timeout=PUBLISHER_SOCKET_TIMEOUT)
        self._queues = {queue: broker_queue(queue) for queue in Queue}
        self._connection: Connection | None = None
        self._producer: Producer | None = None

    def send(self, envelope: Envelope) -> None:
        """Put one copy on its queue. Raises whatever the transport raises, within a few seconds."""
        try:
            self._app.send_task(
                envelope.name,
                args=[envelope.as_json()],
                task_id=envelope.id,
                queue=self._queues[envelope.queue],
                producer=self._open_producer(),
                argsrepr=envelope.id,
                kwargsrepr="",
                ignore_result=True,
                declare=[],
                retry=False,
            )
        except BaseException:
            self.close()
            raise

    def redis(self) -> Any:
        """A Redis client on the same connection parameters, for keys beside the queues."""
        return self._open_producer().channel.client

    def close(self) -> None:
        """Drop the connection without waiting for the other side."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            connection.release()  # type: ignore[no-untyped-call]

    def _open_producer(self) -> Producer:
        if self._producer is None:
            self._connection = self._app.connection_for_write()
            # Once: whoever sends has a pause of its own, and kombu's three tries would sleep for six seconds.
            self._connection.ensure_connection(max_retries=0)
            self._producer = Producer(self._connection.default_channel, auto_declare=False)  # type: ignore[no-untyped-call]
        return self._producer
