"""How many messages lie on each queue: what Redis holds just now, which is never the truth of what is to be done."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.logging import get_logger
from shared.topology import Queue

_TIMEOUT_SECONDS = 1.0

log = get_logger(__name__)


def queue_lengths(redis_url: str) -> dict[Queue, int] | None:
    """Messages per queue, those being worked on not counted; None when Redis does not answer in time."""
    # Asked once: whoever opens the page while Redis is away must not wait for a client that tries again.
    redis = Redis.from_url(
        redis_url,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return {queue: int(redis.llen(queue.value)) for queue in Queue}
    except Exception as error:
        log.warning("queue_lengths.unknown", error=type(error).__name__)
        return None
    finally:
        redis.close()
