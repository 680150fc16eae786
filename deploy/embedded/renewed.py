"""A certificate that was renewed while the system runs: noticed, checked as at the start, and taken without a stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

SETTLED_SECONDS = 2.0
"""Certificate and key are two files: whoever looks between them finds a pair that does not fit."""

Stamp = tuple[tuple[int, int], ...]


class RenewedCertificate:
    """Says once, for each change of the two files, that there is another certificate to take."""

    def __init__(self, folder: Path, check: Callable[[], object], seconds: float = SETTLED_SECONDS) -> None:
        """`check` raises what a start with these files would; files unchanged for `seconds` are whole."""
        self._folder, self._check, self._seconds = folder, check, seconds
        self._taken = self._seen = self._stamp()
        self._since = 0.0

    def is_there(self) -> bool:
        """Whether the web server should read its files again. Raises what `check` raises, once for each change."""
        stamp = self._stamp()
        if stamp == self._taken:
            return False
        if stamp != self._seen:
            self._seen, self._since = stamp, time.monotonic()
        if time.monotonic() - self._since < self._seconds:
            return False
        self._taken = stamp
        self._check()
        return True

    def _stamp(self) -> Stamp:
        # Loaded only where there is a certificate: it takes cryptography and the models along.
        from shared.certificates import SERVER, SERVER_KEY

        return tuple(_stamp_of(self._folder / name) for name in (SERVER, SERVER_KEY))


def _stamp_of(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)
