"""Debian's packages in an image, and which of Debian's own advisories concern them.

Source of the advisories' form: the JSON of the Debian security tracker, source package → CVE → releases → status.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from deploy.audit.advisories import NoAdvisories

_NAMED_VERSION = re.compile(r"^(?P<name>\S+)(?: \((?P<version>[^)]+)\))?$")


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package, and the source package that it was built from, by which Debian counts."""

    name: str
    version: str
    source: str
    source_version: str


@dataclass(frozen=True, slots=True)
class Weakness:
    """An advisory on an installed package; `fixed_in` is empty where Debian has no mended version."""

    package: Package
    advisory: str
    urgency: str
    fixed_in: str

    def __str__(self) -> str:
        mended = f"mended in {self.fixed_in}" if self.fixed_in else "not mended by Debian yet"
        return f"{self.package.name} {self.package.version}: {self.advisory} ({self.urgency}), {mended}"


def installed_packages(status: str) -> list[Package]:
    """The installed packages of a dpkg status file, by name."""
    return sorted(_packages(status), key=lambda each: each.name)


def _packages(status: str) -> Iterator[Package]:
    for paragraph in status.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and not line.startswith(" ")
        )
        # Files under status.d (images without dpkg) have no Status; what was removed leaves its settings there.
        if "Package" not in fields or fields.get("Status", "installed").split()[-1] != "installed":
            continue
        name, version = fields["Package"], fields.get("Version", "")
        found = _NAMED_VERSION.match(fields.get("Source", name))
        source, source_version = (found["name"], found["version"]) if found else (name, None)
        yield Package(name, version, source, source_version or version)


def read_tracker(path: Path) -> dict[str, Any]:
    """The tracker's JSON. Raises NoAdvisories with one sentence."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise NoAdvisories(f"{path} can't be read as the Debian security tracker's JSON: {error}.") from error
    if not isinstance(content, dict) or not any(
        "releases" in advisory
        for several in content.values()
        if isinstance(several, dict)
        for advisory in several.values()
        if isinstance(advisory, dict)
    ):
        raise NoAdvisories(f"{path} holds no advisory in the form of the Debian security tracker.")
    return content


def weaknesses(packages: list[Package], tracker: dict[str, Any], release: str) -> Iterator[Weakness]:
    """Advisories on these packages for a release (`bookworm`). What Debian calls unimportant is left out."""
    for package in packages:
        for advisory, described in sorted(tracker.get(package.source, {}).items()):
            state = described.get("releases", {}).get(release)
            if not state or state.get("urgency") == "unimportant":
                continue
            fixed = str(state.get("fixed_version", ""))
            urgency = str(state.get("urgency", "not yet assigned"))
            if state.get("status") == "resolved":
                if is_older(package.source_version, fixed):
                    yield Weakness(package, advisory, urgency, fixed)
            elif state.get("status") == "open":
                yield Weakness(package, advisory, urgency, "")


def is_older(version: str, other: str) -> bool:
    """Whether a Debian version comes before another (Debian Policy, 5.6.12)."""
    return _compared(version, other) < 0


def _compared(version: str, other: str) -> int:
    for mine, theirs in zip(_parts(version), _parts(other), strict=True):
        if order := _order(mine, theirs):
            return order
    return 0


def _parts(version: str) -> tuple[str, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return (epoch, upstream, revision) if dash else (epoch, rest, "0")


def _order(mine: str, theirs: str) -> int:
    """Digits compare as numbers, the rest letter by letter, turn by turn, beginning with the rest."""
    pieces = (re.findall(r"\d+|\D+", each) for each in (mine, theirs))
    turns = ([*([""] if each[:1] and each[0][0].isdigit() else []), *each] for each in pieces)
    for number, (one, two) in enumerate(zip_longest(*turns, fillvalue="")):
        order = int(one or 0) - int(two or 0) if number % 2 else _letters(one, two)
        if order:
            return order
    return 0


def _letters(one: str, two: str) -> int:
    for mine, theirs in zip_longest(one, two, fillvalue=""):
        if order := _rank(mine) - _rank(theirs):
            return order
    return 0


def _rank(sign: str) -> int:
    """A tilde comes before the end, the end before letters, letters before all other signs."""
    if sign == "~":
        return -1
    if not sign:
        return 0
    return ord(sign) if sign.isalpha() else ord(sign) + 256
