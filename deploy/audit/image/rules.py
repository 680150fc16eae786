"""What an image of ours must not hold, as rules over its files and settings."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from deploy.audit.image.debian import Package
from deploy.audit.image.layers import File
from deploy.audit.secrets import suspicions

_BUILDERS = frozenset({"gcc", "g++", "cc", "c++", "cpp", "clang", "ld", "as", "make", "cmake", "cargo", "rustc", "git"})
_INSTALLERS = re.compile(r"^(?:pip[0-9.]*|uv|easy_install[0-9.]*)$")
_INSTALLER_FOLDERS = re.compile(r"(?:^|/)(?:site-packages|dist-packages)/(?:pip|setuptools|wheel|uv)$|/ensurepip$")
# `gcc-12-base` is a folder that every Debian has.
_BUILDER_PACKAGES = re.compile(r"^(?:gcc|g\+\+|cpp|clang|binutils|make|build-essential)(?:$|-(?!\d+-base$))|-dev$")
_PROGRAMS = frozenset({"bin", "sbin"})


def elevated(files: dict[str, File]) -> Iterator[str]:
    """Programs that run as somebody else than who starts them (set-user-ID, set-group-ID)."""
    for path, file in sorted(files.items()):
        if file.is_regular and file.mode & 0o6000:
            yield f"/{path} runs with other rights ({file.mode & 0o7777:04o})"


def writable(files: dict[str, File]) -> Iterator[str]:
    """What everybody may change; a folder in which each may remove only what is theirs (/tmp) is none."""
    for path, file in sorted(files.items()):
        sticky = file.is_directory and file.mode & 0o1000
        if (file.is_regular or file.is_directory) and file.mode & 0o002 and not sticky:
            yield f"/{path} can be changed by everybody ({file.mode & 0o7777:04o})"


def foreign(files: dict[str, File]) -> Iterator[str]:
    """Files whose owner could change them while the program runs; folders are where data will lie."""
    for path, file in sorted(files.items()):
        if file.is_regular and file.owner:
            yield f"/{path} belongs to {file.owner}, not to root"


def builders(files: dict[str, File], packages: list[Package]) -> Iterator[str]:
    """Compilers, installers and what they build with."""
    for path, file in sorted(files.items()):
        folder, name = posixpath.split(path)
        if posixpath.basename(folder) in _PROGRAMS and (name in _BUILDERS or _INSTALLERS.match(name)):
            yield f"/{path} builds or installs programs"
        elif file.is_directory and _INSTALLER_FOLDERS.search(path):
            yield f"/{path} installs programs"
    for package in packages:
        if _BUILDER_PACKAGES.search(package.name):
            yield f"package {package.name} is for building programs"


def settings(described: dict[str, Any], history: list[str]) -> Iterator[str]:
    """Who it runs as, whether it says that it is well, and secrets in environment, labels or the way it was made."""
    if described:
        user = str(described.get("User") or "").partition(":")[0]
        if user in {"", "0", "root"}:
            yield "the image runs as root"
        if not described.get("Healthcheck"):
            yield "the image has no HEALTHCHECK"
    for variable in described.get("Env") or []:
        name, _, value = str(variable).partition("=")
        if value and re.search(r"(?i)password|secret|token|api_?key", name):
            yield f"environment: {name} has a value"
        yield from (f"environment: {each}" for each in suspicions(str(variable)))
    for name, value in (described.get("Labels") or {}).items():
        yield from (f"label {name}: {each}" for each in suspicions(str(value)))
    for number, command in enumerate(history, 1):
        yield from (f"step {number} of its making: {each}" for each in suspicions(command))
