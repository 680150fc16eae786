"""Structured logs of every process: one event name and fields a line, as JSON or readable.

The request id that came in at the gateway stands on every line written for it, in services and tasks alike.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from shared.request_context import current_request_id
from shared.settings import settings_at_start

# Fields that may hold what nobody should read in a log, whoever passes them.
_HIDDEN = frozenset({"password", "pin", "token", "secret", "cookie", "authorization", "identity", "phone", "text"})

# How PostgreSQL names the values of a row that it refuses, also in the readable traceback.
_ROW_VALUES = re.compile(r"^.*\bDETAIL:.*\n?", re.MULTILINE)

_EventDict = MutableMapping[str, Any]


def configure_logging(process_name: str) -> None:
    """Send the logs of this process to standard error: our own, and those of every library.

    It is the first thing that a process does: where a setting can't be right, it ends here with the sentence alone.
    `process_name` stands in each JSON line; readable lines get it from the launcher, as a prefix.
    """
    current = settings_at_start()
    shared_processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso" if current.log_json else "%H:%M:%S", utc=current.log_json),
        _hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared_processors,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_processors,
            processors=_final_processors(process_name, as_json=current.log_json),
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(current.log_level)
    _quieten()


def get_logger(name: str | None = None) -> structlog.stdlib.BoundLogger:
    """A logger: `get_logger().info("shard_applied", village="431230203200", seconds=0.4)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name or "xiangzhi")
    return logger


def _final_processors(process_name: str, *, as_json: bool) -> list[structlog.typing.Processor]:
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if not as_json:
        return [remove_meta, structlog.processors.format_exc_info, _render_readable]

    def add_process(_logger: Any, _method: str, event: _EventDict) -> _EventDict:
        event["process"] = process_name
        return event

    return [
        remove_meta,
        add_process,
        # Without local variables: they hold names, texts and numbers of people.
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
        _shorten_errors,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _render_readable(_logger: Any, _method: str, event: _EventDict) -> str:
    """`08:15:02 warning relay_paused seconds=10 request_id=…`, then the traceback if there is one."""
    when, level, name = event.pop("timestamp", ""), event.pop("level", "info"), event.pop("event", "")
    error = _ROW_VALUES.sub("", event.pop("exception", None) or "")
    words = [str(when), level, str(name)]
    words += [f"{key}={_short(value)}" for key, value in event.items() if value not in (None, "")]
    return " ".join(words) + (f"\n{error}" if error else "")


def _shorten_errors(_logger: Any, _method: str, event: _EventDict) -> _EventDict:
    """An error's first line is its kind; below it PostgreSQL repeats the values of the row."""
    errors = event.get("exception")
    for error in errors if isinstance(errors, list) else []:
        error["exc_value"] = str(error["exc_value"]).partition("\n")[0]
    return event


def _short(value: Any) -> str:
    text = str(value)
    return repr(text) if " " in text or "\n" in text else text


def _add_request_id(_logger: Any, _method: str, event: _EventDict) -> _EventDict:
    request_id = current_request_id()
    if request_id:
        event.setdefault("request_id", request_id)
    return event


def _hide_secrets(_logger: Any, _method: str, event: _EventDict) -> _EventDict:
    for key in _HIDDEN & event.keys():
        event[key] = "***"
    return event


def _quieten() -> None:
    """Libraries that say at `info` what only their authors need."""
    names = ["urllib3", "alembic", "fontTools", "weasyprint", "kombu", "amqp", "PIL", "celery.app.trace"]
    for name in [*names, "celery.worker.strategy"]:
        logging.getLogger(name).setLevel(logging.WARNING)
