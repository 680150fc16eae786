"""Fixtures of the drills: the same processes and links as in the integration tests."""

from __future__ import annotations

from tests.integration.messaging import conftest as messaging

fresh_publisher = messaging.fresh_publisher
start_process = messaging.start_process
start_worker = messaging.start_worker
silent_server = messaging.silent_server
link = messaging.link
