"""One request through gateway, service, outbox, Redis and two workers: one id in all log lines, one trace if wanted."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Response, request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared import tracing
from shared.identity import Role
from shared.logging import configure_logging
from shared.messaging import outbox
from shared.settings import settings
from shared.topology import Service
from shared.tracing import spans
from shared.web import Blueprint, allow, create_service_app, current_session
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.postgresql_cluster import PROJECT
from tests.fixtures.waiting import wait_until
from tests.integration.gateway.conftest import PASSWORD, House, Serve
from tests.integration.messaging import worker_processes
from tests.integration.messaging.effects import effects
from tests.integration.messaging.probe_messages import Probe

# Whole sweeps and processes of their own: in the later part.
pytestmark = pytest.mark.slow

start_process = worker_processes.start_process
start_worker = worker_processes.start_worker

REQUEST_ID = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
IDENTITY_NUMBER, PHONE, NAME = "431299196003151017", "16000001234", "石小满"
SECRETS = (PASSWORD, IDENTITY_NUMBER, PHONE, NAME)


@dataclass(slots=True)
class Span:
    """What a test looks at in a span that reached the collector."""

    name: str
    process: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, str]


class Collector:
    """An OTLP/HTTP collector that keeps what it is sent."""

    def __init__(self) -> None:
        bodies: list[bytes] = []
        self.bodies = bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def spans(self) -> list[Span]:
        found = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                named = {each.key: each.value.string_value for each in resource.resource.attributes}
                for scope in resource.scope_spans:
                    found += [_read(span, named["service.name"]) for span in scope.spans]
        return found

    def named(self, name: str) -> Span:
        return next(span for span in self.spans() if span.name == name)


def _read(span: Any, process: str) -> Span:
    attributes = {each.key: each.value.string_value for each in span.attributes}
    return Span(span.name, process, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), attributes)


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def traced(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """This process, and those that it starts, send their spans to the collector."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    tracing._spans.cache_clear()
    yield collector
    if spans._provider is not None:
        spans._provider.shutdown()
    spans._provider = None
    monkeypatch.undo()
    tracing._spans.cache_clear()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What this process's services log, as JSON."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setenv("XZ_LOG_JSON", "1")
    settings.cache_clear()
    configure_logging("web")
    written = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written.getvalue
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    settings.cache_clear()


def probe_blueprint() -> Blueprint:
    """A route of points whose message goes on to intake."""
    blueprint = Blueprint("one_request", __name__, url_prefix="/api/points")

    @blueprint.route("/one_request", methods=["POST"])
    @allow(Role.CADRE)
    def send_probe() -> Response:
        outbox.send(current_session(), Probe(request.get_json()["key"], "echo"))
        return Response(status=204)

    return blueprint


def ask_once(house: House, serve: Serve, database_for: DatabaseFor) -> None:
    """A cadre's request, as a browser makes it that offers a request id, and a trace of its own."""
    serve(
        Service.POINTS, create_service_app(Service.POINTS, [probe_blueprint()], database=database_for(Service.POINTS))
    )
    client = house.log_in("cadre1")
    answer = client.post(
        "/api/points/one_request",
        json={"key": "followed", "name": NAME, "phone": PHONE, "identity_number": IDENTITY_NUMBER},
        headers={"X-Request-ID": REQUEST_ID, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
    )
    assert answer.status_code == 204, answer.text
    wait_until(lambda: effects(database_for(Service.INTAKE))["followed"] == 1, timeout=60)


def test_every_process_logs_the_id_of_the_request_and_nothing_about_people(
    house: House,
    serve: Serve,
    database_for: DatabaseFor,
    redis_url: str,
    start_worker: worker_processes.StartWorker,
    lines: Callable[[], str],
) -> None:
    worker = start_worker("probe", processes=1, XZ_LOG_JSON="1", XZ_PROCESS="probe-worker")
    ask_once(house, serve, database_for)
    wait_until(lambda: "intake.probe_echo" in worker.log.read_text())
    ours = lines()
    followed = [json.loads(line) for line in ours.splitlines() if REQUEST_ID in line]
    assert [(line["event"], line["service"], line["status"]) for line in followed] == [
        ("request_answered", "points", 204),
        ("request_answered", "gateway", 204),
    ]
    written = worker.log.read_text()
    theirs = [json.loads(line) for line in written.splitlines() if REQUEST_ID in line]
    assert [(line["event"], line["message"], line["process"]) for line in theirs] == [
        ("message_handled", "points.probe", "probe-worker"),
        ("message_handled", "intake.probe_echo", "probe-worker"),
    ]
    # The eight digits that people read out of an error page find the same lines.
    assert len({line["number"] for line in followed + theirs}) == 1
    assert [secret for secret in SECRETS if secret in ours + written] == []


def test_a_collector_sees_one_trace_from_the_gateway_to_the_second_services_task(
    house: House,
    serve: Serve,
    database_for: DatabaseFor,
    redis_url: str,
    traced: Collector,
    start_worker: worker_processes.StartWorker,
) -> None:
    start_worker("probe", processes=1, XZ_PROCESS="probe-worker")
    ask_once(house, serve, database_for)
    wait_until(lambda: any(span.name == "handle intake.probe_echo" for span in traced.spans()), timeout=20)
    wait_until(lambda: any(span.name.startswith("POST /api/<any") for span in traced.spans()), timeout=20)
    way = [
        traced.named("POST /api/<any(intake, points, petitions):service>/<path:rest>"),
        traced.named("POST points"),
        traced.named("POST /api/points/one_request"),
        traced.named("send points.probe"),
        traced.named("handle points.probe"),
        traced.named("send intake.probe_echo"),
        traced.named("handle intake.probe_echo"),
    ]
    assert {span.trace for span in way} == {f"{spans.trace_id_of(REQUEST_ID):032x}"}
    assert [span.parent for span in way] == ["", *(span.id for span in way[:-1])]
    assert way[4].process == way[6].process == "probe-worker"
    statements = [span for span in traced.spans() if "db.query.text" in span.attributes and span.trace == way[0].trace]
    assert any("INSERT INTO points_outbox" in span.attributes["db.query.text"] for span in statements)
    assert {span.parent for span in statements} <= {span.id for span in way}
    sent = b"".join(traced.bodies)
    assert [secret for secret in (*SECRETS, "followed") if secret.encode() in sent] == []


def test_an_error_reaches_the_collector_as_its_kind_without_its_words(traced: Collector) -> None:
    with pytest.raises(ValueError, match=NAME), tracing.answering(Service.POINTS, None):
        raise ValueError(f"{NAME} {IDENTITY_NUMBER}")
    tracing.flush()
    wait_until(lambda: bool(traced.bodies))
    sent = b"".join(traced.bodies)
    assert b"ValueError" in sent
    assert NAME.encode() not in sent
    assert IDENTITY_NUMBER.encode() not in sent


@pytest.mark.parametrize("endpoint", [None, ""])
def test_without_a_collector_nothing_of_telemetry_is_even_imported(
    endpoint: str | None, tmp_path: Path, sqlite_database: str
) -> None:
    program = (
        "import sys; from services.gateway.app import create_app; from deploy.embedded import worker;"
        "import shared.messaging.relay, shared.messaging.scheduler;"
        "create_app().test_client().get('/healthz');"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'requests'))])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    if endpoint is not None:
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
