"""How many messages lie on each queue: what Redis holds just now, which is never the truth of what is to be done."""

from __future__ import annotations

from shared.logging import get_logger
from shared.messaging.broker import Broker
from shared.topology import Queue

log = get_logger(__name__)


def queue_lengths(redis_url: str) -> dict[Queue, int] | None:
    """Messages per queue, those being worked on not counted; None when Redis does not answer in time."""
    broker = Broker(redis_url)
    try:
        redis = broker.redis()
        return {queue: int(redis.llen(queue.value)) for queue in Queue}
    except Exception as error:
        log.warning("queue_lengths.unknown", error=type(error).__name__)
        return None
    finally:
        broker.close()
