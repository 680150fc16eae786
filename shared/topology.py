"""The one table of services, queues, tasks' homes, process roles and ports.

Compose files, manifests, autoscaling and alerts are checked against it by tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """Who owns tables, queues and routes."""

    INTAKE = "intake"
    POINTS = "points"
    PETITIONS = "petitions"
    GATEWAY = "gateway"


class Queue(StrEnum):
    """Celery queues: one per service for what someone waits for, a second one for bulk work."""

    INTAKE = "intake"
    INTAKE_BULK = "intake.bulk"
    POINTS = "points"
    POINTS_BULK = "points.bulk"
    PETITIONS = "petitions"
    PETITIONS_BULK = "petitions.bulk"
    GATEWAY = "gateway"

    @property
    def service(self) -> Service:
        """The service whose workers take from this queue."""
        return Service(self.value.split(".")[0])

    @property
    def is_bulk(self) -> bool:
        return self.value.endswith(".bulk")


class Kind(StrEnum):
    """What a process is."""

    WEB = "web"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    RELAY = "relay"


@dataclass(frozen=True, slots=True)
class Role:
    """One kind of process: what it serves and which queues it takes from."""

    name: str
    kind: Kind
    service: Service | None = None
    queues: tuple[Queue, ...] = ()
    port: int | None = None


PORTS = {Service.GATEWAY: 8000, Service.INTAKE: 8001, Service.POINTS: 8002, Service.PETITIONS: 8003}


def _roles() -> dict[str, Role]:
    roles = [Role(service.value, Kind.WEB, service, port=PORTS[service]) for service in Service]
    for queue in Queue:
        name = f"{queue.service}-{'bulk-' if queue.is_bulk else ''}worker"
        roles.append(Role(name, Kind.WORKER, queue.service, (queue,)))
    roles.append(Role("scheduler", Kind.SCHEDULER))
    roles.append(Role("relay", Kind.RELAY))
    return {role.name: role for role in roles}


ROLES: dict[str, Role] = _roles()

# One machine with one township: two workers carry every queue, so that the idle system stays small.
EMBEDDED_WORKERS: dict[str, tuple[Queue, ...]] = {
    "light-worker": tuple(queue for queue in Queue if not queue.is_bulk),
    "bulk-worker": tuple(queue for queue in Queue if queue.is_bulk),
}

# Hard and soft time limits of a task, and how long Redis keeps a taken message before it gives it to another
# worker. Twice the hard limit is asserted at start: a shorter timeout runs long tasks in parallel copies.
TASK_SOFT_LIMIT_SECONDS = 240
TASK_HARD_LIMIT_SECONDS = 300
VISIBILITY_TIMEOUT_SECONDS = 900
