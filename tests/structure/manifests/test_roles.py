"""The manifests against the topology: each role once, with its port, its probe, its queue, and time to end."""

from __future__ import annotations

import pytest

from deploy.roles import ROLE_NAMES, environment_of
from shared.heartbeat import INTERVAL_SECONDS, MAX_AGE_SECONDS
from shared.messaging.celery_settings import SOFT_SHUTDOWN_SECONDS, WORKER_SOCKET_TIMEOUT
from shared.topology import PORTS, ROLES, TASK_HARD_LIMIT_SECONDS, Kind, Queue, Service
from tests.structure.manifests.kustomization import Object
from tests.structure.manifests.objects import COMPONENT, MIGRATE, Manifests

WEBS = [role for role in ROLES.values() if role.kind is Kind.WEB]
WORKERS = [role for role in ROLES.values() if role.kind is Kind.WORKER]
BEATING = [role.name for role in ROLES.values() if role.kind is not Kind.WEB]
# What the services' own programs add to an orderly end: saying goodbye to Redis and PostgreSQL.
MARGIN_SECONDS = 15


def test_each_role_of_the_topology_is_one_deployment(manifests: Manifests) -> None:
    deployments = manifests.of("Deployment")
    assert set(deployments) == set(ROLES)
    for name, role in ROLES.items():
        labels = {COMPONENT: name, "xiangzhi/kind": role.kind.value}
        if role.service is not None:
            labels["xiangzhi/service"] = role.service.value
        assert manifests.labels(name) == deployments[name]["metadata"]["labels"] == labels
        assert manifests.selected(deployments[name]["spec"]["selector"]) == {name}
        assert manifests.main(name)["args"] == [name]
        assert "command" not in manifests.main(name)


def test_the_images_program_knows_each_role_and_the_pod_says_what_it_would_say(manifests: Manifests) -> None:
    for name in ROLES:
        assert name in ROLE_NAMES
        given = {
            key: value
            for key, value in manifests.environment(manifests.main(name)).items()
            if key in ("REMAP_SIGTERM", "PROMETHEUS_MULTIPROC_DIR")
        }
        assert environment_of(name, {}) == {"XZ_PROCESS": name, **given}


def test_the_migration_is_one_job_that_runs_the_command_of_the_migrations(manifests: Manifests) -> None:
    assert set(manifests.of("Job")) == {MIGRATE}
    assert manifests.main(MIGRATE)["command"] == ["python", "-m", "deploy.migrations.migrate"]
    assert manifests.labels(MIGRATE) == {COMPONENT: MIGRATE, "xiangzhi/kind": MIGRATE}


def test_a_process_of_a_service_waits_for_the_schema_with_its_own_login(manifests: Manifests) -> None:
    for role in ROLES.values():
        waiting = manifests.pod(role.name).get("initContainers", [])
        assert [each["command"] for each in waiting] == (
            [["python", "-m", "deploy.migrations.wait"]] if role.service else []
        )
        for each in waiting:
            own = manifests.environment(manifests.main(role.name))["DATABASE_URL"]
            assert manifests.environment(each)["DATABASE_URL"] == own


def test_each_web_role_answers_on_its_port_under_its_name(manifests: Manifests) -> None:
    services = manifests.of("Service")
    assert set(services) == {role.name for role in WEBS}
    for role in WEBS:
        assert manifests.main(role.name)["ports"] == [{"name": "http", "containerPort": role.port}]
        spec = services[role.name]["spec"]
        assert manifests.selected({"matchLabels": spec["selector"]}) == {role.name}
        assert spec["ports"] == [{"name": "http", "port": role.port, "targetPort": "http"}]


def test_everyone_is_told_where_the_services_are(manifests: Manifests) -> None:
    for role in ROLES:
        told = manifests.environment(manifests.main(role))
        assert [told[f"{service.upper()}_URL"] for service in Service] == [
            f"http://{service}:{PORTS[service]}" for service in Service
        ]


