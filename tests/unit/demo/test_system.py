"""Which system `make demo` walks through: the one that the user runs, wherever it is; else one of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.demo import system
from deploy.embedded.place import only_one_here


def test_the_system_of_this_folder_is_found_on_whatever_port_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setenv("XZ_DATA_DIR", str(tmp_path))
    with only_one_here(tmp_path, "http://127.0.0.1:18080"):
        assert system.usual_addresses() == ["http://127.0.0.1:18080", "http://127.0.0.1:8000"]
    assert system.usual_addresses() == ["http://127.0.0.1:8000"]


def test_a_port_that_is_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("XZ_DATA_DIR", str(tmp_path))
    assert system.usual_addresses() == ["http://127.0.0.1:9000", "http://127.0.0.1:8000"]


def test_beside_https_the_address_is_the_one_that_this_machine_reaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setenv("XZ_DATA_DIR", str(tmp_path))
    with only_one_here(tmp_path, "https://jifen.example:8443", "https://127.0.0.1:8443"):
        assert system.usual_addresses()[0] == "https://127.0.0.1:8443"
    monkeypatch.setenv("TLS", "1")
    monkeypatch.setenv("PORT", "9443")
    assert system.usual_addresses()[0] == "https://127.0.0.1:9443"


def test_a_system_of_its_own_never_touches_the_data_of_the_users_one() -> None:
    environment = {
        "PATH": "/bin",
        "HOST": "10.0.0.5",
        "TLS": "1",
        "PLAIN_PORT": "8000",
        "DATABASE_URL": "postgresql://a:b@c/real",
        "POINTS_DATABASE_URL": "postgresql://a:b@c/real",
        "REDIS_URL": "redis://c",
        "XZ_KEY_DIR": "/real/keys",
        "XZ_PRODUCTION": "1",
        "XZ_LOG_LEVEL": "DEBUG",
        "DEMO_DATE": "2026-09-30",
    }
    assert system.own_environment(environment) == {"PATH": "/bin", "XZ_LOG_LEVEL": "DEBUG", "DEMO_DATE": "2026-09-30"}
