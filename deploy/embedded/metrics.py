"""`/metrics` of the processes that have no inner port, under one process manager: a port for each."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.embedded.place import is_free
from deploy.embedded.refusal import CannotStart
from shared.topology import EMBEDDED_WORKERS, Service

# The gateway's own port is public. Users name these ports to their Prometheus: a new process goes to the end.
MEASURED = (Service.GATEWAY.value, *EMBEDDED_WORKERS, "scheduler", "relay")


def metrics_environments(first_port: int, folder: Path) -> dict[str, dict[str, str]]:
    """What each process of `MEASURED` gets in its environment: the ports from `first_port` on; nothing for 0.

    A worker's children count in files, in a folder of its own: in a shared one every worker would show all numbers.
    Raises CannotStart when a port is taken or there is none.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if not first_port:
        return {}
    ports = range(first_port, first_port + len(MEASURED))
    unusable = [port for port in ports if not 0 < port < 65536 or not is_free(port)]
    if unusable:
        raise CannotStart(
            f"监控数据要用 {ports[0]} 到 {ports[-1]} 的端口，其中 {unusable[0]} 不能用，请换一个，例如 "
            f"XZ_METRICS_PORT=9300。XZ_METRICS_PORT needs {len(MEASURED)} free ports in a row."
        )
    environments = {name: {"XZ_METRICS_PORT": str(port)} for name, port in zip(MEASURED, ports, strict=True)}
    for worker in EMBEDDED_WORKERS:
        own = folder / worker
        own.mkdir(parents=True)
        environments[worker]["PROMETHEUS_MULTIPROC_DIR"] = str(own)
    return environments
