"""`make secrets`: a random password for everything that has one, each in a file of its own; what is there stays.

python3 -m deploy.containers.secrets

The folder is open to its owner only. The files in it can be read by anyone who gets that far: a container gets single
files, and reads them as its own user, whom this machine does not know.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.containers.engine import PROJECT, CannotRun, setting

DATABASE_ROLES = ("owner", "intake", "points", "petitions", "gateway", "relay", "scheduler", "backup")
SERVED = ("server.pem", "server-key.pem")
SHOWN = ("ca.pem", "server.pem")
_FOLDER_MODE, _FILE_MODE = 0o700, 0o444


def secrets_dir() -> Path:
    """Where the files lie."""
    return PROJECT / setting("XZ_SECRETS_DIR", "secrets")


def certificate_dir() -> Path:
    """Where the certificate and its key are taken from."""
    return PROJECT / setting("XZ_CERTIFICATE_DIR", "certificates")


def ensure_secrets(folder: Path) -> list[str]:
    """Make what is missing and return its names. Nothing that is there is ever changed."""
    folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    folder.chmod(_FOLDER_MODE)
    made = [name for name, content in _wanted(folder) if _write_new(folder / name, content)]
    return made


def _wanted(folder: Path) -> Iterator[tuple[str, str]]:
    yield "postgres-password", _random()
    yield "grafana-password", _random()
    yield "redis-password", f"requirepass {_random()}\n"
    # Made from the line above, or from the one that was there.
    password = (folder / "redis-password").read_text(encoding="ascii").split()[-1]
    yield "redis-url", f"redis://:{password}@redis:6379/0"
    for role in DATABASE_ROLES:
        yield f"database-url-{role}", f"postgresql://xiangzhi_{role}:{_random()}@database:5432/xiangzhi"


def _random() -> str:
    # Hexadecimal: needs no quoting in an address, a configuration or a statement.
    return secrets.token_hex(24)


def _write_new(path: Path, content: str) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
    path.chmod(_FILE_MODE)
    return True


def place_certificate(source: Path, folder: Path) -> bool:
    """Put certificate and key where nginx reads them, and what phones are given where the gateway does.

    Returns whether nginx's were other ones before. Raises CannotRun.
    """
    for name in SERVED:
        if not (source / name).is_file():
            raise CannotRun(
                f"没有 {source / name}。请先运行 make certificates，或把您的证书放在那里。The certificate is missing."
            )
    try:
        (folder / "certificates").mkdir(mode=0o755, exist_ok=True)
        for name in SHOWN:
            if (source / name).is_file():
                _place(source / name, folder / "certificates")
        served = [_place(source / name, folder / "tls") for name in SERVED]
    except OSError as error:
        raise CannotRun(f"证书读不了或放不进 {folder}（{error.strerror}）。请检查文件权限。") from error
    return any(served)


def _place(source: Path, folder: Path) -> bool:
    folder.mkdir(mode=0o755, exist_ok=True)
    placed = folder / source.name
    if placed.is_file() and placed.read_bytes() == source.read_bytes():
        return False
    draft = placed.with_name(source.name + ".part")
    shutil.copyfile(source, draft)
    draft.chmod(_FILE_MODE)
    draft.replace(placed)
    return True


def main() -> int:
    """Make the files, and say which."""
    folder = secrets_dir()
    made = ensure_secrets(folder)
    print(f"{folder}: {', '.join(made)}" if made else f"{folder}: 都在，没有改动。All are there; nothing was changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
