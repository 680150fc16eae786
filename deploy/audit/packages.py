"""make audit: the locked packages, their hashes, licences and advisories, and the installed environment.

python -m deploy.audit.packages [--advisories FOLDER|ZIP|ADDRESS] [--bill build/bill-of-materials.json]

Ends with 0 if all is well, 1 with findings, 2 where a parameter can't be right, and 3 where everything that can be
examined here is well but no advisories could be asked.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from deploy.audit.advisories import NoAdvisories
from deploy.audit.bill import bill_of_materials
from deploy.audit.licences import is_accepted, licence_of
from deploy.audit.lock import INSTALLERS, Locked, differences, read_lock, without_hash
from deploy.audit.vulnerabilities import NoSource, examine

WELL, FINDINGS, WRONG, UNKNOWN = 0, 1, 2, 3


def main(arguments: list[str] | None = None) -> int:
    """Examine and say it, a line per finding; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.audit.packages")
    parser.add_argument("--lock", type=Path, default=Path("requirements.lock"))
    parser.add_argument("--advisories", default="", help="folder or zip of OSV files, or an address that answers so")
    parser.add_argument("--bill", type=Path, default=Path("build/bill-of-materials.json"))
    given = parser.parse_args(arguments)
    try:
        locked = read_lock(given.lock.read_text())
    except (OSError, ValueError) as error:
        print(f"{given.lock} can't be read as a lock file: {error}", file=sys.stderr)
        return WRONG
    installed: dict[str, Distribution] = {canonicalize_name(each.name): each for each in distributions()}
    findings = [*_environment(locked, installed), *_licences(locked, installed)]
    _write_bill(given.bill, locked, installed)
    try:
        findings += _advisories(given.lock, given.advisories)
    except NoAdvisories as reason:
        print(reason, file=sys.stderr)
        return WRONG
    except NoSource as reason:
        print(reason, file=sys.stderr)
        return _end(findings) or UNKNOWN
    return _end(findings)


def _environment(locked: list[Locked], installed: dict[str, Distribution]) -> list[str]:
    findings = [f"{each} has no hash in the lock" for each in without_hash(locked)]
    print(f"hashes: {len(locked)} distributions are locked, {len(findings)} without a hash")
    different = list(differences(locked, {name: each.version for name, each in installed.items()}))
    here = sum(each.is_for_here for each in locked)
    print(f"environment: {here} of them belong here, {len(different)} differences from what is installed")
    return findings + different


def _licences(locked: list[Locked], installed: dict[str, Distribution]) -> list[str]:
    used = {name: licence_of(each) for name, each in installed.items() if name not in INSTALLERS}
    refused = [
        f"{name} comes under a licence that nobody has looked at: {licence or 'none is named'}"
        for name, licence in sorted(used.items())
        if not is_accepted(licence)
    ]
    print(f"licences: {len(set(used.values()))} kinds, {len(refused)} distributions to look at")
    return refused


def _write_bill(path: Path, locked: list[Locked], installed: dict[str, Distribution]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(bill_of_materials(locked, {name: licence_of(each) for name, each in installed.items()}))
    print(f"bill of materials: {path} (CycloneDX)")


def _advisories(lock: Path, source: str) -> list[str]:
    said = examine(lock, source)
    print(f"advisories: {said.asked} distributions against {said.source}: {len(said.findings)} findings")
    return [str(each) for each in said.findings]


def _end(findings: list[str]) -> int:
    for each in findings:
        print(f"FOUND {each}")
    return FINDINGS if findings else WELL


if __name__ == "__main__":
    sys.exit(main())
