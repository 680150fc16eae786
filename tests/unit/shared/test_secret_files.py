"""Passwords come from files where the environment names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.settings import SettingsError, read_settings
from shared.topology import Service


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "redis-url").write_text("redis://:secret@redis:6379/0\n", encoding="ascii")
    (tmp_path / "points").write_text("postgresql://p:secret@database/xiangzhi", encoding="ascii")
    current = read_settings(
        {"REDIS_URL_FILE": str(tmp_path / "redis-url"), "POINTS_DATABASE_URL_FILE": str(tmp_path / "points")}
    )
    assert current.redis_url == "redis://:secret@redis:6379/0"
    assert current.database_url_of(Service.POINTS) == "postgresql+psycopg://p:secret@database/xiangzhi"
    assert current.database_url_of(Service.INTAKE).startswith("sqlite:///")


def test_the_variable_itself_goes_before_its_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://file/0", encoding="ascii")
    current = read_settings({"REDIS_URL": "redis://environment/0", "REDIS_URL_FILE": str(tmp_path / "url")})
    assert current.redis_url == "redis://environment/0"


def test_a_production_system_may_have_its_addresses_in_files(tmp_path: Path) -> None:
    for name in ("database", "redis"):
        scheme = "postgresql" if name == "database" else name
        (tmp_path / name).write_text(f"{scheme}://:secret@{name}/0", encoding="ascii")
    current = read_settings(
        {
            "XZ_PRODUCTION": "1",
            "DATABASE_URL_FILE": str(tmp_path / "database"),
            "REDIS_URL_FILE": str(tmp_path / "redis"),
            "XZ_KEY_DIR": str(tmp_path),
            "XZ_PUBLIC_URL": "https://xz.example.cn",
        }
    )
    assert current.production


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_file_that_holds_no_secret_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    with pytest.raises(SettingsError, match="REDIS_URL_FILE"):
        read_settings({"REDIS_URL_FILE": str(tmp_path / "url")})


def test_what_a_file_holds_does_not_stay_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    (tmp_path / "url").write_text("redis://:secret@redis/0", encoding="ascii")
    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "url"))
    assert read_settings().redis_url == "redis://:secret@redis/0"
    assert "REDIS_URL" not in os.environ
