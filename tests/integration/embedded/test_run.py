"""`make run`'s own program, for real: ready, usable, stopped by one signal, continued with the same data."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from deploy.embedded.metrics import MEASURED
from deploy.embedded.redis_server import free_port
from tests.fixtures.waiting import wait_until
from tests.integration.embedded.free_ports import free_ports
from tests.integration.embedded.started_system import READY_SECONDS, TOWNSHIP, Started


def numbers_at(port: int) -> str:
    """What is shown on a port; nothing as long as nobody listens there, or when it is not shown there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return str(answer.read().decode())
    except urllib.error.URLError:
        return ""


@pytest.mark.timeout(240)
def test_it_starts_stops_and_continues(tmp_path: Path, launched: list[Started]) -> None:
    port, metrics = free_port(), free_ports(len(MEASURED))
    first = Started(tmp_path, port, XZ_METRICS_PORT=str(metrics), **TOWNSHIP)
    launched.append(first)
    wait_until(first.is_ready, READY_SECONDS)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert "示例乡" in answer.read().decode()

    gateway, light, bulk, scheduler, relay = range(metrics, metrics + len(MEASURED))
    wait_until(lambda: all(numbers_at(each) for each in (bulk, scheduler)), READY_SECONDS)
    assert 'xiangzhi_requests_total{method="GET",route="/",service="gateway"' in numbers_at(gateway)
    # Counted by a child of the worker, shown by its parent.
    wait_until(lambda: "xiangzhi_messages_total{" in numbers_at(light), READY_SECONDS)
    wait_until(lambda: "xiangzhi_outbox_waiting{" in numbers_at(relay), READY_SECONDS)
    assert numbers_at(port) == ""

    second = Started(tmp_path, free_port(), **TOWNSHIP)
    launched.append(second)
    assert second.process.wait(30) == 1
    assert second.output().count("\n") == 1
    assert "已经在这个文件夹里运行" in second.output()

    family = first.family()
    assert len(family) >= 9
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(40) == 0
    wait_until(lambda: not [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE])

    again = Started(tmp_path, port)
    launched.append(again)
    wait_until(again.is_ready, READY_SECONDS)
    assert "已建立" not in again.output()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert "示例乡" in answer.read().decode()


def test_without_answers_it_says_what_is_missing(tmp_path: Path, launched: list[Started]) -> None:
    started = Started(tmp_path, free_port(), **dict.fromkeys(TOWNSHIP, ""))
    launched.append(started)
    assert started.process.wait(60) == 1
    assert "TOWNSHIP_NAME, TOWNSHIP_CODE" in started.output()
    assert "Traceback" not in started.output()


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path, launched: list[Started]) -> None:
    url = f"postgresql://nobody:nothing@127.0.0.1:{free_port()}/none"
    started = Started(tmp_path, free_port(), DATABASE_URL=url)
    launched.append(started)
    assert started.process.wait(60) == 1
    assert "数据库不能用" in started.output()
    assert "Traceback" not in started.output()
