"""A file that a living process touches; whoever watches it (compose, Kubernetes, the launcher) asks its age.

python -m shared.heartbeat NAME [--max-age SECONDS]    exit 0 when fresh, 1 when old or missing
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from shared.settings import settings

INTERVAL_SECONDS = 5.0
MAX_AGE_SECONDS = 60.0


def heartbeat_path(name: str) -> Path:
    """The heartbeat file of the process called `name` (a role of the topology, or a worker's node name)."""
    safe = "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
    return settings().data_dir / "heartbeats" / safe


def beat(name: str) -> None:
    """Say that the process called `name` is alive now."""
    path = heartbeat_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{os.getpid()}\n", encoding="ascii")


def age_of(name: str) -> float | None:
    """Seconds since the last beat; None when there was none."""
    try:
        return time.time() - heartbeat_path(name).stat().st_mtime
    except FileNotFoundError:
        return None


def stop_beating(name: str) -> None:
    """Remove the file at an orderly end, so that nobody takes an ended process for a living one."""
    heartbeat_path(name).unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Tell whether a process is alive, for a probe."""
    parser = argparse.ArgumentParser(prog="python -m shared.heartbeat", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--max-age", type=float, default=MAX_AGE_SECONDS)
    options = parser.parse_args(arguments)
    age = age_of(options.name)
    if age is None or age > options.max_age:
        sys.stdout.write(
            f"{options.name}: no heartbeat\n" if age is None else f"{options.name}: last heartbeat {age:.0f} s ago\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
