"""What `/metrics` shows, for one process and for a process with children."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.metrics import MESSAGES, render_metrics, serve_metrics
from shared.topology import Service
from tests.fixtures.postgresql_cluster import PROJECT


def test_a_counter_shows_its_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    MESSAGES.labels(Service.POINTS, "points.record_event", "handled").inc()
    body, media_type = render_metrics()
    assert b'xiangzhi_messages_total{message="points.record_event",outcome="handled",service="points"}' in body
    assert media_type.startswith("text/plain")


def test_the_counters_of_children_are_added_up(tmp_path: Path) -> None:
    program = (
        "from shared.metrics import SENDS, render_metrics; SENDS.labels('points', 'sent').inc(2);"
        "print(render_metrics()[0].decode())"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        answer = subprocess.run(
            [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
        )
    assert 'xiangzhi_sends_total{outcome="sent",service="points"} 4.0' in answer.stdout


def test_a_taken_port_costs_the_numbers_and_not_the_work() -> None:
    with socket.socket() as taken, capture_logs() as logs:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        serve_metrics(port, "127.0.0.1")
    assert [(line["event"], line["port"]) for line in logs] == [("metrics_not_served", port)]


def test_a_number_that_changes_is_the_last_one_that_any_child_saw(tmp_path: Path) -> None:
    program = (
        "import sys; from shared.metrics import DEAD_LETTERS, render_metrics;"
        "DEAD_LETTERS.labels('points').set(float(sys.argv[1])); print(render_metrics()[0].decode())"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for number in ("3", "0"):
        answer = subprocess.run(
            [sys.executable, "-c", program, number],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    assert 'xiangzhi_dead_letters{service="points"} 0.0' in answer.stdout
