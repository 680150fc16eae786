"""A span for each statement of a traced request or message: its text, never its values."""

from __future__ import annotations

from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from sqlalchemy import Engine, event

_LONGEST = 2000
_OPEN = "xiangzhi_open_spans"


def trace_statements(tracer: Tracer) -> None:
    """Watch every engine of this process. Statements outside of any span (a relay's look each second) have none."""

    def begin(connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool) -> None:
        if trace.get_current_span().is_recording():
            verb = statement.lstrip("( \n").split(None, 1)[0].upper() if statement.strip() else "SQL"
            attributes = {"db.system.name": connection.dialect.name, "db.query.text": statement[:_LONGEST]}
            span = tracer.start_span(verb, kind=SpanKind.CLIENT, attributes=attributes)
            connection.info.setdefault(_OPEN, []).append(span)

    def end(connection: Any, *_rest: Any) -> None:
        if span := _last(connection):
            span.end()

    def fail(context: Any) -> None:
        if context.connection is not None and (span := _last(context.connection)):
            span.set_status(Status(StatusCode.ERROR, type(context.original_exception).__name__))
            span.end()

    event.listen(Engine, "before_cursor_execute", begin)
    event.listen(Engine, "after_cursor_execute", end)
    event.listen(Engine, "handle_error", fail)


def _last(connection: Any) -> Span | None:
    spans: list[Span] = connection.info.get(_OPEN) or []
    return spans.pop() if spans else None
