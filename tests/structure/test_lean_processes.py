"""What a process does not need it does not load: ten of them run on a township's one machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.topology import Service

PROJECT = Path(__file__).resolve().parents[2]
WORKERS_OWN = {"celery", "kombu", "redis", "rich"}
LAUNCHERS_NOT = WORKERS_OWN | {"sqlalchemy", "alembic", "cryptography", "flask"}


def loaded(module: str) -> set[str]:
    """The packages that a fresh interpreter holds after importing `module`."""
    words = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", words], cwd=PROJECT, check=True, capture_output=True, text=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize("service", Service)
def test_a_service_needs_nothing_of_the_workers_until_it_sends(service: Service) -> None:
    assert not loaded(f"services.{service}.app") & WORKERS_OWN


def test_the_scheduler_needs_no_broker() -> None:
    assert not loaded("shared.messaging.scheduler") & WORKERS_OWN


def test_the_launcher_loads_neither_models_nor_migrations() -> None:
    assert not loaded("deploy.embedded.run") & LAUNCHERS_NOT
