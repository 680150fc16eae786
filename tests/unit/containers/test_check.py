"""What the image's health check says of a role."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from deploy import check
from deploy.roles import MIGRATE, note_for_check
from shared.heartbeat import beat
from tests.structure.source import PROJECT


class _Answers(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def said(tmp_path: Path, note: str) -> int:
    path = tmp_path / "check"
    path.write_text(note, encoding="utf-8")
    return check.main(str(path))


def test_a_web_role_is_well_when_it_says_that_it_is_ready(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(tmp_path, f"ready {port}") == 0
    monkeypatch.setattr(_Answers, "status", 503)
    assert said(tmp_path, f"ready {port}") == 1


def test_a_port_where_nobody_listens_is_ill(tmp_path: Path) -> None:
    assert said(tmp_path, "ready 1") == 1


def test_another_role_is_well_as_long_as_its_heart_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.heartbeat.heartbeat_path", lambda name: tmp_path / "heartbeats" / name)
    note = note_for_check("points-worker")
    assert said(tmp_path, note) == 1
    beat("points-worker")
    assert said(tmp_path, note) == 0
    old = time.time() - 61
    os.utime(tmp_path / "heartbeats" / "points-worker", (old, old))
    assert said(tmp_path, note) == 1


def test_what_runs_to_its_end_is_well_meanwhile_and_what_has_not_started_is_not(tmp_path: Path) -> None:
    assert said(tmp_path, note_for_check(MIGRATE)) == 0
    assert check.main(str(tmp_path / "none")) == 1


def test_the_note_of_a_web_role_names_its_port() -> None:
    assert note_for_check("petitions") == "ready 8003"


def test_the_check_needs_nothing_that_is_installed(tmp_path: Path) -> None:
    program = "import runpy, sys; runpy.run_path('deploy/check.py'); print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert not {"shared", "deploy", "json", "http", "argparse", "pathlib"} & set(answer.stdout.split())
