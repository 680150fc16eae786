"""Services that are down, slow, or talk nonsense: words for people, and no write is sent twice."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request

from services.gateway.proxy import upstream
from shared.settings import settings
from shared.topology import Service
from tests.integration.gateway.conftest import House, Serve


def test_a_service_that_is_down_is_said_to_be_so(house: House, monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("POINTS_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    settings.cache_clear()
    answer = house.client().get("/api/points/echo")
    assert answer.status_code == 502
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert "没有运行" in answer.json["detail"]


@pytest.fixture
def silent(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A points service that takes requests and does not answer; the list holds their methods."""
    taken: list[str] = []
    over = threading.Event()
    app = Flask("silent")

    @app.route("/<path:_rest>", methods=["GET", "POST"])
    def hold(_rest: str) -> str:
        taken.append(request.method)
        over.wait(30)
        return ""

    serve(Service.POINTS, app)
    monkeypatch.setattr(upstream, "READ_SECONDS", 0.3)
    monkeypatch.setitem(upstream.ask.__kwdefaults__, "read_seconds", 0.3)
    yield taken
    over.set()


@pytest.mark.parametrize(("method", "words"), [("GET", "过一分钟再试"), ("POST", "可能已经办成")])
def test_a_service_that_is_slow_is_not_asked_twice(house: House, silent: list[str], method: str, words: str) -> None:
    answer = house.client().open("/api/points/echo", method=method)
    assert answer.status_code == 504
    assert answer.json is not None
    assert words in answer.json["detail"]
    assert silent == [method]


def raw_server(reply: Callable[[socket.socket, int], None]) -> tuple[socket.socket, list[bytes], str]:
    """A listener that answers each connection by `reply(connection, number)`."""
    listener = socket.create_server(("127.0.0.1", 0))
    requests: list[bytes] = []

    def run() -> None:
        number = 0
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                requests.append(connection.recv(65536))
                reply(connection, number)
            number += 1

    threading.Thread(target=run, daemon=True).start()
    return listener, requests, f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_what_concerns_one_connection_does_not_come_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer_with_everything(connection: socket.socket, _number: int) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nServer: inner\r\nConnection: X-Inner\r\nX-Inner: 1\r\nKeep-Alive: timeout=5\r\n"
            b"Set-Cookie: inner=1\r\nX-Request-ID: inner-request\r\nX-Kept: yes\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nok\r\n0\r\n\r\n"
        )

    listener, _, url = raw_server(answer_with_everything)
    monkeypatch.setenv("POINTS_URL", url)
    settings.cache_clear()
    with listener:
        answer = house.client().get("/api/points/echo", headers={"X-Request-ID": "from-outside-1"})
    assert answer.data == b"ok"
    assert answer.headers["X-Kept"] == "yes"
    assert answer.headers.getlist("X-Request-ID") == ["from-outside-1"]
    assert answer.headers.getlist("Set-Cookie") == []
    for name in ("Connection", "X-Inner", "Keep-Alive", "Server", "Transfer-Encoding"):
        assert name not in answer.headers


@pytest.mark.parametrize(("method", "tries", "status"), [("GET", 2, 200), ("POST", 1, 502)])
def test_a_broken_connection_is_asked_again_only_for_reading(
    house: House, monkeypatch: pytest.MonkeyPatch, method: str, tries: int, status: int
) -> None:
    def break_first(connection: socket.socket, number: int) -> None:
        if number > 0:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    listener, requests, url = raw_server(break_first)
    monkeypatch.setenv("POINTS_URL", url)
    settings.cache_clear()
    with listener:
        answer = house.client().open("/api/points/echo", method=method)
    assert (answer.status_code, len(requests)) == (status, tries)


def test_nonsense_from_a_service_is_a_problem(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def talk_nonsense(connection: socket.socket, _number: int) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    listener, _, url = raw_server(talk_nonsense)
    monkeypatch.setenv("POINTS_URL", url)
    settings.cache_clear()
    with listener:
        assert house.client().post("/api/points/echo").status_code == 502
