"""Clients that ask again as soon as they are answered: requests a second, and how long the slow ones took.

Plain sockets and ready-made requests, so that the clients cost little of the machine that the servers run on.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to. `p50_ms` and `p99_ms` are of single requests, from sending to the last byte."""

    per_second: float
    p50_ms: float
    p99_ms: float


def request_of(path: str, headers: dict[str, str]) -> bytes:
    """A GET as it goes over the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{lines}\r\n".encode()


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    asked: int = 0
    sent_at: float = 0.0
    wanted: int = 0
    received: bytearray = field(default_factory=bytearray)


def load(port: int, requests: Sequence[bytes], *, clients: int, seconds: float) -> Load:
    """Let `clients` ask one request after the other, in turn, for `seconds`. Raises RuntimeError unless all are 200."""
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        for number in range(clients):
            client = _Client(socket.create_connection(("127.0.0.1", port), timeout=10), asked=number)
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client.connection, selectors.EVENT_READ, client)
            _ask(client, requests)
        started = time.perf_counter()
        while (passed := time.perf_counter() - started) < seconds:
            for key, _ in selector.select(timeout=10):
                if _is_answered(key.data):
                    times.append(time.perf_counter() - key.data.sent_at)
                    _ask(key.data, requests)
        for key in list(selector.get_map().values()):
            key.data.connection.close()
    if not times:
        raise RuntimeError("nothing was answered")
    times.sort()
    return Load(len(times) / passed, 1000 * times[len(times) // 2], 1000 * times[int(len(times) * 0.99)])


def _ask(client: _Client, requests: Sequence[bytes]) -> None:
    client.received.clear()
    client.wanted = 0
    client.asked += 1
    client.sent_at = time.perf_counter()
    client.connection.sendall(requests[client.asked % len(requests)])


def _is_answered(client: _Client) -> bool:
    piece = client.connection.recv(1 << 18)
    if not piece:
        raise RuntimeError("the server closed a connection")
    client.received += piece
    if not client.wanted:
        end = client.received.find(_HEAD_END)
        if end < 0:
            return False
        head = bytes(client.received[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"an answer was no 200: {bytes(client.received[:400]).decode(errors='replace')}")
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        client.wanted = end + len(_HEAD_END) + int(length)
    return len(client.received) >= client.wanted
