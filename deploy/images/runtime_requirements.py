"""The part of the lock file that the program needs to run, with its hashes, on standard output.

python3 deploy/images/runtime_requirements.py < requirements.lock

The lock holds what tests and checks need too. Each of its entries says by whom it is asked for (`# via`): what the
project itself asks for stays, and what those ask for, and so on. Runs with any Python and nothing else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

PROJECT = "xiangzhi (pyproject.toml)"
_NAME = re.compile(r"^([A-Za-z0-9._-]+)==")


def entries_of(lock: str) -> list[tuple[str, str, list[str]]]:
    """Name, text (requirement and hashes) and who asks for it, of every entry."""
    entries: list[tuple[str, list[str], list[str]]] = []
    for line in lock.splitlines():
        if named := _NAME.match(line):
            entries.append((named[1], [line], []))
        elif line.startswith("    --hash"):
            entries[-1][1].append(line)
        elif entries and line.startswith("    #"):
            asker = line.strip().removeprefix("#").strip().removeprefix("via").strip()
            if asker:
                entries[-1][2].append(asker)
    return [(name, "\n".join(text), askers) for name, text, askers in entries]


def runtime_requirements(lock: str) -> str:
    """The entries that the project itself, or another one of these, asks for."""
    entries = entries_of(lock)
    wanted = set(_closure(entries))
    return "".join(f"{text}\n" for name, text, _ in entries if name in wanted)


def _closure(entries: list[tuple[str, str, list[str]]]) -> Iterable[str]:
    wanted = {PROJECT}
    while True:
        more = {name for name, _, askers in entries if name not in wanted and wanted & set(askers)}
        if not more:
            return wanted - {PROJECT}
        wanted |= more


if __name__ == "__main__":
    sys.stdout.write(runtime_requirements(sys.stdin.read()))
