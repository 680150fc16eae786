"""What a process counts, for `/metrics` on its inner port.

Names end in their unit. Labels are few and bounded: route templates, never paths; message names, never ids; nothing of
a person. What a whole deployment has only once (the gauges of outboxes, queues, scheduled tasks, recalculations) is
measured by the relay (`shared.messaging.measuring`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shared.logging import get_logger

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
# An old web worker serves on for ten seconds while its successor loads, and then has ten more to end.
_TAKING_OVER_SECONDS = 30.0
_place: str | None = None


def count_in_place(name: str) -> None:
    """Let this process count in the files of `name` (no `_`) instead of its own number's; one process at a time.

    A worker replaces its children all the time. Named by process number, each would leave files for ever, and every
    look at the numbers would read them all.
    """
    global _place
    _place = name


def _own_place() -> str:
    return _place or str(os.getpid())


def _has_children() -> bool:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return bool(folder) and Path(str(folder)).is_dir()


if _has_children():
    values.ValueClass = values.MultiProcessValue(_own_place)  # type: ignore[no-untyped-call]


def _gauge(name: str, documentation: str, labels: Iterable[str] = ()) -> Gauge:
    return Gauge(name, documentation, labels, multiprocess_mode="mostrecent")


REQUESTS = Counter(
    "xiangzhi_requests_total",
    "HTTP requests answered; status is a class: 2xx",
    ["service", "route", "method", "status"],
)
REQUEST_SECONDS = Histogram(
    "xiangzhi_request_seconds", "Time to answer an HTTP request", ["service", "route", "method"], buckets=_SECONDS
)
MESSAGES = Counter(
    "xiangzhi_messages_total",
    "Messages taken from a queue; outcome is handled, repeated, failed, postponed or dead",
    ["service", "queue", "message", "outcome"],
)
MESSAGE_SECONDS = Histogram(
    "xiangzhi_message_seconds", "Time to handle a message", ["service", "queue", "message"], buckets=_SECONDS
)
SENDS = Counter("xiangzhi_sends_total", "Messages put on a queue; outcome is sent or failed", ["service", "outcome"])
THROTTLES = Counter(
    "xiangzhi_throttles_total",
    "Logins and acts refused after too many: by account, card, address of logins, or the act",
    ["counted"],
)

RELAY_PASS = _gauge("xiangzhi_relay_pass_timestamp_seconds", "When the relay last measured the deployment")
OUTBOX_WAITING = _gauge("xiangzhi_outbox_waiting", "Outbox rows that their receiver has not handled", ["service"])
OUTBOX_OLDEST_SECONDS = _gauge("xiangzhi_outbox_oldest_seconds", "Age of the oldest waiting outbox row", ["service"])
DEAD_LETTERS = _gauge("xiangzhi_dead_letters", "Messages that wait for a person's decision", ["service"])
REDIS_ANSWERS = _gauge("xiangzhi_redis_answers", "1 when Redis answered the relay, else 0")
QUEUE_LENGTH = _gauge("xiangzhi_queue_length", "Messages that wait in Redis", ["queue"])
UNACKED = _gauge("xiangzhi_unacked", "Messages that workers hold, begun or not", ["queue"])
UNACKED_OLDEST_SECONDS = _gauge(
    "xiangzhi_unacked_oldest_seconds", "Since when a worker holds the oldest of its messages", ["queue"]
)
SCHEDULE_LAST_SUCCESS = _gauge(
    "xiangzhi_schedule_last_success_timestamp_seconds", "When a scheduled task was last done", ["message"]
)
SCHEDULE_LATE_SECONDS = _gauge(
    "xiangzhi_schedule_late_seconds", "Since when a scheduled task is due and not done; 0 when it is", ["message"]
)
RECALCULATIONS = _gauge("xiangzhi_recalculations", "Recalculations that are not over", ["mode", "state"])
SHARDS = _gauge("xiangzhi_recalculation_shards", "Villages of the recalculations that are not over", ["state"])


def render_metrics() -> tuple[bytes, str]:
    """The counters of this process (of all its children with PROMETHEUS_MULTIPROC_DIR), and their content type."""
    return generate_latest(_registry()), CONTENT_TYPE_LATEST


def serve_metrics(port: int, host: str) -> None:
    """Answer `/metrics` at this address from a thread of this process, for processes without an inner port; 0: nowhere.

    A process that takes over from another finds the port taken until that one has ended. One that stays taken is a line
    in the log: the work goes on without its numbers.
    """
    if port and _refusal(port, host):
        Thread(target=_serve_once_free, args=(port, host), name="metrics", daemon=True).start()


def _serve_once_free(port: int, host: str) -> None:
    deadline = time.monotonic() + _TAKING_OVER_SECONDS
    while error := _refusal(port, host):
        if time.monotonic() > deadline:
            get_logger().error("metrics_not_served", host=host, port=port, error=error, mend="choose a free port")
            return
        time.sleep(0.2)


def _refusal(port: int, host: str) -> str:
    """Why nothing can be served there; empty once it is."""
    try:
        start_http_server(port, addr=host, registry=_registry())
    except OSError as error:
        return str(error)
    return ""


_looked_up: dict[str, Collector] = {}


def look_up_when_asked(collector: Collector) -> None:
    """Show what `collector` finds at the moment of asking beside what is counted; once for each class."""
    name = type(collector).__name__
    if name not in _looked_up:
        _looked_up[name] = collector
        REGISTRY.register(collector)


def _registry() -> CollectorRegistry:
    if not _has_children():
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    for collector in _looked_up.values():
        registry.register(collector)
    return registry
