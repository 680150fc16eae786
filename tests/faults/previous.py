"""The previous version's code: the newest tag, else the commit before, else this code under another release."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.faults.system import PROJECT


class PreviousVersion:
    """A folder with the code of the previous version, and `words` for which one it is."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "previous"
        self.words = ""
        self._is_worktree = False

    def make(self) -> None:
        """Take the code out of the repository; a copy of this one where there is none."""
        revision = _git("describe", "--tags", "--abbrev=0") or _git("rev-parse", "--short", "HEAD~1")
        self._is_worktree = bool(
            revision and _git("worktree", "add", "--detach", str(self.place), revision) is not None
        )
        if self._is_worktree:
            self.words = f"revision {revision}"
            return
        for part in ("services", "shared", "deploy"):
            shutil.copytree(PROJECT / part, self.place / part)
        release = self.place / "shared" / "release.py"
        release.write_text(release.read_text().replace('RELEASE = "', 'RELEASE = "0.'))
        self.words = "this code under another release"

    def remove(self) -> None:
        if self._is_worktree:
            _git("worktree", "remove", "--force", str(self.place))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
