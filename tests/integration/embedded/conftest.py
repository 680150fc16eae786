"""Fixtures of the tests of `make run`."""

from __future__ import annotations

from tests.integration.embedded import started_system

launched = started_system.launched
