"""Addresses and headers without an end, at the server as it really listens."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from shared.topology import Service
from tests.integration.bad_input.conftest import System
from tests.integration.bad_input.listening import Listening, RawAnswer, listen

# Nothing of them reaches a database: one is enough.
pytestmark = pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
MEMORY = 12 * 1024 * 1024
CHUNKED = {"Transfer-Encoding": "chunked", "Content-Type": "application/json", "Accept": "application/json"}
PIECE = b"400\r\n" + b"x" * 1024 + b"\r\n"


@pytest.fixture
def listening(system: System) -> Iterator[dict[Service, Listening]]:
    """The gateway and a service."""
    yield from listen([Service.GATEWAY, Service.POINTS])


def get(server: Listening, path: str, **headers: str) -> RawAnswer:
    return server.send("GET", path, headers, iter(()))


def test_what_is_too_long_is_told_and_what_has_no_end_is_cut_off(
    listening: dict[Service, Listening],
) -> None:
    gateway, points = listening[Service.GATEWAY], listening[Service.POINTS]
    get(gateway, "/")
    before = gateway.peak_memory()
    page = get(gateway, f"/?q={'x' * 10_000}", Accept="text/html")
    assert (page.status, "地址太长" in page.text) == (414, True)
    for server in (gateway, points):
        answer = get(server, f"/api/points/boards?q={'x' * 10_000}")
        assert (answer.status, json.loads(answer.text)["title"]) == (414, "地址太长")
        headers = get(server, "/api/points/boards", **{"X-Large": "x" * 40_000})
        assert (headers.status, json.loads(headers.text)["title"]) == (431, "请求头太大")
        # Beyond these the server itself answers, with a status and no words.
        assert get(server, f"/?q={'x' * 70_000}").status == 414
        assert get(server, "/", **{f"X-{number}": "x" for number in range(150)}).status == 431
        assert get(server, "/", **{"X-Endless": "x" * 2_000_000}).status == 431
        assert get(server, f"/{'字' * 1_000}?q=x", Accept="application/json").status == 414
        # Words that do not say how long they are would be stored cut off.
        endless = server.send("POST", "/api/points/events", CHUNKED, (PIECE for _ in range(6_000)))
        assert (endless.status, "Content-Length" in endless.text) == (411, True)
    assert gateway.peak_memory() - before < MEMORY
    assert get(gateway, "/healthz").status == 200
