"""A worker's places for unacknowledged messages, given back even when Redis can't be told.

kombu removes a message from the prefetch count only after Redis has taken the acknowledgement. When Redis is away in
that moment, the error is logged and the place stays taken; with every place taken the worker asks Redis for nothing
more, so it does not notice that its connection is gone either: alive, beating, and deaf for ever.
"""

from __future__ import annotations

from kombu.transport import redis as redis_transport
from kombu.transport.virtual.base import QoS


class FreeingQoS(redis_transport.QoS):
    """Frees the place of a message before the error of its acknowledgement goes on.

    Redis, if it still knows the message, gives it to a worker again after the visibility timeout, and the relay sends
    it again before that; the inbox lets it have its effect once.
    """

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge one message. Raises what the connection raises."""
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except Exception:
            QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give one message back, or drop it. Raises what the connection raises."""
        try:
            super().reject(delivery_tag, requeue)  # type: ignore[no-untyped-call]
        except Exception:
            QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise


def free_slots_on_errors() -> None:
    """Let every Redis channel of this process count its messages so."""
    redis_transport.Channel.QoS = FreeingQoS
