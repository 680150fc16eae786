"""Ports in a row that nobody listens on."""

from __future__ import annotations

from deploy.embedded.place import is_free
from deploy.embedded.redis_server import free_port


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row."""
    for _ in range(50):
        first = free_port()
        if first + count < 65536 and all(is_free(first + place) for place in range(count)):
            return first
    raise RuntimeError(f"no {count} free ports in a row were found")
