"""The log file of an embedded system: every line of every process, the older half in a second file."""

from __future__ import annotations

from pathlib import Path

LIMIT_BYTES = 10 * 1024 * 1024


class Journal:
    """Appends to `path`; when it has grown to `limit` bytes it becomes `path.1`, and a new one begins."""

    def __init__(self, path: Path, limit: int = LIMIT_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._limit = limit
        self._file = path.open("a", encoding="utf-8")

    def write(self, line: str) -> None:
        """Append one line. A full disk must not stop the system: what can't be written is not."""
        try:
            if self._file.tell() > self._limit:
                self._file.close()
                self.path.rename(self.path.with_name(self.path.name + ".1"))
                self._file = self.path.open("a", encoding="utf-8")
            self._file.write(line)
            self._file.flush()
        except OSError:
            return

    def close(self) -> None:
        self._file.close()
