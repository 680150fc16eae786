"""A deployment with containers in a copy of this checkout, with base images made from Debian's packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.containers.dotenv import write_dotenv
from deploy.containers.engine import compose_command
from deploy.embedded.redis_server import free_port
from tests.structure.source import PROJECT

NAME = "xiangzhi-test"
BASES = {
    "PYTHON_BUILD_IMAGE": "xiangzhi-base/python:3.11-build",
    "PYTHON_IMAGE": "xiangzhi-base/python:3.11",
    "POSTGRES_IMAGE": "xiangzhi-base/postgresql:15",
    "REDIS_IMAGE": "xiangzhi-base/redis:7",
    "NGINX_IMAGE": "xiangzhi-base/nginx:1",
    "PROMETHEUS_IMAGE": "xiangzhi-base/prometheus:2",
}

KINDS = ("python", "postgresql", "redis", "nginx", "prometheus")


@dataclass
class Deployment:
    """The copy's folder, its address, and how long each step took (seconds), and what else was found."""

    folder: Path
    port: int
    name: str = NAME
    times: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    def make(self, *words: str, **variables: str) -> str:
        """`make` as an operator types it; its output. Fails with it otherwise."""
        started = time.monotonic()
        answer = self._run(["make", *words], variables)
        self.times[" ".join(words)] = time.monotonic() - started
        assert answer.returncode == 0, f"make {' '.join(words)}\n{answer.stdout[-3000:]}\n{answer.stderr[-3000:]}"
        return answer.stdout

    def refused(self, *words: str) -> str:
        """What `make` says where it must not do it."""
        answer = self._run(["make", *words], {})
        assert answer.returncode != 0
        return answer.stderr

    def _run(self, command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        # What the tests set for themselves is none of the deployment's.
        for name in ("REDIS_URL", "XZ_VERSION", "XZ_CERTIFICATE_DIR"):
            environment.pop(name, None)
        return subprocess.run(
            command, cwd=self.folder, env={**environment, **variables}, capture_output=True, text=True, check=False
        )

    def operator(self, *arguments: str, **variables: str) -> str:
        """An operator's command in a container of its own, which gets the variables too."""
        given = [word for name in variables for word in ("-e", name)]
        command = [*compose_command(), "--profile", "tools", "run", "--rm", "-T", *given, "operator", *arguments]
        answer = self._run(command, variables)
        assert answer.returncode == 0, answer.stderr[-3000:]
        return answer.stdout

    def choose(self, **settings: str) -> None:
        """Set these in the deployment's .env."""
        write_dotenv(self.folder / ".env", settings)

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """What the engine knows of these services' containers (default: all) that run."""
        ids = docker("ps", "--quiet", f"--filter=label=com.docker.compose.project={NAME}").split()
        found = json.loads(docker("inspect", *ids)) if ids else []
        return [each for each in found if not services or service_of(each) in services]

    def secrets(self) -> dict[str, str]:
        """The random part of each secret, by the name of its file."""
        files = [path for path in (self.folder / "secrets").iterdir() if path.is_file()]
        contents = {path.name: path.read_text(encoding="ascii").split()[-1] for path in files}
        return {name: text.partition("@")[0].rpartition(":")[2] or text for name, text in contents.items()}


def service_of(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def docker(*arguments: str) -> str:
    """One Docker command; what it says on either stream."""
    answer = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout + answer.stderr


def copy_checkout(folder: Path) -> None:
    """The files that git knows or would take, as they are now; the environment and fetched packages by reference."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file() and not (PROJECT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    (folder / ".venv").symlink_to((PROJECT / ".venv").resolve())
    (PROJECT / "build").mkdir(exist_ok=True)
    if (PROJECT / "build" / "wheels").is_dir():
        shutil.copytree(PROJECT / "build" / "wheels", folder / "build" / "wheels")


def make_deployment(folder: Path) -> Iterator[Deployment]:
    """Bases, copy, settings and certificate; nothing runs yet. Everything is removed at the end."""
    deployment = Deployment(folder, free_port())
    started = time.monotonic()
    subprocess.run([PROJECT / "deploy/images/bases.sh", *KINDS], check=True, stdout=subprocess.DEVNULL)
    deployment.times["base images"] = time.monotonic() - started
    copy_checkout(folder)
    chosen = {
        **BASES,
        "COMPOSE_PROJECT_NAME": NAME,
        "XZ_IMAGE": NAME,
        "XZ_PRODUCTION": "0",
        "XZ_DEMO": "1",
        "XZ_PUBLIC_URL": deployment.address,
        "XZ_LIMIT_FACTOR": "100",
        "INNER_PREFIX": "172.31.254",
        "HTTPS_PORT": str(deployment.port),
        "HTTP_PORT": str(free_port()),
    }
    deployment.choose(**chosen)
    deployment.make("certificates", "NAMES=localhost 127.0.0.1")
    # What a run that was broken off has left.
    clear(deployment)
    try:
        yield deployment
    finally:
        clear(deployment)


def clear(deployment: Deployment) -> None:
    """Nothing of the deployment is there afterwards, nor of one of its name that another folder has started."""
    deployment.make("destroy", f"CONFIRM={NAME}")
    images = docker("images", "--quiet", NAME).split()
    if images:
        docker("rmi", "--force", *set(images))
