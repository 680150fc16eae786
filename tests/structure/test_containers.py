"""The compose file against the topology, and against what both generations of Compose understand."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from deploy.containers.image import OFFICIAL
from deploy.containers.routes import PORTS as ROUTED
from deploy.containers.scale import variable_of
from deploy.containers.secrets import DATABASE_ROLES
from deploy.migrations.grants import DatabaseRole
from deploy.roles import MIGRATE, ROLE_NAMES, command_of, environment_of
from shared.topology import PORTS, ROLES, Kind
from tests.structure.source import PROJECT

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [*ROLE_NAMES, "operator"]
AROUND = {"nginx", "database", "redis"}
MONITORING = {"prometheus", "grafana"}
# Attributes of a service that Compose 1.29 and the specification of version 2 both know, as far as they are used here.
KNOWN = {
    *("build", "cap_drop", "command", "cpus", "depends_on", "entrypoint", "environment", "healthcheck", "image"),
    *("logging", "mem_limit", "networks", "pids_limit", "ports", "profiles", "read_only", "restart", "scale"),
    *("secrets", "security_opt", "shm_size", "stop_grace_period", "stop_signal", "tmpfs", "user", "volumes"),
}


def test_every_role_of_the_topology_has_a_container_and_nothing_else_has() -> None:
    assert set(SERVICES) == {*ROLES, MIGRATE, "operator", *AROUND, *MONITORING}
    for role in ROLE_NAMES:
        assert SERVICES[role]["environment"]["XZ_PROCESS"] == role


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_starts_what_the_topology_says(role: str) -> None:
    words, found = " ".join(command_of(role)), ROLES[role]
    if found.kind is Kind.WEB:
        assert found.service is not None
        assert f"services.{found.service}.app:create_app" in words
        assert f"--port {PORTS[found.service]}" in words
    elif found.kind is Kind.WORKER:
        assert f"-A services.{found.service}.worker" in words
        assert f"--queues {','.join(found.queues)} " in words
        assert f"--hostname {role}@%h" in words
        assert environment_of(role, {})["REMAP_SIGTERM"] == "SIGQUIT"
    else:
        assert words.endswith(f"shared.messaging.{found.kind}")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_can_be_scaled(role: str) -> None:
    assert SERVICES[role]["scale"] == f"${{{variable_of(role)}:-1}}"


def test_nginx_knows_the_ports_of_the_topology() -> None:
    assert {service.value: port for service, port in PORTS.items()} == ROUTED
    started = (PROJECT / "deploy/containers/nginx/start.sh").read_text(encoding="utf-8")
    assert all(f"{name}:{port}" in started for name, port in ROUTED.items())


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_a_role_logs_in_to_the_database_as_itself_and_as_nobody_else(role: str) -> None:
    found = ROLES.get(role)
    own = "owner" if found is None else (found.service or found.kind).value
    secrets = {name for name in SERVICES[role]["secrets"] if name.startswith("database-url")}
    assert secrets == {f"database-url-{own}"}


def test_each_database_role_has_a_password_of_its_own() -> None:
    assert {f"xiangzhi_{role}" for role in DATABASE_ROLES} == set(DatabaseRole)
    assert {f"database-url-{role}" for role in DATABASE_ROLES} <= set(COMPOSE["secrets"])


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_has_files_and_private_keys_of_its_own_service_only(role: str) -> None:
    service = ROLES[role].service
    mounted = {volume.split(":")[0] for volume in SERVICES[role]["volumes"]}
    own = {f"files-{service}", f"keys-{service}"} if service else set()
    assert {name for name in mounted if name.startswith(("files-", "keys-"))} == own | {"keys-public"}


def test_secrets_are_files_and_stand_in_no_environment() -> None:
    for name, secret in COMPOSE["secrets"].items():
        assert set(secret) == {"file"}, name
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if re.search(r"PASSWORD|DATABASE_URL|REDIS_URL|SECRET|TOKEN", variable):
                assert variable.endswith("_FILE"), (name, variable)


def test_nginx_alone_is_reached_from_outside() -> None:
    published = {name for name, service in SERVICES.items() if service.get("ports")}
    assert published == {"nginx", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["grafana"]["ports"])
    assert {name for name, service in SERVICES.items() if "edge" in service["networks"]} == published
    assert COMPOSE["networks"]["inner"]["internal"] is True


def test_nginx_alone_is_believed_where_a_request_comes_from() -> None:
    address = SERVICES["nginx"]["networks"]["inner"]["ipv4_address"]
    assert SERVICES["gateway"]["environment"]["XZ_PROXY_NETWORKS"] == address
    network = COMPOSE["networks"]["inner"]["ipam"]["config"][0]
    chosen = {name: re.sub(r"\$\{INNER_PREFIX:-([\d.]+)\}", r"\1", text) for name, text in network.items()}
    subnet, given = ip_network(chosen["subnet"]), ip_network(chosen["ip_range"])
    nginx = ip_address(re.sub(r"\$\{INNER_PREFIX:-([\d.]+)\}", r"\1", address))
    assert nginx in subnet
    # Nobody else is ever given it, also not before nginx has started.
    assert nginx not in given


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_is_closed_limited_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit", "logging"} <= set(service)
    # Our image brings its own check and its own user.
    assert name in OURS or ("healthcheck" in service and (name == "grafana" or service["user"] != "root"))


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_waits_for_the_migration(role: str) -> None:
    assert SERVICES[role]["depends_on"] == {
        MIGRATE: {"condition": "service_completed_successfully"},
        "redis": {"condition": "service_healthy"},
    }
    assert SERVICES[MIGRATE]["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_redis_keeps_every_message() -> None:
    text = (PROJECT / "deploy/containers/redis/redis.conf").read_text(encoding="utf-8")
    assert "\nappendonly yes\n" in text
    assert "\nmaxmemory-policy noeviction\n" in text
    assert "\ninclude /run/secrets/redis-password\n" in text


def test_the_compose_file_says_only_what_both_generations_understand() -> None:
    # `version` is what the first needs and the second calls obsolete; `name` is what only the second knows.
    plain = {key for key in COMPOSE if not key.startswith("x-")}
    assert plain == {"services", "networks", "volumes", "secrets"}
    for name, service in SERVICES.items():
        assert set(service) <= KNOWN, name


def test_every_base_image_is_a_parameter_with_the_official_one_as_default() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"\$\{[A-Z_]+:-[a-z/]+(:[\w.-]+)?\}(:\$\{XZ_VERSION:-latest\})?", service["image"]), name
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert bases == ["${PYTHON_BUILD_IMAGE}", "${PYTHON_IMAGE}"]
    assert f"ARG PYTHON_IMAGE={OFFICIAL}\n" in dockerfile


def test_the_image_runs_as_nobody_in_particular() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    assert "\nUSER xiangzhi\n" in dockerfile
    assert "\nHEALTHCHECK " in dockerfile
    assert "--require-hashes" in dockerfile
