"""Put a backup back, and prove that it is whole.

python -m deploy.backup.restore --file xiangzhi-….tar.gz [--keys xiangzhi-…-keys.tar.gz]

What stood there before is kept beside it (SQLite), or must be empty (PostgreSQL). Nothing is changed when the backup
can't be read; when the proof fails, what stood there comes back, and a PostgreSQL database is empty again.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from deploy.backup import postgresql
from deploy.backup.archive import Manifest, read_archive
from deploy.backup.proof import prove
from deploy.backup.refusal import CannotDo
from deploy.backup.save import DATABASE
from deploy.backup.undoing import undone_if_it_fails
from deploy.embedded.place import make_data_dir, only_one_here
from deploy.embedded.refusal import CannotStart
from deploy.migrations.migrate import migrate
from deploy.migrations.revisions import known_revisions
from shared.database import Database
from shared.settings import Settings, settings_at_start
from shared.topology import Service


def restore(current: Settings, file: Path, keys: Path | None) -> list[str]:
    """Put back `file` (and `keys`), migrate it to this version, and return the lines of the proof. Raises CannotDo."""
    for path in filter(None, (file, keys)):
        if not path.is_file():
            raise CannotDo(f"没有这个文件：{path}")
    with ExitStack() as stack:
        try:
            make_data_dir(current.data_dir)
            stack.enter_context(only_one_here(current.data_dir, "restore"))
        except CannotStart as error:
            raise CannotDo(f"请先停止正在运行的系统，再恢复备份。（{error}）") from error
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=current.data_dir)))
        manifest = _read(current, file, keys, work)
        aside = Aside(current.data_dir / f"before-restore-{datetime.now().strftime('%Y%m%d-%H%M%S')}")
        try:
            return _put_back(current, work, manifest, aside, with_keys=keys is not None)
        except BaseException:
            aside.bring_back()
            raise


class Aside:
    """A folder that takes what stood in the way, and gives it back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._moved: list[tuple[Path, Path]] = []
        self._placed: list[Path] = []

    def replace(self, path: Path, new: Path) -> None:
        """Put `new` in the place of `path`. A volume stays where it is mounted: what is in it is exchanged."""
        if _has_volumes(path):
            arriving = {each.name for each in new.iterdir()}
            standing = {each.name for each in path.iterdir()}
            for name in sorted(standing - arriving):
                self.clear(path / name)
            for name in sorted(arriving):
                self.replace(path / name, new / name)
            return
        self.take(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(new, path)
        self._placed.append(path)

    def clear(self, path: Path) -> None:
        """Move `path` aside, or what is in it where it is a volume."""
        if not _has_volumes(path):
            self.take(path)
            return
        for each in sorted(path.iterdir()):
            self.clear(each)

    def take(self, path: Path) -> None:
        """Move `path` aside, if it is there."""
        if path.exists():
            kept = self.folder / path.name
            if kept.exists():
                # Two volumes may hold files of one name.
                kept = self.folder / path.parent.name / path.name
            kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.move(path, kept)
            self._moved.append((path, kept))

    def bring_back(self) -> None:
        """As it was before."""
        for path in self._placed:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for path, kept in reversed(self._moved):
            shutil.move(kept, path)
        if self.folder.is_dir():
            for folder in [*filter(Path.is_dir, self.folder.iterdir()), self.folder]:
                folder.rmdir()


def _has_volumes(path: Path) -> bool:
    """Whether something is mounted at `path`, or at a folder right in it: then it can't be moved as a whole."""
    return path.is_dir() and any(path in (Path(each), Path(each).parent) for each in mount_points())


def mount_points() -> list[str]:
    """Where something is mounted, as the kernel says: `stat` tells no volume on the same disk apart."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [line.split()[4].replace("\\040", " ") for line in lines]


def _read(current: Settings, file: Path, keys: Path | None, work: Path) -> Manifest:
    manifest = read_archive(file, work)
    dialect = make_url(current.database_url).get_backend_name()
    if manifest.kind != "data":
        raise CannotDo(f"{file} 是密钥备份，请用 FILE= 指定数据备份，用 KEYS= 指定密钥备份。")
    if manifest.dialect != dialect:
        raise CannotDo(
            f"这个备份来自 {manifest.dialect}，现在的数据库是 {dialect}。"
            "请先恢复到同一种数据库，再用 make move-to-postgres 搬过去。"
        )
    if manifest.revision not in known_revisions():
        raise CannotDo("这个备份来自更新的版本，请先升级程序，再恢复。")
    if keys is not None and read_archive(keys, work).kind != "keys":
        raise CannotDo(f"{keys} 不是密钥备份。")
    if keys is None and not any(current.key_dir.glob("*")):
        raise CannotDo("这台机器上没有密钥，请用 KEYS= 同时指定密钥备份。")
    return manifest


def _put_back(current: Settings, work: Path, manifest: Manifest, aside: Aside, *, with_keys: bool) -> list[str]:
    if with_keys:
        aside.replace(current.key_dir, work / "keys")
    if (work / "files").is_dir():
        aside.replace(current.data_dir / "files", work / "files")
    snapshot = work / DATABASE[manifest.dialect]
    if manifest.dialect == "sqlite":
        path = Path(make_url(current.database_url).database or "")
        for rest in ("-wal", "-shm"):
            aside.take(path.with_name(path.name + rest))
        aside.replace(path, snapshot)
        lines = _bring_up_to_date(current.database_url)
    else:
        require_no_tables(current.database_url)
        with undone_if_it_fails(current.database_url):
            postgresql.load(snapshot, current.database_url)
            lines = _bring_up_to_date(current.database_url)
    return [*lines, f"原来的内容保留在 {aside.folder}"] if aside.folder.exists() else lines


def _bring_up_to_date(url: str) -> list[str]:
    database = Database(url, Service.INTAKE)
    try:
        migrate(database)
    finally:
        database.dispose()
    return prove(url)


def require_no_tables(url: str) -> None:
    """Raise CannotDo unless the PostgreSQL database is empty: nothing is ever overwritten there."""
    database = Database(url, Service.INTAKE)
    try:
        if inspect(database.engine).get_table_names():
            raise CannotDo("目标数据库里已经有表，不会覆盖。请新建一个空数据库，并把 DATABASE_URL 指向它。")
    finally:
        database.dispose()


def main() -> int:
    """Restore and print the proof; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make restore")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--keys", type=Path)
    options = parser.parse_args()
    try:
        if options.file is None:
            raise CannotDo(
                "请指定备份文件：make restore FILE=backups/xiangzhi-….tar.gz KEYS=backups/xiangzhi-…-keys.tar.gz"
            )
        lines = restore(settings_at_start(), options.file, options.keys)
    except CannotDo as reason:
        print(reason, file=sys.stderr)
        return 1
    print("\n".join(["已恢复，并核对一致：", *lines]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
