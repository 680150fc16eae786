"""Start one process of the topology: what the container images run.

python -m deploy.roles ROLE       gateway, intake, points, petitions, a worker, scheduler, relay, or migrate
python -m deploy.roles --list     the names

The role takes this program's place, so that signals reach it. How to see whether it is well is noted down for
deploy/check.py.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from deploy import check
from deploy.embedded.processes import RELAY_COMMAND, SCHEDULER_COMMAND, web_command, worker_command
from shared import heartbeat
from shared.topology import PORTS, ROLES, Kind, Role, Service

# Runs to its end before the others start; everything else of the table runs for ever.
MIGRATE = "migrate"
ROLE_NAMES = (*ROLES, MIGRATE)
# More workers are more containers: a process each keeps what one takes away from the others small.
_CONCURRENCY = 1
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - inside a container, whose network decides who gets here


def command_of(role: str) -> list[str]:
    """The command line of a role. Raises KeyError for a name that is none."""
    if role == MIGRATE:
        return [sys.executable, "-m", "deploy.containers.first_start"]
    found = ROLES[role]
    if found.kind is Kind.WEB:
        return web_command(_service(found), _EVERYWHERE, PORTS[_service(found)])
    if found.kind is Kind.WORKER:
        return worker_command(role, found.queues, _CONCURRENCY, app=f"services.{_service(found)}.worker")
    return {Kind.SCHEDULER: SCHEDULER_COMMAND, Kind.RELAY: RELAY_COMMAND}[found.kind]


def environment_of(role: str, environment: dict[str, str]) -> dict[str, str]:
    """What the role's process gets: its name, and for a worker how it ends and where its children count."""
    named = {**environment, "XZ_PROCESS": role}
    if role in ROLES and ROLES[role].kind is Kind.WORKER:
        named.setdefault("REMAP_SIGTERM", "SIGQUIT")
        named.setdefault("PROMETHEUS_MULTIPROC_DIR", "/tmp/metrics")  # noqa: S108 - the container's own
    return named


def note_for_check(role: str) -> str:
    """Where deploy/check.py looks: a web role answers that it is ready, any other one touches its heartbeat file."""
    found = ROLES.get(role)
    if found is None:
        return "runs"
    if found.kind is Kind.WEB:
        return f"ready {PORTS[_service(found)]}"
    return f"fresh {heartbeat.heartbeat_path(role)} {heartbeat.MAX_AGE_SECONDS}"


def _service(role: Role) -> Service:
    if role.service is None:
        raise ValueError(f"{role.name} belongs to no service")
    return role.service


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m deploy.roles")
    parser.add_argument("role", nargs="?", choices=ROLE_NAMES, default=os.environ.get("XZ_PROCESS"))
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(ROLE_NAMES))
        return 0
    if options.role not in ROLE_NAMES:
        parser.error(f"name a role: {', '.join(ROLE_NAMES)}")
    environment = environment_of(options.role, dict(os.environ))
    if folder := environment.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    Path(check.NOTE).write_text(note_for_check(options.role), encoding="utf-8")
    command = command_of(options.role)
    os.execve(command[0], command, environment)  # noqa: S606 - our own table of commands
    return 1


if __name__ == "__main__":
    sys.exit(main())
