"""Takes away files that no row names, as is done each night, here those of the last minute too.

A process that is killed while it writes a file leaves what it had written; nobody is there to take it away at once.

python -m tests.faults.sweep
"""

from __future__ import annotations

import sys

from shared.database import database_of
from shared.files import sweep_files
from shared.models.base import now
from shared.topology import Service


def main() -> int:
    """Sweep the files of points."""
    with database_of(Service.POINTS).transaction() as session:
        sys.stdout.write(f"{sweep_files(session, older_than=now())} files that no row names taken away\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
