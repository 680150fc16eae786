"""Wait for a schema that this code can serve, in processes that start beside the migration.

python -m deploy.migrations.wait [--seconds 600]     exit 0 when it has, 1 when the time is over
"""

from __future__ import annotations

import argparse
import sys
import time

from shared.database import Database
from shared.settings import settings
from shared.topology import Service
from shared.web.health import database_problem

PAUSE_SECONDS = 1.0


def wait_for_schema(database: Database, seconds: float) -> str | None:
    """Ask once a second, at least once; what still keeps the database from being served after `seconds`, else None."""
    deadline = time.monotonic() + seconds
    while True:
        problem = database_problem(database)
        if problem is None or time.monotonic() >= deadline:
            return problem
        time.sleep(PAUSE_SECONDS)


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m deploy.migrations.wait")
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args(arguments)
    database = Database(settings().database_url, Service.INTAKE, pool_size=1)
    try:
        problem = wait_for_schema(database, options.seconds)
    finally:
        database.dispose()
    if problem is not None:
        print(f"{problem} after {options.seconds:.0f} s", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
