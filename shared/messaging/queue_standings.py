"""How each queue stands: what Redis holds just now, which is never the truth of what is to be done."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from shared.logging import get_logger
from shared.topology import Queue

_TIMEOUT_SECONDS = 1.0
# kombu's names: tags of what workers hold, by the second of taking; and the messages themselves.
UNACKED_INDEX, UNACKED = "unacked_index", "unacked"
# More than this no worker of ours holds at once; of a queue with very many the oldest are looked at.
_MOST_UNACKED = 1000

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """`waiting` messages, those that workers hold not counted; since how many seconds the oldest held one is."""

    waiting: int
    unacked: int = 0
    oldest_unacked_seconds: float | None = None


def queue_standings(redis_url: str) -> dict[Queue, QueueStanding] | None:
    """Every queue; None when Redis does not answer in time."""
    # Loaded by whoever looks: the gateway needs it for nothing else.
    from shared.messaging import lean_redis  # noqa: F401, I001 - before redis
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Asked once: whoever opens the page while Redis is away must not wait for a client that tries again.
    redis = Redis.from_url(
        redis_url,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return read_queues(redis)
    except Exception as error:
        log.warning("queue_standings.unknown", error=type(error).__name__)
        return None
    finally:
        redis.close()


def read_queues(redis: Any) -> dict[Queue, QueueStanding]:
    """Every queue, asked over an open client. Raises what the client raises."""
    ages = _unacked_ages(redis)
    return {
        queue: QueueStanding(int(redis.llen(queue.value)), len(ages[queue]), max(ages[queue], default=None))
        for queue in Queue
    }


def _unacked_ages(redis: Any) -> dict[Queue, list[float]]:
    ages: dict[Queue, list[float]] = defaultdict(list)
    held = redis.zrange(UNACKED_INDEX, 0, _MOST_UNACKED - 1, withscores=True)
    if not held:
        return ages
    present, messages = time.time(), redis.hmget(UNACKED, [tag for tag, _ in held])
    for (_, taken_at), message in zip(held, messages, strict=True):
        queue = _queue_of(message)
        if queue is not None:
            ages[queue].append(max(present - taken_at, 0.0))
    return ages


def _queue_of(message: bytes | None) -> Queue | None:
    """The queue that kombu wrote beside the message; None when it was acknowledged meanwhile, or is none of ours."""
    try:
        return Queue(json.loads(message or b"null")[2])
    except (ValueError, TypeError, IndexError, KeyError):
        return None
