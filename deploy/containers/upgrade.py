"""`make upgrade`: this checkout's version takes over from the running one, service by service, without a gap.

python3 -m deploy.containers.upgrade [--no-backup]        VERSION=label names it otherwise than git does

A backup, the image, the migration; then, for one role after another: new containers beside the old ones, until they are
well; nginx sends requests to the new ones only; the old ones end what they have begun and go. Receivers of messages
come before senders. Interrupted half-way, it goes on where it is run again.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from deploy.containers import carry, routes
from deploy.containers.dotenv import write_dotenv
from deploy.containers.engine import (
    PROJECT,
    READY_SECONDS,
    CannotRun,
    Container,
    compose,
    containers,
    docker,
    setting,
    wait_until,
)
from deploy.containers.image import build_image, has_image, image_id, this_version
from deploy.containers.scale import variable_of
from shared.topology import ROLES, Kind

_DRAIN_SECONDS = 120.0
_ESTABLISHED = "01"
# Workers learn a new message before anyone sends it; the gateway's pages know all services.
_ORDER = (Kind.WORKER, Kind.WEB, Kind.SCHEDULER, Kind.RELAY)


def roles_in_order() -> list[str]:
    """Every role of the topology: workers, the services, the gateway, scheduler and relay."""
    return sorted(ROLES, key=lambda name: (_ORDER.index(ROLES[name].kind), name == "gateway", name))


def upgrade(version: str, *, backup: bool = True) -> None:
    """Bring every role to `version`. Raises CannotRun; what runs goes on then, as far as it had come."""
    if not containers("gateway"):
        raise CannotRun("还没有系统在运行，请用 make up。Nothing runs yet: use make up.")
    if not has_image(version):
        build_image(version)
    if backup:
        data, _keys = carry.save(Path("backups").resolve())
        _say(f"已备份到 {data}")
    _say("迁移数据库 migrating …")
    compose("run", "--rm", "-T", "--no-deps", "migrate", version=version)
    image = image_id(version)
    for role in roles_in_order():
        replace(role, version, image)
    write_dotenv(PROJECT / ".env", {"XZ_VERSION": version})


def replace(role: str, version: str, image: str) -> None:
    """New containers of one role in the place of the old ones. Raises CannotRun."""
    started, is_web = time.monotonic(), ROLES[role].kind is Kind.WEB
    old, new = _by_age(role, image)
    if old:
        serving = [each for each in old if each.is_well]
        if is_web and serving:
            routes.pin(role, serving)
        _start(role, version, len(old) + max(len(new), int(setting(variable_of(role), "1"))))
        new = _well_ones(role, image)
        if is_web:
            routes.pin(role, new)
            for each in serving:
                drain(each, routes.PORTS[role])
        docker("stop", "--time=60", *(each.id for each in old))
        docker("rm", *(each.id for each in old))
        _say(f"{role} {time.monotonic() - started:.0f} s")
    if is_web:
        # Also where an upgrade that was broken off has left it pinned.
        routes.release(role)


def _by_age(role: str, image: str) -> tuple[list[Container], list[Container]]:
    """The role's containers of other images, and those of this one."""
    there = containers(role)
    return [each for each in there if each.image != image], [each for each in there if each.image == image]


def _start(role: str, version: str, count: int) -> None:
    options = ("--detach", "--no-build", "--no-deps", "--no-recreate", "--scale", f"{role}={count}")
    compose("up", *options, role, version=version)


def _well_ones(role: str, image: str) -> list[Container]:
    """The containers of this image, once all are well: how the old ones are does not matter."""
    seconds, what = READY_SECONDS, f"{role} 的新容器没有准备好，原来的还在运行"
    wait_until(lambda: all(each.is_well for each in _by_age(role, image)[1]), seconds, what)
    return _by_age(role, image)[1]


def drain(container: Container, port: int) -> None:
    """Wait until nobody waits for an answer of this container."""
    wait_until(lambda: not _connections(container, port), _DRAIN_SECONDS, f"{container.name} 还有没答完的请求")


def _connections(container: Container, port: int) -> int:
    """Connections from other containers: those on loopback are its own health check."""
    count = 0
    for line in docker("exec", container.id, "cat", "/proc/net/tcp").splitlines()[1:]:
        local, remote, state = line.split()[1:4]
        is_ours = int(local.partition(":")[2], 16) == port and not remote.startswith("0100007F")
        count += is_ours and state == _ESTABLISHED
    return count


def _say(sentence: str) -> None:
    print(f"  {sentence}", flush=True)


def main() -> int:
    """Upgrade, and say from what to what; exit code 1 with one sentence."""
    parser = argparse.ArgumentParser(prog="make upgrade")
    parser.add_argument("--no-backup", action="store_true", help="when one was made just now")
    options = parser.parse_args()
    before, started = setting("XZ_VERSION", "?"), time.monotonic()
    try:
        version = this_version()
        upgrade(version, backup=not options.no_backup)
    except CannotRun as reason:
        print(f"升级没有完成：{reason}", file=sys.stderr)
        return 1
    print(f"已从 {before} 升级到 {version}（{time.monotonic() - started:.0f} 秒）。Upgraded.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
