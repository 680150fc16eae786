"""What a system needs before its processes start: folders, keys, the schema, and a township.

`python -m deploy.embedded.first_start` is what `preparation` runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from deploy.embedded.parentage import die_with_parent
from deploy.embedded.preparation import DEMO_TOWNSHIP, OWN_TOWNSHIP, REFUSED
from deploy.embedded.refusal import CannotStart, in_words
from deploy.migrations.migrate import NewerDatabase, migrate
from shared.database import Database
from shared.models.registry import Township
from shared.privacy.key_files import MissingKeys
from shared.privacy.keys import ensure_keys
from shared.settings import Settings, read_settings
from shared.topology import Service

Say = Callable[[str], None]


def prepare(current: Settings, environment: Mapping[str, str], *, wants_demo: bool, say: Say) -> bool:
    """Make keys, migrate, and see to it that there is a township. Returns whether the township is the demo.

    Raises CannotStart.
    """
    try:
        ensure_keys(current.key_dir, create=not current.production)
    except MissingKeys as error:
        raise CannotStart(f"密钥不齐，不能启动：{error}。Keys are missing.") from error
    try:
        if _is_unmade_sqlite(current.database_url):
            _make_sqlite(current.database_url, environment, wants_demo=wants_demo, say=say)
        return _migrate_and_fill(current.database_url, environment, wants_demo=wants_demo, say=say)
    except NewerDatabase as error:
        raise CannotStart(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        raise CannotStart(in_words(error)) from error


def _is_unmade_sqlite(url: str) -> bool:
    parts = make_url(url)
    return parts.get_backend_name() == "sqlite" and not Path(parts.database or "").exists()


def _make_sqlite(url: str, environment: Mapping[str, str], *, wants_demo: bool, say: Say) -> None:
    """Make the file under another name first: a first start that is interrupted leaves nothing half-made."""
    path = Path(make_url(url).database or "")
    unfinished = path.with_name(path.name + ".unfinished")
    for rest in ("", "-wal", "-shm"):
        unfinished.with_name(unfinished.name + rest).unlink(missing_ok=True)
    own = f"sqlite:///{unfinished}"
    _migrate_and_fill(own, {**environment, "DATABASE_URL": own}, wants_demo=wants_demo, say=say)
    unfinished.rename(path)


def _migrate_and_fill(url: str, environment: Mapping[str, str], *, wants_demo: bool, say: Say) -> bool:
    database = Database(url, Service.INTAKE)
    try:
        migrate(database)
        if not _townships(database):
            _make_township(environment, wants_demo=wants_demo, say=say)
        return _is_demo(database)
    finally:
        database.dispose()


def _townships(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Township)) or 0


def _is_demo(database: Database) -> bool:
    with database.reading() as session:
        return bool(session.scalar(select(func.count()).where(Township.is_demo)))


def _make_township(environment: Mapping[str, str], *, wants_demo: bool, say: Say) -> None:
    module, arguments = "deploy.embedded.first_township", []
    if wants_demo:
        module = "deploy.demo.load"
        arguments = ["--size", environment.get("SIZE", "township")]
        if environment.get("DEMO_DATE"):
            arguments += ["--date", environment["DEMO_DATE"]]
        say("第一次启动：装入演示乡镇 loading the demo township …")
    ended = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=dict(environment),
        check=False,
        preexec_fn=die_with_parent(),
    )
    if ended.returncode != 0:
        what = "演示乡镇没有装好" if wants_demo else "乡镇没有建好"
        raise CannotStart(
            f"{what}，原因见上面几行；改正后请再运行 make run。The township could not be made, see above."
        )


def demo_unless_refused() -> bool:
    """`DEMO=0` asks for a township of one's own."""
    return os.environ.get("DEMO", "1").strip().lower() not in ("0", "no", "false", "off")


def main() -> int:
    """Prepare what the environment names; why it can't be is told on standard error."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        is_demo = prepare(read_settings(dict(os.environ)), os.environ, wants_demo=demo_unless_refused(), say=print)
    except CannotStart as reason:
        print(reason, file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(in_words(error), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return REFUSED
    return DEMO_TOWNSHIP if is_demo else OWN_TOWNSHIP


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
