"""One event a line, with the request's id, and nothing in it that nobody should read."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
import structlog

from shared.logging import configure_logging, get_logger
from shared.request_context import request_context, short_number
from shared.settings import settings

Lines = Callable[[], list[str]]


@pytest.fixture
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Logging as a process sets it up; what it wrote so far."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setenv("XZ_LOG_JSON", "1" if getattr(request, "param", "readable") == "json" else "0")
    settings.cache_clear()
    configure_logging("points")
    written = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield lambda: written.getvalue().splitlines()
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    settings.cache_clear()


def test_a_readable_line_is_time_level_event_and_fields(lines: Lines) -> None:
    with request_context("abc"):
        get_logger().info("shard_applied", village="431230203200", reason="two words", empty="")
    (line,) = lines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d info shard_applied village=431230203200 reason='two words' .*", line)
    assert {"request_id=abc", f"number={short_number('abc')}"} <= set(line.split())


@pytest.mark.parametrize("lines", ["json"], indirect=True)
def test_a_json_line_names_its_process_and_its_request(lines: Lines) -> None:
    with request_context("abc"):
        get_logger().warning("relay_paused", seconds=10)
    (line,) = lines()
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "relay_paused",
        "level": "warning",
        "number": short_number("abc"),
        "process": "points",
        "request_id": "abc",
        "seconds": 10,
    }


def test_lines_of_libraries_look_the_same(lines: Lines) -> None:
    logging.getLogger("some.library").error("broke %s", "here")
    (line,) = lines()
    assert line[8:] == " error broke here"


@pytest.mark.parametrize("name", ["password", "pin", "token", "phone", "identity", "text"])
def test_what_nobody_should_read_is_not_written(lines: Lines, name: str) -> None:
    get_logger().info("login_failed", **{name: "13800001234"})
    assert "13800001234" not in "".join(lines())


@pytest.mark.parametrize("lines", ["readable", "json"], indirect=True)
def test_a_traceback_shows_code_and_no_values(lines: Lines) -> None:
    number = "431299196003151017"
    try:
        raise ValueError(len(number))
    except ValueError:
        get_logger().exception("import_failed")
    written = "".join(lines())
    assert "ValueError" in written
    assert "test_logging.py" in written
    assert number not in written


def test_a_line_break_in_a_value_makes_no_second_line(lines: Lines) -> None:
    get_logger().info("upload_refused", file_name="a\nb info forged")
    assert len(lines()) == 1


def test_libraries_that_talk_much_are_quiet(lines: Lines) -> None:
    logging.getLogger("urllib3.connectionpool").info("Starting new connection")
    logging.getLogger("celery.worker.strategy").info("Task received")
    assert lines() == []


@pytest.mark.parametrize("lines", ["json", "readable"], indirect=True)
def test_the_values_of_a_row_that_the_database_refuses_are_in_no_log(lines: Lines) -> None:
    class RefusedRow(Exception):
        """As PostgreSQL words it."""

    words = 'violates "uq_person"\nDETAIL:  Key (name)=(石小满) already exists.\n'
    try:
        raise RefusedRow(words)
    except RefusedRow as error:
        get_logger().warning("message_failed", exc_info=error)
    written = "\n".join(lines())
    assert "RefusedRow" in written
    assert "uq_person" in written
    assert "石小满" not in written
