"""The processes of an embedded system, made from the topology."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from shared.topology import EMBEDDED_WORKERS, Queue, Service

# A township's few dozen people at once: small pools, so that the idle system stays small.
_WEB_THREADS = 4
_GATEWAY_THREADS = 8
SCHEDULER_COMMAND = [sys.executable, "-m", "shared.messaging.scheduler"]
RELAY_COMMAND = [sys.executable, "-m", "shared.messaging.relay"]


def web_command(service: Service, host: str, port: int, threads: int | None = None) -> list[str]:
    """Granian with one worker process for `service`, answering `threads` requests at once."""
    threads = threads or (_GATEWAY_THREADS if service is Service.GATEWAY else _WEB_THREADS)
    return [
        *(sys.executable, "-m", "granian", f"services.{service}.app:create_app", "--factory"),
        *("--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", host, "--port", str(port)),
        *("--workers", "1", "--runtime-threads", "1", "--blocking-threads", str(threads)),
        *("--backpressure", str(threads * 8), "--workers-kill-timeout", "10"),
        *("--log-level", "error", "--no-access-log"),
    ]


def worker_command(
    name: str, queues: Sequence[Queue], concurrency: int, app: str = "deploy.embedded.worker"
) -> list[str]:
    """A Celery worker; `app` knows the queues of one service, or (the default) of all."""
    return [
        *(sys.executable, "-m", "celery", "-A", app, "--quiet", "worker"),
        *("--queues", ",".join(queues), "--hostname", f"{name}@%h", "--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    ]


def commands(host: str, ports: dict[Service, int], *, one_writer: bool) -> dict[str, list[str]]:
    """Every process by name, in the order of starting.

    `one_writer`: SQLite lets one transaction write at a time, so more bulk processes would only wait.
    """
    processes = {
        service.value: web_command(service, host if service is Service.GATEWAY else "127.0.0.1", port)
        for service, port in ports.items()
    }
    bulk = 1 if one_writer else max(2, os.cpu_count() or 2)
    for name, queues in EMBEDDED_WORKERS.items():
        processes[name] = worker_command(name, queues, bulk if all(queue.is_bulk for queue in queues) else 1)
    processes["scheduler"] = SCHEDULER_COMMAND
    processes["relay"] = RELAY_COMMAND
    return processes
