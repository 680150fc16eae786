"""The image gets what the program needs to run, with the hashes of the lock, and nothing of the tests."""

from __future__ import annotations

import re
import tomllib

from deploy.images.runtime_requirements import runtime_requirements
from tests.structure.source import PROJECT

LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")


def names_of(text: str) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))


def test_everything_that_the_project_asks_for_is_there() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {re.split(r"[\[><=; ]", each)[0] for each in project["project"]["dependencies"]}
    found = names_of(runtime_requirements(LOCK))
    assert asked <= found
    assert {"billiard", "vine", "werkzeug", "psycopg-binary"} <= found


def test_nothing_of_the_tests_is_there() -> None:
    found = names_of(runtime_requirements(LOCK))
    assert not found & {"pytest", "hypothesis", "playwright", "mypy", "ruff", "duckdb", "schemathesis", "pip-audit"}
    assert len(found) < len(names_of(LOCK)) / 1.5


def test_every_entry_keeps_its_hashes() -> None:
    for entry in re.split(r"\n(?=\S)", runtime_requirements(LOCK).strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
