"""In a container: the two archives of a backup go out as one tar on standard output, or come in on standard input.

python -m deploy.containers.pipe save > backup.tar
python -m deploy.containers.pipe restore < backup.tar

So a backup crosses the border of the container without a shared folder, whose owner would differ on both sides.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import IO

from deploy.backup.refusal import CannotDo
from deploy.backup.restore import restore
from deploy.backup.save import save
from shared.settings import Settings, settings_at_start

KEYS_ENDING = "-keys.tar.gz"


def send(current: Settings, out: IO[bytes]) -> None:
    """Save, and write both archives to `out`. Raises CannotDo."""
    with tempfile.TemporaryDirectory(dir=current.data_dir) as folder:
        saved = save(current, Path(folder))
        with tarfile.open(fileobj=out, mode="w|") as archive:
            for path in (saved.data, saved.keys):
                archive.add(path, path.name, recursive=False)


def receive(current: Settings, content: IO[bytes]) -> list[str]:
    """Read archives from `content`, put them back and return the lines of the proof. Raises CannotDo."""
    with tempfile.TemporaryDirectory(dir=current.data_dir) as folder:
        try:
            with tarfile.open(fileobj=content, mode="r|") as archive:
                found = [path for member in archive if (path := _take(archive, member, Path(folder)))]
        except (OSError, tarfile.TarError) as error:
            raise CannotDo(f"没有收到完整的备份（{error}），什么也没有改动。") from error
        keys = [path for path in found if path.name.endswith(KEYS_ENDING)]
        data = [path for path in found if path not in keys]
        if len(data) != 1 or len(keys) > 1:
            raise CannotDo("应有一个数据备份，最多一个密钥备份。")
        return restore(current, data[0], keys[0] if keys else None)


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> Path | None:
    content = archive.extractfile(member) if member.isfile() else None
    if content is None:
        return None
    path = folder / PurePosixPath(member.name).name
    with path.open("wb") as out:
        while block := content.read(1024 * 1024):
            out.write(block)
    return path


def main() -> int:
    """Send or receive; exit code 1 with one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m deploy.containers.pipe")
    parser.add_argument("act", choices=("save", "restore"))
    act = parser.parse_args().act
    current = settings_at_start()
    try:
        if act == "save":
            send(current, sys.stdout.buffer)
        else:
            print("\n".join(["已恢复，并核对一致：", *receive(current, sys.stdin.buffer)]))
    except CannotDo as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
