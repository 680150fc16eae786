"""The room for uploads, which a fault fills: a small file system where that may be mounted, else a limit."""

from __future__ import annotations

import errno
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil

_MEGABYTES = 64
_LEFT_BYTES = 8192
"""Room that a full disk still has: the first bytes of a photo are taken, the next ones are not."""


class UploadRoom:
    """`fill` leaves room for the beginning of a photo only, `empty` gives it back.

    Who may not mount a file system gets a limit on the size of files of the service's processes instead: for them
    writing fails as it does on a full disk.
    """

    def __init__(self, folder: Path, pid: Callable[[], int | None]) -> None:
        self._folder, self._pid = folder, pid
        self._ballast = folder / ".ballast"
        self.mounted = False

    def mount(self) -> None:
        """Put the small file system in its place, where that is allowed."""
        folder = self._folder
        options = ["-t", "tmpfs", "-o", f"size={_MEGABYTES}m,mode=0700", "tmpfs", str(folder)]
        try:
            self.mounted = subprocess.run(["mount", *options], check=False, capture_output=True).returncode == 0
        except FileNotFoundError:
            self.mounted = False

    def unmount(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self._folder)], check=False, capture_output=True)

    def fill(self) -> None:
        """From now on writing a file fails in its middle."""
        if not self.mounted:
            self._limit(_LEFT_BYTES)
            return
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            file.truncate(file.tell() - _LEFT_BYTES)

    def empty(self) -> None:
        """There is room again."""
        if self.mounted:
            self._ballast.unlink(missing_ok=True)
        else:
            self._limit(resource.RLIM_INFINITY)

    def drafts(self) -> list[Path]:
        """Half-written files that nobody took away."""
        return [path for path in self._folder.glob("??/*") if path.name.startswith(".")]

    def _limit(self, size: int) -> None:
        pid = self._pid()
        if pid is None:
            return
        main = psutil.Process(pid)
        for process in (main, *main.children(recursive=True)):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
