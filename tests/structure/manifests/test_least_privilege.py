"""What a pod may do on its machine, and which secrets it is handed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from shared.identity.keys import private_keys_path
from shared.privacy.key_files import field_keys_path
from shared.settings import read_settings
from shared.topology import ROLES, Kind
from tests.structure.manifests.kustomization import Object
from tests.structure.manifests.objects import MIGRATE, Manifests
from tests.structure.source import PROJECT

EVERYONE = (*ROLES, MIGRATE)
BROKER = {role.name for role in ROLES.values() if role.kind in (Kind.WEB, Kind.WORKER, Kind.RELAY)}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|DATABASE_URL|REDIS_URL|KEY$")
NOBODY = "redis.invalid"


def _containers(manifests: Manifests, role: str) -> list[Object]:
    pod = manifests.pod(role)
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_no_pod_is_root_or_writes_to_its_image_or_talks_to_the_cluster(manifests: Manifests) -> None:
    for role in EVERYONE:
        pod = manifests.pod(role)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] != 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in _containers(manifests, role):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_a_pod_is_the_user_whose_the_images_folders_are(manifests: Manifests) -> None:
    image = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    for role in EVERYONE:
        user = manifests.pod(role)["securityContext"]["runAsUser"]
        assert f"useradd --uid {user} " in image


def test_the_cluster_refuses_pods_that_want_more(manifests: Manifests) -> None:
    (namespace,) = manifests.of("Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    names = {each["metadata"].get("namespace") for each in manifests.objects if each is not namespace}
    assert names == {namespace["metadata"]["name"]}


def test_every_container_says_what_it_needs_and_what_it_may_take(manifests: Manifests) -> None:
    for role in EVERYONE:
        for container in _containers(manifests, role):
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert set(container["resources"]["limits"]) == {"memory"}


def test_every_image_has_a_version(manifests: Manifests) -> None:
    images = {container["image"] for role in EVERYONE for container in _containers(manifests, role)}
    assert len(images) == 1
    assert re.fullmatch(r"\S+/xiangzhi:\d+\.\d+\.\d+", images.pop())


def test_no_secret_stands_in_a_manifest(manifests: Manifests) -> None:
    assert manifests.of("Secret") == {}
    for role in EVERYONE:
        for container in _containers(manifests, role):
            for name, value in manifests.environment(container).items():
                if SECRET.search(name) and isinstance(value, str):
                    # The stand-in of those who don't use Redis has no password and no machine.
                    assert (name, urlsplit(value).hostname, urlsplit(value).password) == ("REDIS_URL", NOBODY, None)


def test_each_process_has_the_login_of_its_own_role_and_no_other(manifests: Manifests) -> None:
    for role in EVERYONE:
        login = "owner" if role == MIGRATE else ROLES[role].service or role
        for container in _containers(manifests, role):
            environment = manifests.environment(container)
            assert environment["DATABASE_URL"] == {"secretKeyRef": {"name": "database", "key": login}}
            assert not [name for name in environment if name.endswith("_DATABASE_URL")]
        redis = manifests.environment(manifests.main(role))["REDIS_URL"]
        wanted = {"secretKeyRef": {"name": "redis", "key": "url"}} if role in BROKER else redis
        assert redis == wanted
        assert isinstance(redis, dict) == (role in BROKER)


def test_each_process_has_the_keys_and_the_files_of_its_own_service_and_no_other(manifests: Manifests) -> None:
    for role in EVERYONE:
        service = ROLES[role].service if role in ROLES else None
        mounts = {each["mountPath"]: each for each in manifests.main(role)["volumeMounts"]}
        secrets = {
            each["name"]: each["secret"]["secretName"] for each in manifests.pod(role)["volumes"] if "secret" in each
        }
        keys = {path: secrets[each["name"]] for path, each in mounts.items() if each["name"] in secrets}
        own = {} if service is None else {f"/keys/{service}": f"keys-{service}"}
        assert keys == {"/keys/public": "keys-public", **own}
        assert all(mounts[path]["readOnly"] for path in keys)
        files = {path: each["subPath"] for path, each in mounts.items() if each["name"] == "files"}
        assert files == ({} if service is None else {f"/data/files/{service}": service})


def test_keys_lie_where_the_program_looks_for_them(manifests: Manifests) -> None:
    for role in ROLES.values():
        if role.service is None:
            continue
        current = read_settings(_plain(manifests.environment(manifests.main(role.name))))
        assert str(field_keys_path(role.service, current.key_dir).parent) == f"/keys/{role.service}"
        assert str(private_keys_path(current.key_dir).parent) == "/keys/gateway"
        assert str(current.data_dir) == "/data"


def test_the_settings_are_those_of_a_production_system(manifests: Manifests) -> None:
    (ingress,) = manifests.of("Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    (tls,) = ingress["spec"]["tls"]
    assert tls == {"hosts": [rule["host"]], "secretName": "tls"}
    for role in EVERYONE:
        for container in _containers(manifests, role):
            current = read_settings(_plain(manifests.environment(container)))
            assert current.production
            assert not current.demo
            assert current.secure_cookies
            assert current.trusted_proxies == 1
            assert current.gateway_public_url == f"https://{rule['host']}"


def _plain(environment: dict[str, object]) -> dict[str, str]:
    """What the process reads, with a made-up address in place of each secret."""
    secrets = {
        "DATABASE_URL": "postgresql://role:made-up@database/xiangzhi",
        "REDIS_URL": "redis://:made-up@redis:6379/0",
    }
    return {name: value if isinstance(value, str) else secrets[name] for name, value in environment.items()}
