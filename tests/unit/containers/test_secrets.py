"""Secrets of the containers: random, closed, never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.containers.engine import CannotRun
from deploy.containers.secrets import DATABASE_ROLES, ensure_secrets, place_certificate


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_each_secret_is_random_and_the_folder_is_closed(tmp_path: Path) -> None:
    folder, other = tmp_path / "one", tmp_path / "two"
    made = ensure_secrets(folder)
    ensure_secrets(other)
    assert {f"database-url-{role}" for role in DATABASE_ROLES} < set(made)
    assert mode_of(folder) == 0o700
    contents = [path.read_text() for each in (folder, other) for path in each.iterdir()]
    assert len(set(contents)) == len(contents)
    assert {mode_of(path) for path in folder.iterdir()} == {0o444}


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert ensure_secrets(tmp_path) == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_missing_address_of_redis_is_made_for_the_password_that_is_there(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    before = (tmp_path / "redis-url").read_text()
    (tmp_path / "redis-url").unlink()
    assert ensure_secrets(tmp_path) == ["redis-url"]
    assert (tmp_path / "redis-url").read_text() == before


def test_the_gateway_is_given_the_certificates_without_their_keys(tmp_path: Path) -> None:
    source, folder = tmp_path / "certificates", tmp_path / "secrets"
    source.mkdir()
    for name in ("ca.pem", "ca-key.pem", "server.pem", "server-key.pem"):
        (source / name).write_text(name)
    ensure_secrets(folder)
    assert place_certificate(source, folder)
    assert {path.name for path in (folder / "tls").iterdir()} == {"server.pem", "server-key.pem"}
    assert {path.name for path in (folder / "certificates").iterdir()} == {"ca.pem", "server.pem"}
    assert not place_certificate(source, folder)
    (source / "server.pem").write_text("renewed")
    assert place_certificate(source, folder)
    assert (folder / "tls" / "server.pem").read_text() == "renewed"


def test_a_missing_certificate_is_said_before_anything_starts(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    with pytest.raises(CannotRun, match="make certificates"):
        place_certificate(tmp_path / "nowhere", tmp_path)
