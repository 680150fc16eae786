"""PostgreSQL ends at once while the running system recalculates, and comes back: nobody lends a hand."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select
from urllib3 import BaseHTTPResponse

from deploy.demo.client import ApiSession, Json
from deploy.embedded.redis_server import free_port
from shared.calendar import today
from shared.database import Database
from shared.models.plumbing_tables import dead_letters_of
from shared.models.points import Event, Posting, PostingKind, VillageLedger
from shared.settings import with_driver
from shared.topology import Service
from tests.fixtures.postgresql_cluster import OwnCluster
from tests.fixtures.waiting import wait_until
from tests.integration.embedded.started_system import READY_SECONDS, Started
from tests.integration.messaging.effects import waiting_count

PAGES = ("/", "/todo", "/boards", "/recalculation", "/households")
RUNS = "/api/points/recalculations"
COMPARED = ("households", "changed", "points_up", "points_down")
NOTE = "断电的时候"


@pytest.fixture
def cluster() -> Iterator[OwnCluster]:
    """A server of this drill's own that keeps what it has committed when it ends at once."""
    own = OwnCluster({"synchronous_commit": "on"})
    own.start()
    yield own
    own.stop()


@pytest.fixture
def system(cluster: OwnCluster, tmp_path: Path, launched: list[Started]) -> Started:
    """The demo township on that server, with web, workers, relay and scheduler."""
    started = Started(tmp_path, free_port(), DEMO="1", DATABASE_URL=cluster.url)
    launched.append(started)
    wait_until(started.is_ready, READY_SECONDS * 2, every=0.2)
    return started


def test_a_run_ends_by_itself_although_the_server_ended_at_once_in_its_middle(
    cluster: OwnCluster, system: Started
) -> None:
    base = f"http://127.0.0.1:{system.port}"
    admin, auditor, cadre = (ApiSession(base, name) for name in ("admin", "auditor", "cadre"))
    preview = ended(admin, admin.post(RUNS, {"mode": "preview"}))
    admin.post(f"{RUNS}/{preview['id']}/notices")
    event = event_of(cadre)
    family = {process.pid for process in system.family()}

    with closing(psycopg.connect(cluster.url)) as holding:
        holding.execute("SELECT 1 FROM points_village_ledger ORDER BY village_id DESC LIMIT 1 FOR UPDATE")
        run = admin.post(RUNS, {"mode": "apply", "preview": int(preview["id"])})
        wait_until(lambda: someone_waits(holding), 30)
        wait_until(lambda: admin.get(f"{RUNS}/{run['id']}")["done"] >= 1, 30)
        cluster.stop_server()

    wait_until(lambda: "relay_waits" in system.journal() and "scheduler_waits" in system.journal(), 75)
    says_unavailable(admin, f"{RUNS}/{run['id']}")
    key = uuid.uuid4().hex
    assert declare(cadre, event, key).status == 503

    cluster.start_server()
    wait_until(lambda: all(admin.send("GET", path).status == 200 for path in ("/readyz", *PAGES)), 30)
    declared = [declare(cadre, event, key) for _ in range(2)]
    assert [answer.status for answer in declared] == [201, 201]
    applied = ended(admin, run)
    assert [applied[name] for name in COMPARED] == [preview[name] for name in COMPARED]
    assert ended(admin, admin.post(RUNS, {"mode": "preview", "full": True}))["changed"] == 0
    verified(auditor)

    url = with_driver(cluster.url)
    wait_until(lambda: messages_waiting(url) == 0, 90, every=0.5)
    database = Database(url, Service.POINTS)
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Event.note == NOTE)) == 1
        recalculated = session.scalars(
            select(Posting.village_id).where(Posting.kind == PostingKind.RECALCULATION)
        ).all()
        assert sorted(recalculated) == sorted(session.scalars(select(VillageLedger.village_id)))
        for service in Service:
            assert session.scalar(select(func.count()).select_from(dead_letters_of(service))) == 0
    database.dispose()
    everyone_is_at_work(system, family)


def ended(admin: ApiSession, run: Json) -> Json:
    """Wait for the end of a run, and do nothing but wait."""
    over = admin.poll(f"{RUNS}/{run['id']}", lambda answer: answer["state"] != "running", nothing, 150)
    assert (over["state"], over["done"], over["errors"]) == ("done", over["total"], [])
    return over


def nothing(_answer: Json) -> None:
    """No progress to show."""


def someone_waits(holding: psycopg.Connection) -> bool:
    return holding.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone() is not None


def event_of(cadre: ApiSession) -> Json:
    household = cadre.get("/api/intake/households?limit=1")["items"][0]
    return {"household": int(household["id"]), "rule": "HJ02", "occurred_on": today().isoformat(), "note": NOTE}


def declare(cadre: ApiSession, event: Json, key: str) -> BaseHTTPResponse:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    return cadre.send("POST", "/api/points/events", json.dumps(event).encode(), headers)


def says_unavailable(admin: ApiSession, address: str) -> None:
    """What needs the database says so, each in its own form; what does not need it still answers."""
    assert admin.send("GET", "/healthz").status == 200
    assert admin.send("GET", "/readyz").status == 503
    problem = admin.send("GET", address)
    assert (problem.status, problem.headers["Content-Type"]) == (503, "application/problem+json")
    assert "请过一分钟再试" in problem.json()["detail"]
    for path in PAGES:
        page = admin.send("GET", path, headers={"Accept": "text/html"})
        assert (path, page.status) == (path, 503)
        assert "请过一分钟再试" in page.data.decode()


def verified(auditor: ApiSession) -> None:
    order = auditor.post("/api/points/verifications")
    found = auditor.poll(
        f"/api/points/verifications/{order['id']}", lambda answer: bool(answer["finished_at"]), nothing, 120
    )
    checks = [check for village in found["villages"] for check in village["checks"]]
    assert checks
    assert [check["sentence"] for check in checks if not check["passed"]] + found["errors"] == []


def messages_waiting(url: str) -> int:
    """Messages of all services that nobody has handled yet."""
    total = 0
    for service in Service:
        database = Database(url, service)
        total += waiting_count(database)
        database.dispose()
    return total


def everyone_is_at_work(system: Started, before: set[int]) -> None:
    """Whoever was there is there; for a child that ended its supervisor has said that it starts again."""
    gone = before - {process.pid for process in system.family()}
    assert not gone or "starts again in" in system.journal()
    assert len(system.family()) >= len(before)
