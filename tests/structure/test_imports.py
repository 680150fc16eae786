"""Who may know whom."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from shared.topology import Service
from tests.structure.source import PROJECT, imports_of, module_name, python_files

FRAMEWORKS = {"flask", "flask_smorest", "celery", "granian", "webargs", "werkzeug", "kombu"}
# The edges of a topic: HTTP, schemas of HTTP, tasks; and the two applications of a service.
EDGES = ("api", "schemas", "tasks", "app", "worker")


def is_edge(path: Path) -> bool:
    """`api.py`, `category_api.py`, … : the files that may know the frameworks."""
    return any(path.stem == edge or path.stem.endswith(f"_{edge}") for edge in EDGES)


def domain_files() -> list[Path]:
    """The gateway is an edge as a whole: it has no domain of its own but accounts and sessions."""
    services = [f"services/{service}" for service in Service if service is not Service.GATEWAY]
    return [path for path in python_files(*services) if not is_edge(path)]


def test_the_import_contracts_of_the_project_hold() -> None:
    # The console script's own function ends the process; so it gets one.
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert answer.returncode == 0, answer.stdout


def test_domain_files_know_neither_web_nor_tasks() -> None:
    found = {
        f"{module_name(path)} imports {name}"
        for path in domain_files()
        for name in imports_of(path)
        if name.split(".")[0] in FRAMEWORKS or name == "shared.web" or name.startswith("shared.web.")
    }
    assert found == set()


def test_topics_meet_through_their_domain_never_through_their_edges() -> None:
    found = set()
    for path in python_files(*(f"services/{service}" for service in Service if service is not Service.GATEWAY)):
        topic = module_name(path).rpartition(".")[0]
        if path.stem in ("app", "worker"):
            continue
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] == "services" and len(parts) > 3:
                imported, edge = ".".join(parts[:3]), parts[3]
                if imported != topic and any(edge == each or edge.endswith(f"_{each}") for each in ("api", "tasks")):
                    found.add(f"{module_name(path)} imports {name}")
    assert found == set()


def test_domain_functions_never_commit() -> None:
    found = [str(path) for path in domain_files() if ".commit()" in path.read_text(encoding="utf-8")]
    assert found == []
