"""PostgreSQL's own dump and restore, with one sentence where they are missing or fail."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from deploy.backup.refusal import CannotDo

# A county's database is some gigabytes; a hanging server must still come to an end.
_SECONDS = 6 * 3600


def find_tool(name: str) -> str:
    """`pg_dump` or `pg_restore`: the newest installed. Raises CannotDo."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: -int(path.parts[4]))
    found = str(versions[0]) if versions else shutil.which(name)
    if found is None:
        raise CannotDo(f"没有找到 {name}，请先安装 PostgreSQL 客户端（apt install postgresql-client）。")
    return found


def dump(url: str, target: Path) -> None:
    """Write one consistent snapshot of the database, without owners and rights, which belong to the server."""
    _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], url)


def load(source: Path, url: str) -> None:
    """Read a dump into an empty database, all or nothing."""
    _run(["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(source)], url)


def _run(command: list[str], url: str) -> None:
    parts = make_url(url)
    # The password by environment: arguments can be read by every user of the machine.
    environment = {**os.environ, "PGPASSWORD": parts.password or "", "PGCONNECT_TIMEOUT": "10"}
    connection = URL.create(
        "postgresql", parts.username, None, parts.host, parts.port, parts.database, parts.query
    ).render_as_string()
    answer = subprocess.run(
        [find_tool(command[0]), *command[1:], f"--dbname={connection}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    if answer.returncode:
        lines = answer.stderr.strip().splitlines() or ["no reason given"]
        raise CannotDo(f"{command[0]} 没有成功：{lines[-1]}")
