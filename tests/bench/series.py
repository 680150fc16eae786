"""Run every part of the bench, one after the other, and repeat their goals at the end.

python -m tests.bench.series [--events 5000000]

Each part is a program of its own that can be run alone. Exit code 1 where a part could not be measured, 0 also where
a goal is missed: its line says so.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from tests.bench.programs import PROJECT

PARTS = ("run", "reservations", "messages", "gateway", "imports", "memory")
_VERDICTS = (" met", " missed")


def run_part(name: str, *arguments: str) -> tuple[int, list[str]]:
    """Run one part and show what it says; its exit code and the lines of its goals."""
    print(f"\n== {name}\n", flush=True)
    goals = []
    command = [sys.executable, "-m", f"tests.bench.{name}", *arguments]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as part:
        assert part.stdout is not None
        for line in part.stdout:
            print(line, end="", flush=True)
            if line.rstrip().endswith(_VERDICTS):
                goals.append(line.rstrip())
    return part.returncode, goals


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.series")
    parser.add_argument("--events", type=int, default=5_000_000)
    options = parser.parse_args(arguments)
    found, failed = [], []
    for name in PARTS:
        code, goals = run_part(name, *(("--events", str(options.events)) if name == "run" else ()))
        found += goals
        failed += [name] if code else []
    print("\n== goals\n", *found, *(f"{name} could not be measured" for name in failed), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
