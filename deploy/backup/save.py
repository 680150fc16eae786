"""Save database and files in one archive, and the keys apart in another one.

python -m deploy.backup.save [--to FOLDER]

The system may run meanwhile: both databases give one consistent snapshot. Keep the two archives in different places:
who has only the data can read no identity number, phone or petition.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from deploy.backup import postgresql
from deploy.backup.archive import Manifest, files_under, write_archive
from deploy.backup.proof import prove_keys
from deploy.backup.refusal import CannotDo
from deploy.migrations.revisions import current_revision, newest_revision
from shared.database import Database
from shared.models import Base
from shared.place_metrics import BACKUP_MARK
from shared.settings import Settings, settings_at_start
from shared.topology import Service

DATABASE = {"sqlite": "database.sqlite", "postgresql": "database.dump"}


@dataclass(frozen=True, slots=True)
class Saved:
    """The two archives of one backup."""

    data: Path
    keys: Path


def save(current: Settings, folder: Path) -> Saved:
    """Write both archives into `folder` and return their paths. Raises CannotDo."""
    moment = datetime.now(ZoneInfo("Asia/Shanghai"))
    stamp = moment.strftime("%Y%m%d-%H%M%S")
    saved = Saved(folder / f"xiangzhi-{stamp}.tar.gz", folder / f"xiangzhi-{stamp}-keys.tar.gz")
    keys = dict(files_under(current.key_dir, "keys"))
    if not keys:
        raise CannotDo(
            f"{current.key_dir} 里没有密钥。没有密钥的备份恢复后读不出证件号、电话和信访内容，请先检查 XZ_KEY_DIR。"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            manifest = Manifest("data", moment.isoformat(timespec="seconds"))
            snapshot = _snapshot(current, Path(work), manifest)
            # Files after rows: a file is on disk before its row is committed, so none of the snapshot's is missing.
            files = dict(files_under(current.data_dir / "files", "files"))
            write_archive(saved.data, manifest, {snapshot.name: snapshot, **files})
            write_archive(saved.keys, Manifest("keys", manifest.made_at), keys)
        # Its time is what the metrics tell as the last backup's.
        mark = current.data_dir / BACKUP_MARK
        mark.parent.mkdir(exist_ok=True)
        mark.touch()
    except OSError as error:
        raise CannotDo(f"备份写不进 {folder}（{error.strerror}），请检查磁盘空间和权限。") from error
    return saved


def _snapshot(current: Settings, work: Path, manifest: Manifest) -> Path:
    dialect = make_url(current.database_url).get_backend_name()
    target = work / DATABASE[dialect]
    database = Database(current.database_url, Service.INTAKE)
    try:
        with database.engine.connect() as connection:
            manifest.dialect, manifest.revision = dialect, current_revision(connection)
        if manifest.revision is None:
            raise CannotDo("数据库里还没有表，没有可以备份的内容。请先运行 make run。")
        if manifest.revision == newest_revision():
            # A backup whose keys do not open it is none. Before an upgrade the columns are not all there yet.
            prove_keys(current.database_url)
        if dialect == "sqlite":
            copy_sqlite(Path(make_url(current.database_url).database or ""), target)
        else:
            postgresql.dump(current.database_url, target)
        manifest.rows = count_rows(database)
    except SQLAlchemyError as error:
        raise CannotDo(f"数据库读不了：{str(error.__cause__ or error).splitlines()[0]}") from error
    finally:
        database.dispose()
    return target


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite file that may be written meanwhile."""
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise CannotDo("数据库文件自检没有通过，没有生成备份；请先用最近的备份恢复。")


def count_rows(database: Database) -> dict[str, int]:
    """Rows per table, for people who look into the manifest; taken just after the snapshot.

    Tables that only an upgrade will make are left out: before it is when people save.
    """
    present = set(inspect(database.engine).get_table_names())
    with database.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name in present
        }


def main() -> int:
    """Save, and say where; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make backup")
    parser.add_argument("--to", type=Path, default=Path("backups"))
    try:
        saved = save(settings_at_start(), parser.parse_args().to.resolve())
    except CannotDo as reason:
        print(reason, file=sys.stderr)
        return 1
    print(f"数据和文件：{saved.data}\n密钥（请另放一处）：{saved.keys}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
