"""Docker and Compose as this machine has them, and what of this deployment runs. Needs only Python and Docker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from deploy.containers.dotenv import read_dotenv

PROJECT = Path(__file__).resolve().parents[2]
READY_SECONDS = 300.0
_LOOK_SECONDS = 0.5


class CannotRun(Exception):
    """Raised with one sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container of this deployment. `health` is empty where the container has no check."""

    id: str
    name: str
    service: str
    image: str
    state: str
    health: str
    exit_code: int
    address: str

    @property
    def is_well(self) -> bool:
        """Runs and says so, or has ended without an error."""
        if self.state == "exited":
            return self.exit_code == 0
        return self.state == "running" and self.health in ("", "healthy")


def docker(*arguments: str, given: str = "") -> str:
    """Run one Docker command, with `given` on its standard input; what it says. Raises CannotRun with its reason."""
    return _run(["docker", *arguments], dict(os.environ), given)


def compose(*arguments: str, version: str | None = None) -> str:
    """Run one Compose command for this deployment, of `version` (default: the one in .env)."""
    return _run([*compose_command(), *arguments], dict(os.environ) | ({"XZ_VERSION": version} if version else {}), "")


def compose_exec(*arguments: str, **streams: Any) -> int:
    """Run one Compose command with the terminal's, or the given, streams; its exit code."""
    return subprocess.run([*compose_command(), *arguments], cwd=PROJECT, check=False, **streams).returncode


@lru_cache(maxsize=1)
def compose_command() -> tuple[str, ...]:
    """`docker compose` where it is there, else `docker-compose`. Raises CannotRun."""
    if shutil.which("docker") is None:
        raise CannotRun("没有找到 docker，请先安装（Debian：apt install docker.io docker-compose）。Docker is missing.")
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return "docker", "compose"
    if shutil.which("docker-compose") is None:
        raise CannotRun("没有找到 docker compose，请先安装（Debian：apt install docker-compose）。Compose is missing.")
    return ("docker-compose",)


def setting(name: str, default: str) -> str:
    """A setting of this deployment: from the environment, else from .env."""
    return os.environ.get(name) or read_dotenv(PROJECT / ".env").get(name) or default


def project_name() -> str:
    """What Compose calls this deployment."""
    given = setting("COMPOSE_PROJECT_NAME", PROJECT.name).lower()
    return "".join(sign for sign in given if sign.isalnum() or sign in "-_").lstrip("-_")


def containers(*services: str) -> list[Container]:
    """The containers of these services (default: all) that are there, running or not, without an operator's."""
    filters = [f"--filter=label=com.docker.compose.project={project_name()}"]
    ids = docker("ps", "--all", "--quiet", "--no-trunc", *filters).split()
    found = [_container(each) for each in json.loads(docker("inspect", *ids))] if ids else []
    return sorted(
        (each for each in found if each is not None and (not services or each.service in services)),
        key=lambda each: each.name,
    )


def _container(raw: Mapping[str, Any]) -> Container | None:
    labels, state = raw["Config"]["Labels"], raw["State"]
    if labels.get("com.docker.compose.oneoff", "").lower() == "true":
        return None
    networks = raw["NetworkSettings"]["Networks"]
    inner = [each["IPAddress"] for name, each in networks.items() if name.endswith("_inner")]
    return Container(
        id=raw["Id"],
        name=raw["Name"].lstrip("/"),
        service=labels["com.docker.compose.service"],
        image=raw["Image"],
        state=state["Status"],
        health=state.get("Health", {}).get("Status", ""),
        exit_code=state["ExitCode"],
        address=inner[0] if inner else "",
    )


def wait_until(is_over: Callable[[], bool], seconds: float, what: str) -> None:
    """Look again and again until `is_over`. Raises CannotRun naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_over():
        if time.monotonic() > deadline:
            raise CannotRun(f"{what}（等了 {seconds:.0f} 秒）。Not in time; see `make logs`.")
        time.sleep(_LOOK_SECONDS)


def wait_until_well(*services: str, seconds: float = READY_SECONDS) -> None:
    """Wait until every container of these services (default: all) is well. Raises CannotRun naming the ill ones."""
    deadline = time.monotonic() + seconds
    while True:
        there = containers(*services)
        ill = [each for each in there if not each.is_well]
        if there and not ill:
            return
        if time.monotonic() > deadline:
            names = "、".join(each.name for each in ill) or "、".join(services)
            raise CannotRun(f"{names} 没有准备好，原因见 make logs。Not ready in time.")
        time.sleep(_LOOK_SECONDS)


def _run(command: Sequence[str], environment: dict[str, str], given: str) -> str:
    answer = subprocess.run(
        command, cwd=PROJECT, env=environment, input=given, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        said = answer.stderr.strip().splitlines() or ["no reason given"]
        reasons = list(dict.fromkeys(line for line in said if "error" in line.lower())) or said
        raise CannotRun(f"{' '.join(command[:3])} 没有成功：{' '.join(reasons[-3:])}")
    return answer.stdout
