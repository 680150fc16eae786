"""What `/metrics` shows, for one process and for a process with children."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.certificate_metrics import CertificateCollector
from shared.database import Database
from shared.metrics import MESSAGES, render_metrics, serve_metrics
from shared.place_metrics import BACKUP_MARK, PlaceCollector
from shared.settings import settings
from shared.topology import Queue, Service
from shared.web import create_service_app
from tests.fixtures.certificates import township_folder
from tests.fixtures.postgresql_cluster import PROJECT
from tests.fixtures.waiting import wait_until


def test_a_counter_shows_its_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    MESSAGES.labels(Service.POINTS, Queue.POINTS, "points.record_event", "handled").inc()
    body, media_type = render_metrics()
    assert (
        b'xiangzhi_messages_total{message="points.record_event",outcome="handled",queue="points",service="points"}'
        in body
    )
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


def test_a_port_that_stays_taken_costs_the_numbers_and_not_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.metrics._TAKING_OVER_SECONDS", 0)
    with socket.socket() as taken, capture_logs() as logs:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        serve_metrics(port, "127.0.0.1")
        wait_until(lambda: logs)
    assert [(line["event"], line["port"]) for line in logs] == [("metrics_not_served", port)]


def test_who_takes_over_serves_its_numbers_once_the_one_before_has_ended() -> None:
    with socket.socket() as before:
        before.bind(("127.0.0.1", 0))
        before.listen()
        port = before.getsockname()[1]
        serve_metrics(port, "127.0.0.1")
    wait_until(lambda: "xiangzhi" in _numbers_at(port))


def _numbers_at(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return str(answer.read(), "utf-8")
    except OSError:
        return ""


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


def test_a_child_at_the_same_place_counts_on_in_the_same_file(tmp_path: Path) -> None:
    program = (
        "from shared.metrics import SENDS, count_in_place, render_metrics; count_in_place('child-1');"
        "SENDS.labels('points', 'sent').inc(); print(render_metrics()[0].decode())"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(3):
        answer = subprocess.run(
            [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
        )
    assert 'xiangzhi_sends_total{outcome="sent",service="points"} 3.0' in answer.stdout
    assert [path.name for path in tmp_path.glob("counter_*") if path.stat().st_size] == ["counter_child-1.db"]


def test_the_place_tells_its_disk_its_release_and_its_last_backup_once_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.place_metrics.settings", lambda: replace(settings(), data_dir=tmp_path))

    def found() -> dict[str, float]:
        families = PlaceCollector(Service.POINTS).collect()
        return {sample.name: sample.value for family in families for sample in family.samples}

    assert set(found()) == {"xiangzhi_release", "xiangzhi_upload_disk_free_bytes", "xiangzhi_upload_disk_bytes"}
    assert 0 < found()["xiangzhi_upload_disk_free_bytes"] <= found()["xiangzhi_upload_disk_bytes"]
    mark = tmp_path / BACKUP_MARK
    mark.parent.mkdir()
    mark.touch()
    os.utime(mark, (1_790_000_000, 1_790_000_000))
    assert found()["xiangzhi_backup_last_success_timestamp_seconds"] == 1_790_000_000


def test_a_method_that_a_client_invents_adds_no_numbers_and_a_path_adds_none() -> None:
    app = create_service_app(Service.POINTS, [], database=Database("sqlite://", Service.POINTS))
    client = app.test_client()
    for method, path in (("BREW431299", "/healthz"), ("GET", "/张三/431299196003151017"), ("GET", "/healthz")):
        client.open(path, method=method)
    text = render_metrics()[0].decode()
    assert "BREW431299" not in text
    assert "431299196003151017" not in text
    assert 'method="other"' in text
    assert 'xiangzhi_requests_total{method="GET",route="/healthz",service="points",status="2xx"}' in text


def test_the_certificate_s_time_is_read_when_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.certificate_metrics.settings", lambda: replace(settings(), certificate_dir=tmp_path))

    def found() -> dict[str, float]:
        families = CertificateCollector().collect()
        return {sample.name: sample.value for family in families for sample in family.samples}

    assert found() == {}
    for days in (10, -1):
        township_folder(tmp_path, left=timedelta(days=days))
        assert found()["xiangzhi_certificate_expiry_seconds"] == pytest.approx(days * 86400, abs=60)
