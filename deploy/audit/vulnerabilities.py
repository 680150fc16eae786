"""pip-audit over the lock, against advisories carried in or a server of them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.audit.advisories import answering, read_advisories

PUBLIC = "https://api.osv.dev/v1/query"
_SECONDS = 900


class NoSource(Exception):
    """Raised with one sentence where nobody could be asked: nothing was found out, neither good nor bad."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An advisory on a locked version."""

    name: str
    version: str
    advisory: str
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.fixed_in)}" if self.fixed_in else "no mended version is named"
        return f"{self.name} {self.version}: {self.advisory}, {mended}"


@dataclass(frozen=True, slots=True)
class Examination:
    """What pip-audit said: how many distributions it asked about, what it found, and whom it asked."""

    asked: int
    findings: tuple[Finding, ...]
    source: str


def examine(lock: Path, source: str) -> Examination:
    """Ask `source`: a folder or zip of advisories, an address that answers like OSV's, or, empty, OSV's own.

    Raises NoSource where it can't be reached, NoAdvisories where the folder holds none.
    """
    if source and "://" not in source:
        advisories = read_advisories(Path(source))
        told = f"{advisories.count} advisories in {source}, the newest of {advisories.newest[:10] or 'an unknown day'}"
        with answering(advisories) as address:
            return _ask(lock, address, told)
    return _ask(lock, source or PUBLIC, source or PUBLIC)


def _ask(lock: Path, address: str, told: str) -> Examination:
    with tempfile.TemporaryDirectory(prefix="xiangzhi-audit-") as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
        command += ["--vulnerability-service", "osv", "--osv-url", address, "--timeout", "10"]
        command += ["--progress-spinner", "off", "--cache-dir", f"{folder}/cache", "--format", "json"]
        said = subprocess.run(
            [*command, "--output", str(answer)], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        # It ends with 1 both for a finding and for a failure; only an examination writes the file.
        if not answer.exists():
            raise NoSource(
                f"No advisories: {address} does not answer. Carry a copy in and name it: make audit ADVISORIES=folder "
                f"({_last_line(said.stderr)})"
            )
        dependencies = json.loads(answer.read_text())["dependencies"]
    return Examination(len(dependencies), tuple(_findings(dependencies)), told)


def _findings(dependencies: list[dict[str, object]]) -> Iterator[Finding]:
    for each in dependencies:
        found = each.get("vulns")
        for vulnerability in found if isinstance(found, list) else []:
            yield Finding(
                str(each["name"]),
                str(each["version"]),
                str(vulnerability["id"]),
                tuple(vulnerability["fix_versions"]),
            )


def _last_line(words: str) -> str:
    return (words.strip().splitlines() or ["it said nothing"])[-1][:200]
