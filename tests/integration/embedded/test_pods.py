"""Every pod's own command, environment, keys and login: rendered from the overlay, started here, ready by its probe.

A network namespace stands for the cluster's network, in which every role has its port; PostgreSQL and Redis are real.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from deploy.embedded.redis_server import RedisServer
from shared.topology import ROLES, Kind
from tests.fixtures.namespaces import Namespace, forwarded, network_namespace
from tests.fixtures.postgresql_cluster import Cluster, execute
from tests.fixtures.waiting import wait_until
from tests.structure.manifests import kustomization
from tests.structure.manifests.objects import Manifests
from tests.structure.source import PROJECT

# A process of each role, one after the other.
pytestmark = pytest.mark.slow
READY_SECONDS = 180.0
LOGINS = {role.service.value if role.service else role.name for role in ROLES.values()}


@dataclass(frozen=True, slots=True)
class Place:
    """What the cluster's Secrets and volumes would hold here."""

    namespace: Namespace
    folder: Path
    keys: Path
    redis_url: str
    database_urls: dict[str, str]

    def value(self, reference: dict[str, Any]) -> str:
        """What a Secret's key holds."""
        named = reference["secretKeyRef"]
        return self.redis_url if named["name"] == "redis" else self.database_urls[named["key"]]

    def environment(self, manifests: Manifests, role: str, container: dict[str, Any]) -> dict[str, str]:
        """Exactly the container's, with paths of this machine for its mounts."""
        own = self.folder / role
        places = {"/data": own / "data", "/keys": own / "keys", "/tmp": own / "tmp"}  # noqa: S108
        for each in container.get("volumeMounts", []):
            if each["mountPath"].startswith("/keys/"):
                name = each["mountPath"].removeprefix("/keys/")
                shutil.copytree(self.keys / name, places["/keys"] / name, dirs_exist_ok=True)
        for path in places.values():
            path.mkdir(parents=True, exist_ok=True)
        found = {}
        for name, given in manifests.environment(container).items():
            value = self.value(given) if isinstance(given, dict) else str(given)
            mounted = next((each for each in places if f"{value}/".startswith(f"{each}/")), None)
            found[name] = f"{places[mounted]}{value.removeprefix(mounted)}" if mounted else value
        if "PROMETHEUS_MULTIPROC_DIR" in found:
            Path(found["PROMETHEUS_MULTIPROC_DIR"]).mkdir(exist_ok=True)
        return {**found, "PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}

    def run(self, command: list[str], environment: dict[str, str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a command of the image inside the namespace."""
        program = [sys.executable if word == "python" else word for word in command]
        inside = ["ip", "netns", "exec", self.namespace.name, *program]
        return subprocess.Popen(inside, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, **options)


class Pod:
    """One role as its Deployment says: first its init containers, then its own program."""

    def __init__(self, place: Place, manifests: Manifests, role: str, stack: ExitStack) -> None:
        self._place, self._manifests, self._role = place, manifests, role
        self._main = manifests.main(role)
        self.environment = place.environment(manifests, role, self._main)
        self._log = stack.enter_context((place.folder / f"{role}.log").open("wb"))
        self._running: list[subprocess.Popen[bytes]] = []
        stack.callback(self.end)

    def begin(self) -> None:
        """Start what has to end before."""
        for each in self._manifests.pod(self._role).get("initContainers", []):
            own = self._place.environment(self._manifests, self._role, each)
            self._run(each["command"], own)

    def start(self) -> None:
        """The program, once what has to end before has ended well: the image's entry point with the pod's `args`."""
        assert [process.wait(300) for process in self._running] == [0] * len(self._running), self.tail()
        self._running.clear()
        self._run(["python", "-m", "deploy.roles", *self._main["args"]], self.environment)

    def is_ready(self) -> bool:
        """What the pod's own probe says."""
        assert self._running[0].poll() is None, self.tail()
        role = ROLES[self._role]
        if role.kind is Kind.WEB:
            return bool(self.read(role.port or 0, self._main["readinessProbe"]["httpGet"]["path"]))
        command = self._main["livenessProbe"]["exec"]["command"]
        return self._place.run(command, self.environment, stdout=self._log, stderr=self._log).wait(60) == 0

    def read(self, port: int, path: str) -> str:
        """What is answered there with status 200; nothing otherwise."""
        inside = self._place.namespace.host.rpartition(".")[0] + ".2"
        try:
            with urllib.request.urlopen(f"http://{inside}:{port}{path}", timeout=5) as answer:
                return str(answer.read(), "utf-8")
        except (urllib.error.URLError, OSError):
            return ""

    def tail(self) -> str:
        """The last lines that it has written."""
        return f"{self._role}: " + (self._place.folder / f"{self._role}.log").read_text(errors="replace")[-3000:]

    def end(self) -> None:
        """As a cluster does."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        self._running.append(self._place.run(command, environment, stdout=self._log, stderr=self._log))


@pytest.fixture
def logins(postgresql_cluster: Cluster, postgresql_database: str) -> Iterator[Callable[[str, int], dict[str, str]]]:
    """Passwords for the database's roles as an operator sets them, and their addresses; taken away at the end."""
    roles = {name: secrets.token_hex(16) for name in LOGINS}
    for name in roles:
        execute(postgresql_cluster.url, f"ALTER ROLE xiangzhi_{name} LOGIN PASSWORD '{roles[name]}'")
    database = urlsplit(postgresql_database).path
    yield lambda host, port: {
        name: f"postgresql://xiangzhi_{name}:{password}@{host}:{port}{database}" for name, password in roles.items()
    }
    for name in roles:
        execute(postgresql_cluster.url, f"ALTER ROLE xiangzhi_{name} PASSWORD NULL")


@pytest.fixture
def place(
    logins: Callable[[str, int], dict[str, str]],
    postgresql_database: str,
    redis_server: RedisServer,
    redis_url: str,
    key_dir: Path,
    tmp_path: Path,
) -> Iterator[Place]:
    with ExitStack() as stack:
        namespace = stack.enter_context(network_namespace())
        database_port = stack.enter_context(forwarded(namespace.host, urlsplit(postgresql_database).port or 5432))
        redis = urlsplit(redis_url)
        redis_port = stack.enter_context(forwarded(namespace.host, redis.port or 6379))
        address = redis._replace(netloc=f":{redis.password}@{namespace.host}:{redis_port}").geturl()
        yield Place(namespace, tmp_path, key_dir, address, logins(namespace.host, database_port))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_becomes_ready_with_its_own_environment_and_login(place: Place, role: str) -> None:
    manifests = Manifests(kustomization.render(PROJECT / "deploy" / "kubernetes" / "township"))
    with ExitStack() as stack:
        pod = Pod(place, manifests, role, stack)
        pod.begin()
        pod.start()
        wait_until(pod.is_ready, READY_SECONDS, every=0.5)
        # What Prometheus reads, on the port that the network policy leaves open to it.
        assert "xiangzhi_" in pod.read(int(pod.environment["XZ_METRICS_PORT"]), "/metrics"), pod.tail()


@pytest.mark.parametrize(
    "login", sorted({role.service.value if role.service else role.name for role in ROLES.values()})
)
def test_a_pods_login_is_no_owner_and_reads_only_what_is_its_own(
    logins: Callable[[str, int], dict[str, str]], postgresql_database: str, login: str
) -> None:
    address = urlsplit(postgresql_database)
    with psycopg.connect(logins(address.hostname or "", address.port or 5432)[login]) as connection:
        rights = connection.execute(
            "SELECT current_user, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls,"
            " has_schema_privilege('public', 'CREATE') FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        readable = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege(oid, 'SELECT')"
        ).fetchall()
    assert rights == (f"xiangzhi_{login}", False, False)
    prefixes = {name.split("_")[0] for (name,) in readable if name != "alembic_version"}
    if login in ("relay", "scheduler"):
        kinds = {name.partition("_")[2] for (name,) in readable if name != "alembic_version"}
        assert kinds <= {"outbox", "inbox", "scheduled_slot"}
    else:
        assert prefixes == {login, "registry"}
