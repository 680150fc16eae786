"""Bring a database to the newest schema: forward, one process at a time, all or nothing.

python -m deploy.migrations.migrate
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from deploy.embedded.refusal import in_words
from deploy.migrations.grants import apply_grants
from deploy.migrations.revisions import current_revision, known_revisions, newest_revision
from shared.database import Database
from shared.logging import get_logger
from shared.settings import settings_at_start
from shared.topology import Service

# Any constant; all migrators of all versions must take the same one.
_LOCK = 0x5869616E677A6869


class NewerDatabase(Exception):
    """Raised when a newer release has migrated the database; the message says what to do."""


_MISSING_ROLES = "this user may not make roles: make them once (CREATE ROLE … LOGIN PASSWORD …), then migrate again"


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> str | None:
    """Upgrade to the newest revision and return it. A second migrator waits for the first and then does nothing.

    SQLite's `BEGIN IMMEDIATE` is the lock there; foreign keys are checked once at the end, since tables are rebuilt.
    Raises NewerDatabase.
    """
    if database.dialect == "postgresql":
        with database.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _upgrade(connection)
            missing = apply_grants(connection)
            revision = current_revision(connection)
        if missing:
            get_logger().warning("roles_missing", roles=[role.value for role in missing], mend=_MISSING_ROLES)
        return revision
    with database.engine.connect() as connection:
        # Foreign keys can only be switched outside a transaction, so under the driver's own connection.
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        with connection.begin():
            _upgrade(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"the migration leaves rows without their parents: {broken[:3]}")
            revision = current_revision(connection)
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]
        return revision


def _upgrade(connection: Connection) -> None:
    revision = current_revision(connection)
    if revision is not None and revision not in known_revisions():
        raise NewerDatabase(
            f"数据库是更新的版本留下的（{revision}），这个程序只认得到 {newest_revision()}："
            "请用新版的程序，或恢复升级以前的备份。The database was migrated by a newer release: use that one."
        )
    command.upgrade(alembic_config(connection), "head")


def main() -> int:
    """Migrate the database of the settings and print the revision; exit code 1 with one sentence otherwise."""
    current = settings_at_start()
    try:
        current.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(current.database_url, Service.INTAKE)
        print(migrate(database))
        database.dispose()
    except NewerDatabase as reason:
        print(reason, file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        print(in_words(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
