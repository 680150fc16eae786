"""The role `migrate`: before anything else starts, the keys are there and the schema is this version's.

python -m deploy.containers.first_start

A database without a schema is a new system, whose keys are made once. Where a schema is and keys are missing, something
was lost: nothing is made then, since new keys would open nothing of it.
"""

from __future__ import annotations

import sys

from sqlalchemy.exc import SQLAlchemyError

from deploy.embedded.refusal import in_words
from deploy.migrations.migrate import NewerDatabase, migrate
from deploy.migrations.revisions import current_revision
from shared.database import Database
from shared.privacy.key_files import MissingKeys
from shared.privacy.keys import ensure_keys
from shared.settings import Settings, SettingsError, settings
from shared.topology import Service


def prepare(current: Settings) -> str | None:
    """Make a new system's keys, migrate, and return the schema's revision. Raises MissingKeys and NewerDatabase."""
    database = Database(current.database_url, Service.INTAKE)
    try:
        with database.engine.connect() as connection:
            is_new = current_revision(connection) is None
        ensure_keys(current.key_dir, create=is_new)
        return migrate(database)
    finally:
        database.dispose()


def main() -> int:
    """Prepare, and print the revision; exit code 1 with one sentence otherwise."""
    try:
        print(prepare(settings()))
    except MissingKeys as error:
        print(f"密钥不齐，不能启动：{error}。Keys are missing: restore their backup.", file=sys.stderr)
        return 1
    except (NewerDatabase, SettingsError) as reason:
        print(reason, file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        print(in_words(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
