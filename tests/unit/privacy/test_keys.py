"""Keys: made once, readable by their service only, rotated without losing anything."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.privacy import MissingKeys, UnreadableValue, Unsealable, blind_index, field_cipher, seal, unseal
from shared.privacy.keys import ensure_keys, main, missing_keys, rotate
from shared.settings import settings
from shared.topology import Service


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "keys"
    monkeypatch.setenv("XZ_KEY_DIR", str(path))
    settings.cache_clear()
    ensure_keys(path, create=True)
    yield path
    settings.cache_clear()


def test_keys_are_made_once_and_for_their_owner_only(keys: Path) -> None:
    before = {path: path.read_bytes() for path in keys.rglob("*") if path.is_file()}
    assert ensure_keys(keys, create=True) == []
    assert {path: path.read_bytes() for path in before} == before
    for path in before:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o644 if path.parent.name == "public" else 0o600), path


def test_missing_keys_are_refused_in_production(
    keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (keys / "petitions" / "field.keys").unlink()
    with pytest.raises(MissingKeys, match="restore the keys' backup"):
        ensure_keys(keys, create=False)
    for name, value in {
        "XZ_PRODUCTION": "1", "XZ_DEMO": "0", "DATABASE_URL": "postgresql://h/x", "REDIS_URL": "redis://h",
        "XZ_PUBLIC_URL": "https://x.example",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    assert main([]) == 1
    assert "field.keys" in capsys.readouterr().err
    assert main(["--create"]) == 0
    assert missing_keys(keys) == []


def test_a_field_is_read_after_rotation_and_rewritten_under_the_newest_key(keys: Path) -> None:
    stored = field_cipher(Service.INTAKE).encrypt("16000001234")
    rotate(keys, Service.INTAKE)
    cipher = field_cipher(Service.INTAKE)
    assert cipher.decrypt(stored) == "16000001234"
    assert not cipher.is_current(stored)
    renewed = cipher.rotate(stored)
    assert cipher.is_current(renewed)
    assert cipher.decrypt(renewed) == "16000001234"


def test_no_service_opens_another_ones_fields(keys: Path) -> None:
    stored = field_cipher(Service.PETITIONS).encrypt("text")
    with pytest.raises(UnreadableValue):
        field_cipher(Service.INTAKE).decrypt(stored)


def test_a_sealed_payload_opens_for_its_receiver_only_and_after_rotation(keys: Path) -> None:
    sealed = seal(Service.PETITIONS, "秘密".encode())
    assert "秘密" not in sealed
    with pytest.raises(Unsealable):
        unseal(Service.INTAKE, sealed)
    rotate(keys, Service.PETITIONS)
    assert unseal(Service.PETITIONS, sealed).decode() == "秘密"
    assert unseal(Service.PETITIONS, seal(Service.PETITIONS, b"new")) == b"new"


def test_a_process_without_the_receivers_folder_can_seal_but_not_open(keys: Path) -> None:
    sealed = seal(Service.PETITIONS, b"x")
    (keys / "petitions" / "sealing.keys").unlink()
    assert seal(Service.PETITIONS, b"y")
    with pytest.raises(MissingKeys):
        unseal(Service.PETITIONS, sealed)


@pytest.mark.parametrize("damaged", ["", "not base64!", "AAAA", "AQ=="])
def test_a_damaged_seal_is_told_so(keys: Path, damaged: str) -> None:
    with pytest.raises(Unsealable):
        unseal(Service.PETITIONS, damaged)


def test_blind_indexes_are_equal_for_equals_and_differ_by_purpose_and_service(keys: Path) -> None:
    assert blind_index("1", "intake.phone") == blind_index("1", "intake.phone")
    assert len({blind_index("1", purpose) for purpose in ("intake.phone", "intake.identity", "petitions.phone")}) == 3
    with pytest.raises(ValueError, match="purpose"):
        blind_index("1", "phone")