def test_web_roles_are_probed_over_http_alive_apart_from_ready(manifests: Manifests) -> None:
    for role in WEBS:
        main = manifests.main(role.name)
        assert main["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
        assert main["startupProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
        # A database that is away must not make everything start again: it only sends requests elsewhere.
        assert main["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


@pytest.mark.parametrize("name", BEATING)
def test_who_answers_nothing_is_probed_by_the_age_of_its_own_heartbeat(manifests: Manifests, name: str) -> None:
    main = manifests.main(name)
    command = ["python", "-m", "shared.heartbeat", name]
    assert main["livenessProbe"]["exec"]["command"] == main["startupProbe"]["exec"]["command"] == command
    assert "readinessProbe" not in main
    assert main["livenessProbe"]["periodSeconds"] > INTERVAL_SECONDS
    # A cold start on a busy machine takes up to a minute.
    assert main["startupProbe"]["periodSeconds"] * main["startupProbe"]["failureThreshold"] > 2 * MAX_AGE_SECONDS


def test_a_heartbeat_never_lies_on_a_volume_that_pods_share(manifests: Manifests) -> None:
    for name in BEATING:
        volumes = {each["name"]: each for each in manifests.pod(name)["volumes"]}
        places = {each["mountPath"]: volumes[each["name"]] for each in manifests.main(name)["volumeMounts"]}
        data = manifests.environment(manifests.main(name))["XZ_DATA_DIR"]
        assert "emptyDir" in places[data]
        assert f"{data}/heartbeats" not in places


def test_an_ending_worker_has_time_to_hand_its_task_back(manifests: Manifests) -> None:
    for role in WORKERS:
        assert manifests.environment(manifests.main(role.name))["REMAP_SIGTERM"] == "SIGQUIT"
        grace = manifests.pod(role.name)["terminationGracePeriodSeconds"]
        assert grace >= SOFT_SHUTDOWN_SECONDS + WORKER_SOCKET_TIMEOUT + MARGIN_SECONDS


def test_a_web_role_goes_on_answering_until_nobody_is_sent_to_it(manifests: Manifests) -> None:
    for role in WEBS:
        main = manifests.main(role.name)
        pause = int(main["lifecycle"]["preStop"]["exec"]["command"][1])
        # Granian's own limit for requests that are under way is ten seconds.
        assert manifests.pod(role.name)["terminationGracePeriodSeconds"] >= pause + 10 + MARGIN_SECONDS
        assert manifests.of("Deployment")[role.name]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_web_roles_grow_by_processor_and_lose_one_at_a_time(manifests: Manifests) -> None:
    scalers, budgets = manifests.of("HorizontalPodAutoscaler"), manifests.of("PodDisruptionBudget")
    assert set(scalers) == set(budgets) == {role.name for role in WEBS}
    for role in WEBS:
        spec = scalers[role.name]["spec"]
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": role.name}
        assert [each["resource"]["name"] for each in spec["metrics"]] == ["cpu"]
        assert spec["maxReplicas"] > spec["minReplicas"] >= 1
        assert budgets[role.name]["spec"]["maxUnavailable"] == 1
        assert manifests.selected(budgets[role.name]["spec"]["selector"]) == {role.name}


def test_each_queue_scales_the_workers_that_take_from_it(manifests: Manifests) -> None:
    scaled = manifests.of("ScaledObject")
    assert set(scaled) == {role.name for role in WORKERS}
    watched = []
    for role in WORKERS:
        spec = scaled[role.name]["spec"]
        assert spec["scaleTargetRef"] == {"name": role.name}
        (trigger,) = spec["triggers"]
        assert trigger["type"] == "redis"
        assert [trigger["metadata"]["listName"]] == list(role.queues)
        assert trigger["authenticationRef"]["name"] in manifests.of("TriggerAuthentication")
        watched.append(trigger["metadata"]["listName"])
    assert sorted(watched) == sorted(Queue)


def test_workers_are_taken_away_slower_than_the_longest_task(manifests: Manifests) -> None:
    for each in manifests.of("ScaledObject").values():
        down = each["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert down["stabilizationWindowSeconds"] > TASK_HARD_LIMIT_SECONDS
        # A message that is being worked on is in no list: from nothing nobody would know of it.
        assert each["spec"]["minReplicaCount"] >= 1


def test_nobody_fixes_a_number_that_a_scaler_decides(manifests: Manifests) -> None:
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in _scalers(manifests)}
    for name, deployment in manifests.of("Deployment").items():
        assert ("replicas" in deployment["spec"]) == (name not in scaled)


def _scalers(manifests: Manifests) -> list[Object]:
    return [*manifests.of("HorizontalPodAutoscaler").values(), *manifests.of("ScaledObject").values()]
