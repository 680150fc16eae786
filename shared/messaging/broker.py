"""Putting envelopes on Redis: by queue name on the default exchange, failing fast when Redis does not answer.

Senders know kombu for the connection alone, and import it with the first message: the services, the relay and their
starter need nothing of Celery, which is the workers'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.messaging.envelope import Envelope
from shared.messaging.task_message import task_message
from shared.topology import VISIBILITY_TIMEOUT_SECONDS

SENDER_SOCKET_TIMEOUT = 2


def transport_options(*, socket_timeout: float, visibility_timeout: float) -> dict[str, Any]:
    """What kombu and redis-py get; the same visibility timeout for everyone, since any process may restore."""
    return {
        "visibility_timeout": visibility_timeout,
        "socket_timeout": socket_timeout,
        "socket_connect_timeout": min(5, socket_timeout),
        "socket_keepalive": True,
        "health_check_interval": 10,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 2,
    }


class Broker:
    """One connection for sending, used by one thread. After an error it starts with a new connection.

    What a send that returns does not give back has been taken by Redis; of one that raises any part may have been.
    """

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._connection: Any = None
        self._client: Any = None

    def send(self, envelopes: Sequence[Envelope]) -> list[Envelope]:
        """Put one copy of each on its queue, all in one round trip; those that Redis refused while it took others.

        Raises whatever the transport raises, within a few seconds, and what Redis says where it takes none.
        """
        try:
            commands = self.redis().pipeline(transaction=False)
            for envelope in envelopes:
                commands.lpush(envelope.queue.value, task_message(envelope))
            answers = commands.execute(raise_on_error=False)
            refused = [place for place, answer in enumerate(answers) if isinstance(answer, Exception)]
            if refused and len(refused) == len(answers):
                raise answers[0]
        except BaseException:
            self.close()
            raise
        return [envelopes[place] for place in refused]

    def redis(self) -> Any:
        """A Redis client of this connection."""
        if self._client is None:
            self._connect()
        return self._client

    def close(self) -> None:
        """Drop the connection without waiting for the other side."""
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            connection.release()

    def _connect(self) -> None:
        from shared.messaging import lean_redis  # noqa: F401, I001 - before kombu imports redis
        from kombu.connection import Connection

        options = transport_options(socket_timeout=SENDER_SOCKET_TIMEOUT, visibility_timeout=VISIBILITY_TIMEOUT_SECONDS)
        self._connection = Connection(self._url, transport_options=options)  # type: ignore[no-untyped-call]
        # Once: whoever sends has a pause of its own, and kombu's three tries would sleep for six seconds.
        self._connection.ensure_connection(max_retries=0)
        self._client = self._connection.default_channel.client
