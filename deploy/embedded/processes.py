"""The processes of an embedded system, made from the topology."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from deploy.embedded.address import Address
from deploy.embedded.encryption import Encryption
from shared.topology import EMBEDDED_WORKERS, Queue, Service

# A township's few dozen people at once: small pools, so that the idle system stays small.
_WEB_THREADS = 4
_GATEWAY_THREADS = 8
_LOADING_SECONDS = 10
SCHEDULER_COMMAND = [sys.executable, "-m", "shared.messaging.scheduler"]
RELAY_COMMAND = [sys.executable, "-m", "shared.messaging.relay"]
DOORSTEP = "doorstep"


def web_command(service: Service, host: str, port: int, threads: int | None = None) -> list[str]:
    """Granian with one worker process for `service`, answering `threads` requests at once."""
    threads = threads or (_GATEWAY_THREADS if service is Service.GATEWAY else _WEB_THREADS)
    return _granian(f"services.{service}.app:create_app", host, port, threads)


def encrypted(command: Sequence[str], encryption: Encryption) -> list[str]:
    """The same server over HTTPS. Phones before Android 10 and iOS 12.2 speak TLS 1.2 at most.

    For a renewed certificate a new worker is started: the old one serves on until that one is loaded.
    """
    files = ("--ssl-certificate", str(encryption.chain), "--ssl-keyfile", str(encryption.key))
    return [*command, *files, "--ssl-protocol-min", "tls1.2", "--respawn-interval", str(_LOADING_SECONDS)]


def _granian(application: str, host: str, port: int, threads: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", application, "--factory"),
        *("--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", host, "--port", str(port)),
        *("--workers", "1", "--runtime-threads", "1", "--blocking-threads", str(threads)),
        *("--backpressure", str(threads * 8), "--workers-kill-timeout", "10"),
        *("--log-level", "error", "--no-access-log"),
    ]


def worker_command(
    name: str, queues: Sequence[Queue], concurrency: int, app: str = "deploy.embedded.worker"
) -> list[str]:
    """A Celery worker; `app` knows the queues of one service, or (the default) of all.

    Workers tell each other nothing over the broker; a last word to a broker that is away would hold up their end.
    """
    return [
        *(sys.executable, "-m", "celery", "-A", app, "--quiet", "worker"),
        *("--queues", ",".join(queues), "--hostname", f"{name}@%h", "--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"),
    ]


def commands(
    host: str, ports: dict[Service, int], *, one_writer: bool, address: Address | None = None
) -> dict[str, list[str]]:
    """Every process by name, in the order of starting.

    `address`: whether the gateway is encrypted, and has a doorstep before it that is not.
    `one_writer`: SQLite lets one transaction write at a time, so more bulk processes would only wait.
    """
    processes = {
        service.value: web_command(service, host if service is Service.GATEWAY else "127.0.0.1", port)
        for service, port in ports.items()
    }
    if address and address.encryption:
        processes[Service.GATEWAY] = encrypted(processes[Service.GATEWAY], address.encryption)
    if address and address.plain_port:
        processes[DOORSTEP] = _granian("services.gateway.doorstep:create_app", host, address.plain_port, _WEB_THREADS)
    bulk = 1 if one_writer else max(2, os.cpu_count() or 2)
    for name, queues in EMBEDDED_WORKERS.items():
        processes[name] = worker_command(name, queues, bulk if all(queue.is_bulk for queue in queues) else 1)
    processes["scheduler"] = SCHEDULER_COMMAND
    processes["relay"] = RELAY_COMMAND
    return processes
