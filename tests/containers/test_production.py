"""A new township on one server as a county starts it: for production, without demo, watched by Prometheus."""

from __future__ import annotations

import json
import time
from typing import Any

import urllib3

from shared.topology import ROLES
from tests.containers.deployment import Deployment, docker, service_of
from tests.structure.test_monitoring import alerts

ADMIN = {"username": "yang.admin", "password": "yun-wu-shan-2026"}
SEEN_SECONDS = 90.0


def test_a_start_for_production_has_no_demo_and_is_watched(deployment: Deployment) -> None:
    deployment.choose(XZ_PRODUCTION="1", XZ_DEMO="0", XZ_LIMIT_FACTOR="1", POINTS_BULK_WORKER_SCALE="1")
    deployment.make("up", "MONITORING=prometheus")
    there = deployment.containers()
    assert {service_of(each) for each in there} == {*ROLES, "nginx", "database", "redis", "prometheus"}
    assert {each["State"]["Health"]["Status"] for each in there} == {"healthy"}


def test_the_first_township_is_made_by_an_operator_s_command(deployment: Deployment) -> None:
    said = deployment.operator(
        "deploy.embedded.first_township",
        TOWNSHIP_NAME="大高坪苗族乡",
        TOWNSHIP_CODE="431230203",
        ADMIN_NAME="杨云",
        ADMIN_USERNAME=ADMIN["username"],
        ADMIN_PASSWORD=ADMIN["password"],
    )
    assert "已建立 大高坪苗族乡" in said
    answer = _post(deployment, "/api/session", ADMIN)
    assert answer.status in (200, 201), answer.data.decode()


def test_the_services_see_the_address_of_the_client_and_believe_nginx_alone(deployment: Deployment) -> None:
    nginx = deployment.containers("nginx")[0]
    addresses = {name.rpartition("_")[2]: each for name, each in nginx["NetworkSettings"]["Networks"].items()}
    believed = {
        value
        for each in deployment.containers("gateway")
        for name, _, value in (line.partition("=") for line in each["Config"]["Env"])
        if name == "XZ_PROXY_NETWORKS"
    }
    assert believed == {addresses["inner"]["IPAddress"]}


def test_prometheus_reads_every_process_and_knows_every_alert(deployment: Deployment) -> None:
    deadline = time.monotonic() + SEEN_SECONDS
    while (up := _up(deployment)) != set(ROLES) and time.monotonic() < deadline:
        time.sleep(1)
    assert up == set(ROLES)
    groups = _ask(deployment, "/api/v1/rules")["groups"]
    rules = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    assert set(rules) == {alert["alert"] for alert in alerts()}
    assert "err" not in rules.values()


def test_a_backup_is_seen_by_the_services(deployment: Deployment) -> None:
    started = time.time()
    deployment.make("backup", "TO=saved")
    query = "/api/v1/query?query=max(xiangzhi_backup_last_success_timestamp_seconds)"
    deadline = time.monotonic() + SEEN_SECONDS
    while not (found := _ask(deployment, query)["result"]) and time.monotonic() < deadline:
        time.sleep(1)
    assert float(found[0]["value"][1]) >= int(started)


def test_in_the_end_nothing_is_left(deployment: Deployment) -> None:
    deployment.make("destroy", f"CONFIRM={deployment.name}")
    assert deployment.containers() == []
    for kind in ("volume", "network"):
        left = docker(kind, "ls", f"--filter=label=com.docker.compose.project={deployment.name}", "--quiet")
        assert left.strip() == ""


def _post(deployment: Deployment, path: str, body: dict[str, str]) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager(retries=False, timeout=30) as http:
        return http.request("POST", deployment.address + path, json=body, headers={"Accept": "application/json"})


def _up(deployment: Deployment) -> set[str]:
    """The roles that Prometheus reads, all of whose processes answer."""
    targets = _ask(deployment, "/api/v1/targets?state=active")["activeTargets"]
    roles = {each["labels"]["role"] for each in targets}
    return roles - {each["labels"]["role"] for each in targets if each["health"] != "up"}


def _ask(deployment: Deployment, path: str) -> dict[str, Any]:
    """What Prometheus answers; it can be reached from inside only."""
    program = (
        "import sys, urllib.request as u; print(u.urlopen('http://prometheus:9090' + sys.argv[1]).read().decode())"
    )
    points = deployment.containers("points")[0]
    answer: dict[str, Any] = json.loads(docker("exec", points["Id"], "python", "-c", program, path))
    assert answer["status"] == "success"
    return dict(answer["data"])
