"""Links of messages: whoever taps one lands on a page of the gateway."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from services.gateway.app import create_app
from tests.structure.source import parsed, python_files


def links_of(path: Path) -> Iterator[str]:
    """Every `link=…` of a file that is written out; parts that are filled in stand as 1."""
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.keyword) or node.arg != "link":
            continue
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
        elif isinstance(node.value, ast.JoinedStr):
            parts = (str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.value.values)
            yield "".join(parts)


def test_every_link_of_a_message_is_a_page(sqlite_database: str) -> None:
    pages = create_app().url_map.bind("localhost")
    senders = python_files("services/intake", "services/points", "services/petitions")
    links = {(link, path.name) for path in senders for link in links_of(path) if link}
    assert len(links) > 4
    assert [found for found in sorted(links) if not pages.test(found[0], "GET")] == []
