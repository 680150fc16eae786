"""The containers of one server with a real engine, from nothing to nothing. The tests build on each other, in order."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import Any

from deploy.demo.client import ApiSession
from deploy.demo.walk import Walk
from deploy.roles import MIGRATE
from shared.topology import ROLES
from tests.containers.clients import Clients, looker, previewer, reader, verifier
from tests.containers.deployment import NAME, Deployment, docker, service_of

AROUND = {"nginx", "database", "redis"}
TAKING_SECONDS = 120.0


def test_one_command_starts_every_role_and_waits_until_all_are_well(deployment: Deployment) -> None:
    said = deployment.make("up", VERSION="before")
    assert deployment.address in said
    there = deployment.containers()
    assert {service_of(each) for each in there} == {*ROLES, *AROUND}
    assert {each["State"]["Health"]["Status"] for each in there} == {"healthy"}
    labels = {"project": NAME, "service": MIGRATE}
    filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
    migrated = docker("ps", "--all", *filters, "--format={{.Status}}")
    assert migrated.startswith("Exited (0)")


def test_the_main_job_runs_through_nginx_over_https(deployment: Deployment) -> None:
    deployment.operator("deploy.demo.load")
    started = time.monotonic()
    Walk(deployment.address).run()
    deployment.times["walk"] = time.monotonic() - started


def test_nginx_alone_is_published(deployment: Deployment) -> None:
    published = {
        service_of(each)
        for each in deployment.containers()
        if any(each["NetworkSettings"]["Ports"].get(port) for port in each["NetworkSettings"]["Ports"])
    }
    assert published == {"nginx"}


def test_no_secret_stands_in_image_environment_or_log(deployment: Deployment) -> None:
    secrets = {value for name, value in deployment.secrets().items()}
    assert len(secrets) >= 10
    texts = {"history": docker("history", "--no-trunc", f"{NAME}:before"), "image": docker("inspect", f"{NAME}:before")}
    for each in deployment.containers():
        texts[f"inspect {each['Name']}"] = str(each)
        texts[f"logs {each['Name']}"] = docker("logs", each["Id"])
        texts[f"environment {each['Name']}"] = docker("exec", each["Id"], "cat", "/proc/1/environ", "/proc/1/cmdline")
    shown = {where for where, text in texts.items() if any(secret in text for secret in secrets)}
    assert shown == set()


def test_every_container_is_limited_and_watched(deployment: Deployment) -> None:
    for each in deployment.containers():
        limits = each["HostConfig"]
        assert limits["Memory"] > 0, each["Name"]
        assert limits["NanoCpus"] > 0, each["Name"]
        assert limits["PidsLimit"] > 0, each["Name"]
        assert each["State"]["Health"]["Log"][-1]["ExitCode"] == 0, each["Name"]


def test_no_process_is_root_and_none_can_write_the_image(deployment: Deployment) -> None:
    for each in deployment.containers():
        users = docker("top", each["Id"], "-eo", "pid,uid,cmd").splitlines()[1:]
        assert not [line for line in users if line.split()[1] == "0"], each["Name"]
        assert each["HostConfig"]["ReadonlyRootfs"], each["Name"]
        assert not _succeeds(each, "touch /app-was-here"), each["Name"]


def test_the_image_has_no_tool_that_builds(deployment: Deployment) -> None:
    points = deployment.containers("points")[0]
    assert not _succeeds(points, "command -v gcc || command -v make || command -v pip || command -v pip3")
    assert not _succeeds(points, "python -m pip --version")
    assert _succeeds(points, "command -v pg_dump")


def test_a_service_can_not_read_the_tables_of_another(deployment: Deployment) -> None:
    for role, own, foreign in (
        ("points", "points_event", "petitions_petition"),
        ("petitions-worker", "petitions_petition", "points_event"),
        ("gateway", "gateway_account", "intake_demand"),
        ("intake", "registry_household", "gateway_account"),
        ("relay", "points_outbox", "points_event"),
        ("scheduler", "pg_roles", "points_outbox"),
    ):
        container = deployment.containers(role)[0]
        assert _query(container, f"SELECT count(*) FROM {own}") == "ok", role
        assert _query(container, f"SELECT count(*) FROM {foreign}") == "InsufficientPrivilege", role
        assert _query(container, "CREATE ROLE intruder") == "InsufficientPrivilege", role


def test_a_service_has_no_key_and_no_file_of_another(deployment: Deployment) -> None:
    points = deployment.containers("points")[0]
    assert _succeeds(points, "test -s /keys/points/field.keys && test -s /keys/public/gateway.token")
    assert not _succeeds(points, "test -e /keys/petitions/field.keys || test -e /keys/gateway/token.keys")


def test_more_workers_take_work_while_a_run_goes_on(deployment: Deployment) -> None:
    with Clients(previewer(deployment.address), previewer(deployment.address)) as clients:
        deployment.make("scale", "points-bulk-worker=3")
        workers = deployment.containers("points-bulk-worker")
        assert len(workers) == 3
        deadline = time.monotonic() + TAKING_SECONDS
        while not all(shards_taken(each) for each in workers) and time.monotonic() < deadline:
            time.sleep(0.5)
        taken = {each["Name"]: shards_taken(each) for each in workers}
    assert all(taken.values()), taken
    assert clients.errors == []
    assert clients.done


def test_an_upgrade_is_seen_by_no_client(deployment: Deployment) -> None:
    before = {each["Id"] for each in deployment.containers(*ROLES)}
    ca = str(deployment.folder / "certificates" / "ca.pem")
    works = [looker(deployment.address, ca), reader(deployment.address), verifier(deployment.address)]
    with Clients(*works) as clients:
        deployment.make("upgrade", "BACKUP=0", VERSION="after")
    deployment.said.append(f"answers while upgrading: {dict(clients.done)}")
    assert clients.errors == []
    assert all(clients.done[name] > 5 for name in ("look", "read", "verify")), clients.done
    now = deployment.containers(*ROLES)
    assert {each["Config"]["Image"] for each in now} == {f"{NAME}:after"}
    assert not before & {each["Id"] for each in now}
    assert len(deployment.containers("points-bulk-worker")) == 3
    assert "XZ_VERSION=after" in (deployment.folder / ".env").read_text()


def test_what_a_backup_holds_comes_back_after_everything_was_destroyed(deployment: Deployment) -> None:
    before = state_of(deployment)
    assert before["files"]
    deployment.make("backup")
    data, keys = sorted((deployment.folder / "backups").iterdir(), key=lambda path: path.name.endswith("-keys.tar.gz"))
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (data, keys))
    assert "make down" in deployment.refused("restore", f"FILE={data}", f"KEYS={keys}")
    assert NAME in deployment.refused("destroy")
    deployment.make("destroy", f"CONFIRM={NAME}")
    assert docker("volume", "ls", "--quiet", f"--filter=name={NAME}").strip() == ""
    said = deployment.make("restore", f"FILE={data}", f"KEYS={keys}")
    assert "核对一致" in said
    deployment.make("up")
    assert state_of(deployment) == before
    verifier(deployment.address)()


def test_a_restore_overwrites_nothing(deployment: Deployment) -> None:
    data = next(path for path in (deployment.folder / "backups").iterdir() if not path.name.endswith("-keys.tar.gz"))
    deployment.make("down")
    assert "不会覆盖" in deployment.refused("restore", f"FILE={data}")
    deployment.make("destroy", f"CONFIRM={NAME}")


def shards_taken(container: dict[str, Any]) -> int:
    """Shards of recalculations that this worker has handled."""
    text = docker(
        *("exec", container["Id"], "python", "-c"),
        "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9100/metrics').read().decode())",
    )
    lines = re.findall(r"^xiangzhi_messages_total\{(.*)\} ([\d.]+)$", text, re.MULTILINE)
    return sum(int(float(count)) for labels, count in lines if "recalculate_shard" in labels and "handled" in labels)


def state_of(deployment: Deployment) -> dict[str, Any]:
    """What must come back: each household's balance, and the stored files by name."""
    admin = ApiSession(deployment.address, "admin")
    households = admin.get("/api/intake/households?limit=20")["items"]
    balances = {each["id"]: admin.get(f"/api/points/households/{each['id']}/account") for each in households}
    files = docker("exec", deployment.containers("points")[0]["Id"], "find", "/data/files", "-type", "f")
    return {"balances": balances, "files": sorted(Path(line).name for line in files.splitlines())}


def _succeeds(container: dict[str, Any], command: str) -> bool:
    return subprocess.run(["docker", "exec", container["Id"], "sh", "-c", command], capture_output=True).returncode == 0


def _query(container: dict[str, Any], statement: str) -> str:
    """`ok`, or the name of the database's error, as the role that this container logs in as."""
    program = (
        "import psycopg, sys; from shared.settings import settings\n"
        "try:\n    psycopg.connect(settings().database_url.replace('+psycopg', '')).execute(sys.argv[1])\n"
        "except psycopg.Error as error:\n    print(type(error).__name__)\n"
        "else:\n    print('ok')"
    )
    return docker("exec", container["Id"], "python", "-c", program, statement).strip()
