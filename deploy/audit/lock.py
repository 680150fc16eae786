"""The entries of requirements.lock, and in what the installed environment differs from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from deploy.images.runtime_requirements import PROJECT, entries_of, runtime_requirements

# They install the others and come with the environment, not with the lock.
INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv"})
_HEAD = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)\s*(?:;\s*(?P<marker>[^\\]+?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True, slots=True)
class Locked:
    """One distribution of the lock file; names are in the form that package indexes compare."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    askers: tuple[str, ...]
    """Which of the others ask for it."""
    is_direct: bool
    """Whether the program itself imports it."""
    runs: bool
    """Whether the program needs it to run, rather than its tests and checks."""

    @property
    def is_for_here(self) -> bool:
        """Whether it belongs into an environment of this Python on this system."""
        return not self.marker or Marker(self.marker).evaluate()


def read_lock(text: str) -> list[Locked]:
    """The distributions in the order of the file.

    Raises ValueError with the line that is no requirement of one exact version.
    """
    for line in text.splitlines():
        if line and not line.startswith(("#", " ")) and not _HEAD.match(line):
            raise ValueError(line)
    running = {name for name, _, _ in entries_of(runtime_requirements(text))}
    return [_locked(name, entry, askers, name in running) for name, entry, askers in entries_of(text)]


def _locked(name: str, entry: str, askers: list[str], runs: bool) -> Locked:
    if not (found := _HEAD.match(entry.partition("\n")[0])):
        raise ValueError(entry)
    return Locked(
        canonicalize_name(name),
        found["version"],
        found["marker"] or "",
        tuple(_HASH.findall(entry)),
        tuple(canonicalize_name(asker) for asker in askers if not asker.startswith("xiangzhi")),
        PROJECT in askers,
        runs,
    )


def without_hash(locked: list[Locked]) -> Iterator[str]:
    """Distributions that could be replaced on their way here without being noticed."""
    return (f"{each.name} {each.version}" for each in locked if not each.hashes)


def differences(locked: list[Locked], installed: Mapping[str, str]) -> Iterator[str]:
    """In what an environment differs from the lock, a sentence each; `installed`: versions by name."""
    here: dict[str, str] = {canonicalize_name(name): version for name, version in installed.items()}
    wanted = {each.name: each.version for each in locked if each.is_for_here}
    for name, version in sorted(wanted.items()):
        if name not in here:
            yield f"{name} {version} is locked and not installed"
        elif here[name] != version:
            yield f"{name} is locked at {version} and installed at {here[name]}"
    for name in sorted(here.keys() - wanted.keys() - INSTALLERS):
        yield f"{name} {here[name]} is installed and not locked"
