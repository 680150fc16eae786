"""Every environment variable that the program reads is documented, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from shared.secret_files import FILED
from shared.topology import Service
from tests.structure.source import PROJECT, parsed, python_files

# Belong to the machine or to a tool, not to us.
FOREIGN = {"PATH", "CI", "HOME", "PYTHONPATH", "TERM", "COLUMNS", "PYTHONWARNINGS"}
READERS = {"get", "pop", "setdefault", "str", "int", "bool", "float", "list", "getenv", "setting"}
NAME = re.compile(r"[A-Z][A-Z0-9_]{2,}")


def names_of(argument: ast.expr) -> Iterator[str]:
    """`"NAME"`, or `f"{service.upper()}_URL"` for each service."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
    elif isinstance(argument, ast.JoinedStr):
        for service in Service:
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else service.upper() for part in argument.values
            )


def is_environment(node: ast.expr) -> bool:
    return bool(re.search(r"(^|\.)(env|environ|environment|environb|os)$", ast.unparse(node)))


def variables_read() -> set[str]:
    found = set()
    for path in python_files("shared", "services", "deploy"):
        for node in ast.walk(parsed(path)):
            argument = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                if node.func.attr in READERS and is_environment(node.func.value):
                    argument = node.args[0]
            elif isinstance(node, ast.Subscript) and is_environment(node.value):
                argument = node.slice
            elif isinstance(node, ast.Compare) and any(is_environment(each) for each in node.comparators):
                argument = node.left
            if argument is not None:
                found |= {name for name in names_of(argument) if NAME.fullmatch(name)}
    # HTTP_… and REMOTE_ADDR: what a WSGI request brings.
    own = {name for name in found - FOREIGN if not name.startswith(("HTTP_", "REMOTE_"))}
    return own | {f"{name}_FILE" for name in FILED} | variables_of_compose()


def variables_of_compose() -> set[str]:
    """What the compose file asks its environment for, and the one that Compose itself reads."""
    text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    return {*re.findall(r"\$\{([A-Z][A-Z0-9_]+)", text), "COMPOSE_PROJECT_NAME"}


def variables_documented() -> set[str]:
    text = (PROJECT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]{2,})=", text, re.MULTILINE))


def test_every_variable_that_the_program_reads_is_documented() -> None:
    assert variables_read() - variables_documented() == set()


def test_every_documented_variable_is_read() -> None:
    assert variables_documented() - variables_read() == set()


def test_the_makefile_explains_its_variables() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    helps = re.findall(r"^([a-z-]+):.*## (.+)$", makefile, re.MULTILINE)
    wanted = {"help", "run", "demo", "test", "test-all", "lint", "bench", "backup", "restore", "move-to-postgres"}
    wanted |= {"up", "down", "scale", "logs", "secrets", "image"}
    assert wanted <= {name for name, _ in helps}
