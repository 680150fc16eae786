"""Fixtures of the drills on the points service."""

from __future__ import annotations

from tests.integration.embedded import started_system
from tests.integration.messaging import conftest as messaging
from tests.integration.points import worker_processes

start_process = messaging.start_process
fresh_publisher = messaging.fresh_publisher
start_points_worker = worker_processes.start_points_worker
launched = started_system.launched
