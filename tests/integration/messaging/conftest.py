"""Fixtures of the messaging tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.messaging.publisher import close_publisher
from tests.integration.messaging import links, worker_processes

start_process = worker_processes.start_process
start_worker = worker_processes.start_worker
silent_server = links.silent_server
link = links.link


@pytest.fixture(autouse=True)
def fresh_publisher() -> Iterator[None]:
    """Each test's messages go to its own Redis: the publisher of the test before must not outlive it."""
    yield
    close_publisher(0.5)
