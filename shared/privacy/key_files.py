"""Where keys lie: one folder per service, readable by its own processes only, and the public keys of all.

<key_dir>/<service>/field.keys     Fernet keys, newest first
<key_dir>/<service>/index.key      HMAC key of the blind indexes
<key_dir>/<service>/sealing.keys   X25519 private keys, newest first
<key_dir>/public/<service>.sealing X25519 public key that senders seal to
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from shared.settings import settings
from shared.topology import Service


class MissingKeys(Exception):
    """Raised when a key file is not there or is empty; the message names the file and the command that makes it."""


def field_keys_path(service: Service, key_dir: Path | None = None) -> Path:
    return (key_dir or settings().key_dir) / service.value / "field.keys"


def index_key_path(service: Service, key_dir: Path | None = None) -> Path:
    return (key_dir or settings().key_dir) / service.value / "index.key"


def sealing_keys_path(service: Service, key_dir: Path | None = None) -> Path:
    return (key_dir or settings().key_dir) / service.value / "sealing.keys"


def sealing_public_path(service: Service, key_dir: Path | None = None) -> Path:
    return (key_dir or settings().key_dir) / "public" / f"{service.value}.sealing"


def read_keys(path: Path) -> tuple[str, ...]:
    """The lines of a key file, newest key first. Read again when the file has changed. Raises MissingKeys."""
    try:
        stamp = path.stat().st_mtime_ns
    except FileNotFoundError:
        raise MissingKeys(
            f"{path} is missing: run `python -m shared.privacy.keys` or restore the keys' backup"
        ) from None
    return _read(path, stamp)


@lru_cache(maxsize=64)
def _read(path: Path, _stamp: int) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in path.read_text("ascii").splitlines() if line.strip())
    if not lines:
        raise MissingKeys(f"{path} is empty: restore it from the keys' backup")
    return lines


def write_keys(path: Path, keys: tuple[str, ...], *, public: bool = False) -> None:
    """Write a key file in one step, so that no reader sees half of it; secrets are for their owner only (0600)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if not public else 0o755)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644 if public else 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
