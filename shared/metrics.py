"""What a process counts, for `/metrics` on its inner port.

Names end in their unit. Labels are few and bounded: route templates, never paths; message names, never ids.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

from shared.logging import get_logger

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

REQUESTS = Counter("xiangzhi_requests_total", "HTTP requests answered", ["service", "route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "xiangzhi_request_seconds", "Time to answer an HTTP request", ["service", "route", "method"], buckets=_SECONDS
)
MESSAGES = Counter(
    "xiangzhi_messages_total",
    "Messages taken from a queue; outcome is handled, repeated, failed or dead",
    ["service", "message", "outcome"],
)
MESSAGE_SECONDS = Histogram(
    "xiangzhi_message_seconds", "Time to handle a message", ["service", "message"], buckets=_SECONDS
)
OUTBOX_WAITING = Gauge(
    "xiangzhi_outbox_waiting",
    "Outbox rows that their receiver has not handled",
    ["service"],
    multiprocess_mode="mostrecent",
)
OUTBOX_OLDEST_SECONDS = Gauge(
    "xiangzhi_outbox_oldest_seconds",
    "Age of the oldest waiting outbox row",
    ["service"],
    multiprocess_mode="mostrecent",
)
DEAD_LETTERS = Gauge(
    "xiangzhi_dead_letters", "Messages that wait for a person's decision", ["service"], multiprocess_mode="mostrecent"
)
QUEUE_LENGTH = Gauge("xiangzhi_queue_length", "Messages that wait in Redis", ["queue"], multiprocess_mode="mostrecent")
SENDS = Counter("xiangzhi_sends_total", "Messages put on a queue; outcome is sent or failed", ["service", "outcome"])
SCHEDULE_LAST_SECONDS = Gauge(
    "xiangzhi_schedule_last_success_timestamp_seconds",
    "When a scheduled task was last handled",
    ["message"],
    multiprocess_mode="max",
)


def render_metrics() -> tuple[bytes, str]:
    """The counters of this process (of all its children with PROMETHEUS_MULTIPROC_DIR), and their content type."""
    return generate_latest(_registry()), CONTENT_TYPE_LATEST


def serve_metrics(port: int, host: str) -> None:
    """Answer `/metrics` at this address from a thread of this process, for processes without an inner port; 0: nowhere.

    A port that is taken is a line in the log: the work goes on without its numbers.
    """
    if not port:
        return
    try:
        start_http_server(port, addr=host, registry=_registry())
    except OSError as error:
        get_logger().error("metrics_not_served", host=host, port=port, error=str(error), mend="choose a free port")


def _registry() -> CollectorRegistry:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder or not Path(folder).is_dir():
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
