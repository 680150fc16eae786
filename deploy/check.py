"""Whether this container's role is well; exit code 0 or 1. For the image's HEALTHCHECK.

python -I -S deploy/check.py

Every container is asked every few seconds, on one machine all at once: so this imports nothing of ours and next to
nothing of Python's. Where to look was written down by deploy.roles when the role started.
"""

import os
import socket
import sys
import time

NOTE = "/tmp/check"  # noqa: S108 - the container's own
_SECONDS = 5.0


def is_ready(port: int) -> bool:
    """A web role answers that it is ready."""
    try:
        with socket.create_connection(("127.0.0.1", port), _SECONDS) as connection:
            connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return connection.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def is_fresh(path: str, seconds: float) -> bool:
    """Any other role has touched its heartbeat file."""
    try:
        return time.time() - os.stat(path).st_mtime <= seconds
    except OSError:
        return False


def main(note: str = NOTE) -> int:
    """Look where the note says: `ready PORT`, `fresh FILE SECONDS`, or `runs`. Without one nothing has started yet."""
    try:
        with open(note, encoding="utf-8") as file:
            kind, *rest = file.read().split()
    except (OSError, ValueError):
        return 1
    if kind == "runs":
        return 0
    if kind == "ready":
        return 0 if is_ready(int(rest[0])) else 1
    return 0 if is_fresh(rest[0], float(rest[1])) else 1


if __name__ == "__main__":
    sys.exit(main())
