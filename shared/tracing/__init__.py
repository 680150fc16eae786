"""Traces of requests and messages for whoever runs an OpenTelemetry collector; off by default.

Only where OTEL_EXPORTER_OTLP_ENDPOINT names a collector is anything of OpenTelemetry imported, and anything sent. The
other `OTEL_…` variables are read by OpenTelemetry itself.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from shared.topology import Queue, Service


@cache
def _spans() -> Any:
    """The module that knows OpenTelemetry; None where no collector is named."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return None
    from shared.tracing import spans

    return spans


def answering(service: Service, traceparent: str | None) -> AbstractContextManager[None]:
    """The span of a request to `service`; `traceparent` is the caller's header, None where no caller is believed."""
    spans = _spans()
    return spans.answering(service, traceparent) if spans else nullcontext()


def name_request(method: str, route: str, status: int) -> None:
    """Say of the present request's span which route it was, by its template, and how it ended."""
    if spans := _spans():
        spans.name_request(method, route, status)


def calling(service: Service, method: str) -> AbstractContextManager[dict[str, str]]:
    """The span of a request to another service; the headers that carry it there."""
    spans = _spans()
    return spans.calling(service, method) if spans else nullcontext({})


def note_message(message: str, queue: Queue, message_id: str, request_id: str) -> None:
    """A message is being written to an outbox: a span that the receiver's hangs under."""
    if spans := _spans():
        spans.note_message(message, queue, message_id, request_id)


def handling(message: str, queue: Queue, message_id: str) -> AbstractContextManager[None]:
    """The span of a message's handling, in the trace of the request that asked for it."""
    spans = _spans()
    return spans.handling(message, queue, message_id) if spans else nullcontext()


def note_outcome(outcome: str) -> None:
    """Say of the present message's span how it ended."""
    if spans := _spans():
        spans.note_outcome(outcome)


def flush() -> None:
    """Send what was not sent yet, at the end of a process that ends without Python's own farewell."""
    if spans := _spans():
        spans.flush()
