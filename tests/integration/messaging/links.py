"""Bad links between a process and Redis: one that never answers, and one that can be made to swallow everything."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a server that accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


class Link:
    """A TCP proxy to Redis. While it `swallows`, connections stay up and no byte comes through."""

    def __init__(self, redis_url: str) -> None:
        self._target = urlsplit(redis_url)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._passes = threading.Event()
        self._passes.set()
        self._sockets: list[socket.socket] = []
        self.deaf = 0
        """Connections that were up when bytes were swallowed."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of Redis through this link."""
        port = self._server.getsockname()[1]
        return self._target._replace(netloc=f":{self._target.password}@127.0.0.1:{port}").geturl()

    def swallow(self) -> None:
        """From now on bytes are taken and thrown away, those of connections made meanwhile too."""
        self._passes.clear()

    def mend(self) -> None:
        """New connections work; what was swallowed stays lost, and the old connections stay deaf."""
        self._passes.set()

    def close(self) -> None:
        for each in (self._server, *self._sockets):
            with contextlib.suppress(OSError):
                each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                try:
                    far = socket.create_connection((self._target.hostname or "", self._target.port or 0))
                except OSError:
                    # Redis is away: whoever came hears it as it would without the link.
                    near.close()
                    continue
                self._sockets += [near, far]
                spoilt = threading.Event()
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink, spoilt), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, spoilt: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._passes.is_set() and not spoilt.is_set():
                    spoilt.set()
                    self.deaf += 1
                if not spoilt.is_set():
                    sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                # Closing alone says nothing to the far end while the other pump still waits at this socket.
                each.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                each.close()


@pytest.fixture
def link(redis_url: str) -> Iterator[Link]:
    """A link to this test's Redis, working at first."""
    made = Link(redis_url)
    yield made
    made.close()
