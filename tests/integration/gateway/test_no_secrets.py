"""What people entrust and what opens doors is in no log line, no error and no number, least of all when things fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Response, request
from prometheus_client import REGISTRY, generate_latest
from sqlalchemy.engine import make_url

from shared.identity import Role
from shared.messaging import outbox
from shared.models.registry import Person, Township
from shared.topology import Service
from shared.web import Blueprint, allow, create_service_app, current_session
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.postgresql_cluster import Cluster
from tests.fixtures.waiting import wait_until
from tests.integration.gateway.conftest import PASSWORD, PIN, House, Serve
from tests.integration.gateway.test_one_request import IDENTITY_NUMBER, NAME, PHONE, lines
from tests.integration.messaging import worker_processes
from tests.integration.messaging.probe_messages import Probe
from tests.integration.messaging.worker_processes import StartProcess

__all__ = ["lines"]
start_process = worker_processes.start_process
start_worker = worker_processes.start_worker

WORDS = "村里的路灯坏了三个月没有人管"
WRONG = "not-the-right-one"
OPENS = "opens-every-door"
# Who is started how, and what it says once it has met what refuses it.
REFUSED = {
    "relay": ("shared.messaging.relay",),
    "scheduler": ("shared.messaging.scheduler",),
    "worker": ("celery", "-A", "services.points.worker", "--quiet", "worker", "--queues", "points", "--pool", "solo"),
}


def failing_blueprint() -> Blueprint:
    """Routes that hold what people wrote, and fail: in the program, and in the database, which repeats the row."""
    blueprint = Blueprint("failing", __name__, url_prefix="/api/points/failing")

    @blueprint.route("/program", methods=["POST"])
    @allow(Role.CADRE)
    def fail_here() -> Response:
        entrusted = request.get_json()
        return Response(entrusted["nothing of this name"])

    @blueprint.route("/database", methods=["POST"])
    @allow(Role.CADRE)
    def fail_there() -> Response:
        entrusted = request.get_json()
        session = current_session()
        session.add(Township(code="431299001", name=entrusted["words"], phone=entrusted["phone"]))
        session.add(Person(name=entrusted["name"]))
        session.flush()
        return Response(status=204)

    return blueprint


@pytest.mark.parametrize(("kind", "status"), [("program", 500), ("database", 409)])
def test_a_failing_request_repeats_nothing_of_what_it_was_given(
    house: House, serve: Serve, database_for: DatabaseFor, lines: Callable[[], str], kind: str, status: int
) -> None:
    app = create_service_app(Service.POINTS, [failing_blueprint()], database=database_for(Service.POINTS))
    serve(Service.POINTS, app)
    client = house.log_in("cadre1")
    cookie = client.get_cookie("xz_session")
    assert cookie is not None
    entrusted = {"name": NAME, "phone": PHONE, "identity_number": IDENTITY_NUMBER, "words": WORDS}
    answer = client.post(f"/api/points/failing/{kind}", json=entrusted)
    assert answer.status_code == status
    written = lines()
    assert "Traceback" in written or '"exception"' in written
    numbers = generate_latest(REGISTRY).decode()
    token = client.environ_base["HTTP_X_CSRF_TOKEN"]
    for secret in (*entrusted.values(), PASSWORD, cookie.value, token):
        assert secret not in answer.text
        assert secret not in written
        assert secret not in numbers


def test_a_login_that_fails_repeats_neither_password_nor_pin(house: House, lines: Callable[[], str]) -> None:
    card = house.township.villages[0].cards[0]
    tries = [{"username": "cadre1", "password": WRONG}, {"card": card, "pin": "864209"}, {"card": card, "pin": PIN}]
    answers = [house.client().post("/api/session", json=each) for each in tries]
    assert [answer.status_code // 100 for answer in answers] == [4, 4, 2]
    written = lines() + generate_latest(REGISTRY).decode() + "".join(answer.text for answer in answers)
    assert [secret for secret in (WRONG, "864209", PIN) if secret in written] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_a_process_that_redis_refuses_does_not_say_its_password(
    sqlite_database: str, start_process: StartProcess, name: str
) -> None:
    running = start_process(name, REFUSED[name], REDIS_URL=f"redis://:{OPENS}@127.0.0.1:1/0", XZ_LOG_LEVEL="DEBUG")
    wait_until(lambda: running.process.poll() is not None or bool(running.log.read_text().strip()), timeout=60)
    running.stop()
    assert OPENS not in running.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["migration", *REFUSED])
def test_a_process_that_the_database_refuses_does_not_say_its_password(
    postgresql_cluster: Cluster, start_process: StartProcess, name: str
) -> None:
    refused = make_url(postgresql_cluster.url).set(password=OPENS, database=postgresql_cluster.template)
    url = refused.render_as_string(hide_password=False).replace("+psycopg", "")
    names = ("DATABASE_URL", "RELAY_DATABASE_URL", "SCHEDULER_DATABASE_URL", "POINTS_DATABASE_URL")
    command = REFUSED.get(name, ("deploy.migrations.migrate",))
    running = start_process(
        name, command, **dict.fromkeys(names, url), REDIS_URL=f"redis://:{OPENS}@127.0.0.1:1/0", XZ_LOG_LEVEL="DEBUG"
    )
    wait_until(lambda: running.process.poll() is not None or bool(running.log.read_text().strip()), timeout=60)
    running.stop()
    assert OPENS not in running.log.read_text()


@pytest.mark.slow
def test_a_task_that_fails_does_not_say_what_its_message_held(
    sqlite_database: str, database_for: DatabaseFor, redis_url: str, start_worker: worker_processes.StartWorker
) -> None:
    worker = start_worker("probe", processes=1, XZ_LOG_JSON="1", XZ_LOG_LEVEL="DEBUG")
    with database_for(Service.POINTS).transaction() as session:
        outbox.send(session, Probe(OPENS, "fail"))
    wait_until(lambda: "this probe always fails" in worker.log.read_text(), timeout=60)
    assert OPENS not in worker.log.read_text()
