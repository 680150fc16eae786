"""The services as they really listen: each a process of the server that runs them, talked to over a plain socket."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.embedded.processes import web_command
from deploy.embedded.redis_server import free_port
from shared.topology import Service
from tests.fixtures.postgresql_cluster import PROJECT
from tests.fixtures.waiting import wait_until

PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back, and how many bytes of the body went out until then."""

    status: int
    headers: str
    text: str
    sent: int


@dataclass(frozen=True, slots=True)
class Listening:
    """One service's process."""

    port: int
    process: subprocess.Popen[bytes]

    def is_ready(self) -> bool:
        """Whether it takes connections; its end fails the test."""
        assert self.process.poll() is None, "the server has ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def peak_memory(self) -> int:
        """The most bytes of memory that one of its processes ever held."""
        return max(
            int(found[1]) * 1024
            for each in self._family()
            if (found := re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{each.pid}/status").read_text()))
        )

    def written(self) -> int:
        """Bytes that its processes have written to files."""
        return sum(each.io_counters().write_chars for each in self._family())

    def send(self, method: str, path: str, headers: dict[str, str], body: Iterator[bytes]) -> RawAnswer:
        """Send the pieces of `body` as they are until the server hangs up, then read its answer."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {it}" for name, it in headers.items())]
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            sent = 0
            try:
                for piece in body:
                    connection.sendall(piece)
                    sent += len(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return _answer(connection, sent)

    def _family(self) -> list[psutil.Process]:
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


def listen(services: list[Service]) -> Iterator[dict[Service, Listening]]:
    """Start `services` on this test's database, and stop them in the end."""
    ports = {service: free_port() for service in services}
    urls = {f"{service.upper()}_URL": f"http://127.0.0.1:{port}" for service, port in ports.items()}
    started = {
        service: Listening(
            port,
            subprocess.Popen(
                web_command(service, "127.0.0.1", port),
                env={**os.environ, **urls, "PYTHONPATH": str(PROJECT), "XZ_LOG_LEVEL": "ERROR"},
                stdin=subprocess.DEVNULL,
            ),
        )
        for service, port in ports.items()
    }
    try:
        for each in started.values():
            wait_until(each.is_ready, 60)
        yield started
    finally:
        for each in started.values():
            each.process.terminate()
        for each in started.values():
            each.process.wait(20)


def _answer(connection: socket.socket, sent: int) -> RawAnswer:
    received = b""
    while True:
        head, gap, text = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if gap and length and len(text) >= int(length[1]):
            return RawAnswer(int(head.split()[1]), head.decode(), text.decode(), sent)
        piece = connection.recv(PIECE)
        assert piece, f"the server hung up without an answer after {sent} bytes: {received!r}"
        received += piece
