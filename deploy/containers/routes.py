"""Which containers nginx sends requests to: a service's name, or for the time of an upgrade single ones."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.containers.engine import CannotRun, Container, containers, docker, wait_until

PORTS = {"gateway": 8000, "intake": 8001, "points": 8002, "petitions": 8003}
_SWITCH_SECONDS = 30.0
# The working processes of one of the two nginx, by its file of the process id; those that are ending bear another name.
_WORKERS = """
master=$(cat %s)
for each in /proc/[0-9]*; do
    grep -qs "^PPid:[[:space:]]*$master$" $each/status &&
        tr '\\0' ' ' 2> /dev/null < $each/cmdline | grep -q '^nginx: worker process *$' && echo ${each#/proc/}
done
true
"""


def pin(service: str, chosen: Sequence[Container]) -> None:
    """Send the service's requests to these containers only, from when this returns on.

    Requests under way end where they are.
    """
    servers = " ".join(f"server {each.address}:{PORTS[service]};" for each in chosen)
    name = f"pinned_{service}"
    _write(service, f"upstream {name} {{ {servers} }}\nmap '' ${service}_route {{ default {name}; }}\n")


def release(service: str) -> None:
    """Send the service's requests to whatever bears its name, as at the start."""
    _write(service, f"map '' ${service}_route {{ default {service}:{PORTS[service]}; }}\n")


def reload(which: str = "nginx") -> None:
    """Let the door (`nginx`) or the `router` read its configuration anew, the door its certificate too.

    Returns when no worker of before takes a request.
    """
    front = _front()
    before = set(_workers(front, which))
    docker("exec", front.id, "nginx", "-c", f"/etc/nginx/xiangzhi/{which}.conf", "-s", "reload")
    wait_until(lambda: not before & set(_workers(front, which)), _SWITCH_SECONDS, "nginx 没有换到新的设置")


def _write(service: str, text: str) -> None:
    front = _front()
    path = f"/tmp/xiangzhi/route-{service}.conf"  # noqa: S108 - in the container
    docker("exec", "--interactive", front.id, "sh", "-c", f"cat > {path}", given=text)
    reload("router")


def _front() -> Container:
    running = [each for each in containers("nginx") if each.state == "running"]
    if not running:
        raise CannotRun("nginx 没有运行，请先运行 make up。nginx does not run.")
    return running[0]


def _workers(front: Container, which: str) -> list[str]:
    return docker("exec", front.id, "sh", "-c", _WORKERS % f"/tmp/{which}.pid").split()  # noqa: S108 - in the container
