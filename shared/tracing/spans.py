"""The spans themselves: of a request, a call between services, an outbox row, a message's handling, a statement.

A trace's id follows from the request id, a message's span from the message id: both stand in outbox rows and envelopes
already, so a trace holds together over outbox, relay and dead letters without a field of its own.

Nothing of a person leaves: routes are templates, statements have no values, and errors are their kind alone.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, Tracer

from shared.release import RELEASE
from shared.request_context import current_request_id
from shared.topology import Queue, Service

_NEXT_SPAN: ContextVar[int | None] = ContextVar("xiangzhi_next_span", default=None)
_provider: TracerProvider | None = None
_guard = threading.Lock()


def trace_id_of(request_id: str) -> int:
    """The trace of a request: 128 bits."""
    return int.from_bytes(hashlib.sha256(f"trace {request_id}".encode()).digest()[:16]) or 1


def span_id_of(message_id: str) -> int:
    """The span of a message's outbox row: 64 bits."""
    return int.from_bytes(hashlib.sha256(f"span {message_id}".encode()).digest()[:8]) or 1


class _Ids(RandomIdGenerator):
    def generate_trace_id(self) -> int:
        request_id = current_request_id()
        return trace_id_of(request_id) if request_id else super().generate_trace_id()

    def generate_span_id(self) -> int:
        return _NEXT_SPAN.get() or super().generate_span_id()


def tracer(service: Service) -> Tracer:
    """This process's tracer, made with the first span: after a fork, so that its thread is the child's own."""
    global _provider
    with _guard:
        if _provider is None:
            from shared.tracing.statements import trace_statements

            name = os.environ.get("XZ_PROCESS") or service.value
            resource = Resource.create(
                {"service.name": name, "service.namespace": "xiangzhi", "service.version": RELEASE}
            )
            _provider = TracerProvider(resource=resource, id_generator=_Ids())
            _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
            trace_statements(_provider.get_tracer("xiangzhi"))
        return _provider.get_tracer("xiangzhi")


@contextmanager
def answering(service: Service, traceparent: str | None) -> Iterator[None]:
    """See `shared.tracing`."""
    with _span(service, "request", SpanKind.SERVER, {}, _parent_of(traceparent)):
        yield


def name_request(method: str, route: str, status: int) -> None:
    """See `shared.tracing`."""
    span = trace.get_current_span()
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))


@contextmanager
def calling(service: Service, method: str) -> Iterator[dict[str, str]]:
    """See `shared.tracing`."""
    asked = {"http.request.method": method, "server.address": service.value}
    with _span(Service.GATEWAY, f"{method} {service}", SpanKind.CLIENT, asked):
        here = trace.get_current_span().get_span_context()
        yield {"traceparent": f"00-{here.trace_id:032x}-{here.span_id:016x}-{int(here.trace_flags):02x}"}


def note_message(message: str, queue: Queue, message_id: str, request_id: str) -> None:
    """See `shared.tracing`."""
    # Outside of any request (the scheduler's rows) it begins the trace, whose id is that of the message's own request.
    parent = None if trace.get_current_span().is_recording() else _remote(request_id, span_id_of(request_id))
    token = _NEXT_SPAN.set(span_id_of(message_id))
    try:
        with _span(
            queue.service, f"send {message}", SpanKind.PRODUCER, _of_message(message, queue, message_id), parent
        ):
            pass
    finally:
        _NEXT_SPAN.reset(token)


@contextmanager
def handling(message: str, queue: Queue, message_id: str) -> Iterator[None]:
    """See `shared.tracing`."""
    parent = _remote(current_request_id() or "", span_id_of(message_id))
    with _span(queue.service, f"handle {message}", SpanKind.CONSUMER, _of_message(message, queue, message_id), parent):
        yield


def note_outcome(outcome: str) -> None:
    """See `shared.tracing`."""
    span = trace.get_current_span()
    span.set_attribute("xiangzhi.outcome", outcome)
    if outcome in {"failed", "dead"}:
        span.set_status(Status(StatusCode.ERROR))


def flush() -> None:
    """See `shared.tracing`."""
    if _provider is not None:
        _provider.force_flush(2000)


@contextmanager
def _span(
    service: Service, name: str, kind: SpanKind, attributes: Mapping[str, str], parent: SpanContext | None = None
) -> Iterator[None]:
    own = {"xiangzhi.service": service.value, "xiangzhi.request_id": current_request_id() or "", **attributes}
    context = trace.set_span_in_context(NonRecordingSpan(parent)) if parent else None
    # An exception's words may hold what somebody has written: its kind is told, its words stay in the log.
    with tracer(service).start_as_current_span(
        name, context, kind, own, record_exception=False, set_status_on_exception=False
    ) as span:
        # What happens inside gets numbers of its own.
        token = _NEXT_SPAN.set(None)
        try:
            yield
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            _NEXT_SPAN.reset(token)


def _of_message(message: str, queue: Queue, message_id: str) -> dict[str, str]:
    return {
        "messaging.system": "celery",
        "messaging.destination.name": queue.value,
        "messaging.operation.name": message,
        "messaging.message.id": message_id,
    }


def _parent_of(traceparent: str | None) -> SpanContext | None:
    """The caller's span; its trace is the request's, whatever the header says."""
    parts = (traceparent or "").split("-")
    request_id = current_request_id()
    if len(parts) != 4 or len(parts[2]) != 16 or request_id is None:
        return None
    try:
        return _remote(request_id, int(parts[2], 16))
    except ValueError:
        return None


def _remote(request_id: str, span_id: int) -> SpanContext:
    return SpanContext(trace_id_of(request_id), span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
