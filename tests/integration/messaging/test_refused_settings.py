"""A process that is started singly with a setting that can't be right ends with the sentence, not with a traceback."""

from __future__ import annotations

import pytest

from deploy.embedded.redis_server import free_port
from tests.integration.messaging.worker_processes import StartProcess

# Whole sweeps and processes of their own: in the later part.
pytestmark = pytest.mark.slow

WORKER = ("celery", "-A", "services.points.worker", "--quiet", "worker", "--queues", "points")
PROCESSES = {
    "relay": ("shared.messaging.relay",),
    "scheduler": ("shared.messaging.scheduler",),
    "worker": WORKER,
    "renewal": ("shared.renewal", "--service", "points"),
    "migration": ("deploy.migrations.migrate",),
}
SENTENCE = (
    "XZ_KEEP_DEMANDS_DAYS 填得不对：至少要 30 天。请改好这个环境变量，或去掉它用默认值。每一项的说明见 .env.example。\n"
)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_wrong_setting_ends_the_process_with_one_sentence(start_process: StartProcess, name: str) -> None:
    running = start_process(name, PROCESSES[name], XZ_KEEP_DEMANDS_DAYS="7")
    assert running.process.wait(60) == 1
    assert running.log.read_text() == SENTENCE


def test_a_service_says_the_sentence_and_ends(start_process: StartProcess) -> None:
    web = ("granian", "services.points.app:create_app", "--factory", "--interface", "wsgi", "--log-level", "error")
    running = start_process("points", [*web, "--port", str(free_port())], XZ_KEEP_DEMANDS_DAYS="7")
    assert running.process.wait(60) == 1
    said = running.log.read_text()
    assert said.startswith(SENTENCE)
    assert "Traceback" not in said


def test_an_address_that_is_no_database_is_named_before_anything_is_opened(start_process: StartProcess) -> None:
    running = start_process("relay", PROCESSES["relay"], RELAY_DATABASE_URL="mysql://root@db/x")
    assert running.process.wait(60) == 1
    assert running.log.read_text().startswith("RELAY_DATABASE_URL 填得不对：要写成 postgresql://")
