"""`make backup` and `make restore` of a deployment with containers: the same archives as everywhere.

python3 -m deploy.containers.carry save [--to FOLDER]
python3 -m deploy.containers.carry restore --file xiangzhi-….tar.gz [--keys xiangzhi-…-keys.tar.gz]

Saving reads as the database's backup role, while everything runs. Restoring wants an empty database: after
`make destroy`, or on a new server.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from deploy.containers.engine import PROJECT, CannotRun, compose, compose_command, containers, wait_until_well
from deploy.containers.image import has_image
from deploy.containers.secrets import ensure_secrets, secrets_dir
from deploy.containers.up import choose_version

_AS_BACKUP = ["-e", "DATABASE_URL_FILE=/run/secrets/database-url-backup"]
_AROUND = ("database", "redis", "nginx", "prometheus", "grafana")


def save(folder: Path) -> list[Path]:
    """Write both archives into `folder`, readable by their owner only, and return them. Raises CannotRun."""
    if not any(each.is_well for each in containers("database")):
        raise CannotRun("数据库没有运行，请先运行 make up。The database does not run.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [*compose_command(), "run", "--rm", "-T", "--no-deps", *_AS_BACKUP, "operator"]
    process = subprocess.Popen(
        [*command, "deploy.containers.pipe", "save"],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    assert process.stderr is not None  # noqa: S101 - asked for above
    written = []
    try:
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            written = [_write(archive, member, folder) for member in archive]
    except (tarfile.TarError, OSError) as error:
        process.stdout.close()
        raise CannotRun(f"没有备份成：{_last_line(process.stderr.read())}（{error}）") from error
    said = _last_line(process.stderr.read())
    if process.wait() or len(written) != 2:
        raise CannotRun(f"没有备份成：{said}")
    return written


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> Path:
    """Appears under its name only when complete."""
    content = archive.extractfile(member)
    path = folder / Path(member.name).name
    if content is None:
        raise tarfile.TarError(f"unexpected entry {member.name}")
    partial = path.with_name(path.name + ".part")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        while block := content.read(1024 * 1024):
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    partial.rename(path)
    return path


def _last_line(said: bytes) -> str:
    """The reason that the command in the container gave; the first Compose writes the exit code below it."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line and not line.isdigit()), "no reason given")


def restore(file: Path, keys: Path | None) -> str:
    """Put the archives back into a deployment whose database is empty; what the proof says. Raises CannotRun."""
    for path in filter(None, (file, keys)):
        if not path.is_file():
            raise CannotRun(f"没有这个文件：{path}")
    busy = [each.name for each in containers() if each.state == "running" and each.service not in _AROUND]
    if busy:
        raise CannotRun(f"请先停止正在运行的系统（make down），再恢复备份。{busy[0]} still runs: stop it first.")
    ensure_secrets(secrets_dir())
    version = choose_version()
    if not has_image(version):
        raise CannotRun(f"没有镜像 {version}，请先运行 make image。")
    compose("up", "--detach", "--no-build", "--no-deps", "database", version=version)
    wait_until_well("database")
    process = subprocess.Popen(
        [*compose_command(), "run", "--rm", "-T", "--no-deps", "operator", "deploy.containers.pipe", "restore"],
        cwd=PROJECT,
        env={**os.environ, "XZ_VERSION": version},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    try:
        with tarfile.open(fileobj=process.stdin, mode="w|") as archive:
            for path in filter(None, (file, keys)):
                archive.add(path, path.name, recursive=False)
        process.stdin.close()
    except BrokenPipeError:
        # It refused before it had read everything; why stands in its last line.
        pass
    process.stdin = None
    said, errors = process.communicate()
    if process.returncode:
        raise CannotRun(_last_line(errors))
    return said.decode(errors="replace").strip()


def main() -> int:
    """Save or restore; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make backup / make restore")
    parser.add_argument("act", choices=("save", "restore"))
    parser.add_argument("--to", type=Path, default=Path("backups"))
    parser.add_argument("--file", type=Path)
    parser.add_argument("--keys", type=Path)
    options = parser.parse_args()
    try:
        if options.act == "save":
            data, keys = save(options.to.resolve())
            print(f"数据和文件：{data}\n密钥（请另放一处）：{keys}")
        elif options.file is None:
            raise CannotRun("请指定备份文件：make restore FILE=backups/xiangzhi-….tar.gz KEYS=…-keys.tar.gz")
        else:
            print(restore(options.file, options.keys))
            print("请运行 make up。Now start it: make up.")
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
