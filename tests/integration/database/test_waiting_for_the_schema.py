"""A process that starts beside the migration waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.migrations import wait
from deploy.migrations.migrate import migrate
from shared.database import Database
from shared.topology import Service


def test_a_database_with_this_versions_schema_is_not_waited_for(any_database: str) -> None:
    assert wait.main(["--seconds", "0"]) == 0


def test_an_empty_database_is_waited_for_and_the_end_of_the_time_says_why(
    tmp_path: Path, as_settings: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    as_settings(f"sqlite:///{tmp_path / 'empty.db'}")
    assert wait.main(["--seconds", "0"]) == 1
    assert capsys.readouterr().err == "migrations are missing after 0 s\n"


def test_who_waits_goes_on_when_the_migration_is_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "PAUSE_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    waiting, migrating = Database(url, Service.INTAKE), Database(url, Service.INTAKE)
    found: list[str | None] = []
    process = threading.Thread(target=lambda: found.append(wait.wait_for_schema(waiting, 60)))
    process.start()
    migrate(migrating)
    process.join(60)
    assert found == [None]
    waiting.dispose()
    migrating.dispose()
