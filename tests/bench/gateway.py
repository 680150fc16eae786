"""Measure what the gateway costs, and print a table, then `ratio` lines.

python -m tests.bench.gateway [--rounds 3] [--seconds 4] [--clients 8]

A household reads its statement of 50 entries, and why each is there (the two requests of that page, in turn): from the
points service itself, through nginx before the service, and through the gateway, which looks up the session and signs
who asks. Needs nginx (`apt-get install nginx-light`); its configuration is made here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from string import Template

import urllib3
from sqlalchemy import select, text

from deploy.embedded.processes import web_command
from deploy.embedded.redis_server import free_port, start_redis
from services.gateway.sessions.cookies import SESSION
from services.gateway.sessions.sessions import start_session
from services.points.scoring import scope_of_events, score_and_post
from shared.calendar import today
from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.identity.tokens import sign
from shared.models.points import PostingKind, RuleCode
from shared.models.registry import Household, Village
from shared.quarters import format_quarter, quarter_of
from shared.topology import Service
from tests.bench.ground import Ground, bench_ground
from tests.bench.load import Load, load, request_of
from tests.bench.programs import Programs
from tests.bench.rounds import ratio_line
from tests.bench.township import make_villages

ENTRIES = 50
RULES = ("R14", "R15", "R19", "R20")
"""Of categories without a cap, so that every event has an entry."""
GATEWAY_TO_SERVICE, GATEWAY_TO_NGINX = 0.45, 0.55
WORKERS = (1, 2, 4)
"""Of the service and of the gateway alike; the goals are compared with one of each."""
NGINX = Template(Path(__file__).with_name("nginx.conf.template").read_text())


def write_statement(database: Database) -> tuple[Principal, list[str]]:
    """A household with 50 entries of this quarter; who it is, and the paths of its page."""
    village_id = make_villages(database, 1, 30).village_ids[0]
    day = today()
    with database.transaction() as session:
        household = session.scalars(select(Household).order_by(Household.id)).first()
        assert household is not None
        codes = list(session.scalars(select(RuleCode.id).where(RuleCode.code.in_(RULES)).order_by(RuleCode.code)))
        session.execute(
            text(
                "INSERT INTO points_event (village_id, household_id, rule_id, quarter, occurred_on, id, month,"
                " quantity, chosen, state, version, declared_at, declarer_name)"
                " SELECT :village, :household, (CAST(:rules AS bigint[]))[1 + n % 4], :quarter, CAST(:day AS date),"
                " nextval('points_event_id'), :month, 100, 300, 'posted', 1, now(), '压测'"
                f" FROM generate_series(1, {ENTRIES}) n"
            ),
            {
                "village": village_id,
                "household": household.id,
                "rules": codes,
                "quarter": quarter_of(day),
                "day": day,
                "month": day.year * 12 + day.month - 1,
            },
        )
        scope = scope_of_events(session, village_id, [(code, quarter_of(day)) for code in codes], [household.id])
        score_and_post(session, village_id, scope=scope, kind=PostingKind.EVENTS, made_by="bench")
        grants = (Grant(Role.RESIDENT, village_id),)
        township_id = session.scalars(select(Village.township_id)).one()
        reader = Principal(township_id, f"household:{household.id}", household_id=household.id, grants=grants)
    pages = f"/api/points/households/{reader.household_id}"
    return reader, [f"{pages}/statement?limit={ENTRIES}", f"{pages}/explain?quarter={format_quarter(quarter_of(day))}"]


class Doors:
    """The ways to one service of `workers` processes: itself, nginx with one worker, a gateway of as many."""

    def __init__(self, ground: Ground, programs: Programs, session_token: str, workers: int) -> None:
        self.workers = workers
        self._ground, self._programs, self._token = ground, programs, session_token
        inner, self.nginx, outer = free_port(), free_port(), free_port()
        self.service, self.gateway = inner, outer
        programs.start(_of_workers(web_command(Service.POINTS, "127.0.0.1", inner), workers))
        url = f"http://127.0.0.1:{inner}"
        programs.start(_of_workers(web_command(Service.GATEWAY, "127.0.0.1", outer), workers), POINTS_URL=url)
        self._start_nginx(inner)
        for port in (inner, outer, self.nginx):
            programs.wait(f"port {port}", lambda port=port: _answers(port))  # type: ignore[misc]

    def _start_nginx(self, inner: int) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise SystemExit("nginx is missing, which the gateway is compared with: apt-get install nginx-light")
        folder = self._ground.folder / f"nginx-{self.workers}"
        folder.mkdir()
        user = "user root;" if os.geteuid() == 0 else ""
        settings = folder / "nginx.conf"
        settings.write_text(NGINX.substitute(folder=folder, inner=inner, port=self.nginx, user=user))
        self._programs.start([program, "-p", str(folder), "-c", str(settings), "-e", str(folder / "nginx.log")])

    def ways(self, reader: Principal, paths: list[str], clients: int, seconds: float) -> dict[str, Callable[[], Load]]:
        """What is measured, by its name in the table."""

        def inside(port: int) -> Load:
            return load(port, self._signed(reader, paths), clients=clients, seconds=seconds)

        def through_gateway() -> Load:
            cookie = {"Cookie": f"{SESSION}={self._token}"}
            asked = [request_of(path, cookie) for path in paths]
            return load(self.gateway, asked, clients=clients, seconds=seconds)

        return {
            self.name("service"): lambda: inside(self.service),
            self.name("nginx"): lambda: inside(self.nginx),
            self.name("gateway"): through_gateway,
        }

    def name(self, door: str) -> str:
        """The row of the table."""
        words = {"service": "service itself", "nginx": "nginx before it", "gateway": "through the gateway"}
        return f"{words[door]}, {self.workers} worker{'s' if self.workers > 1 else ''}"

    def _signed(self, reader: Principal, paths: list[str]) -> list[bytes]:
        """With a token of this minute, as the gateway would send it."""
        asked = []
        for path in paths:
            token = sign(reader, Service.POINTS, "GET", path.partition("?")[0], key_dir=self._ground.key_dir)
            asked.append(request_of(path, {"Authorization": f"Bearer {token}"}))
        return asked


def _of_workers(command: list[str], workers: int) -> list[str]:
    place = command.index("--workers") + 1
    return [*command[:place], str(workers), *command[place + 1 :]]


def _answers(port: int) -> bool:
    try:
        answer = urllib3.request("GET", f"http://127.0.0.1:{port}/healthz", timeout=2, retries=False)
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 200


def measure(rounds: int, seconds: float, clients: int) -> list[str]:
    """The lines of the report."""
    with bench_ground("gateway") as ground:
        redis = start_redis(ground.folder / "redis", durable=True)
        database = Database(ground.url, Service.GATEWAY)
        try:
            reader, paths = write_statement(database)
            with database.transaction() as session:
                token = start_session(session, household_id=reader.household_id).token
            with Programs(ground.environment | {"REDIS_URL": redis.url}, ground.folder / "programs.log") as programs:
                doors = [Doors(ground, programs, token, workers) for workers in WORKERS]
                _require_entries(doors[0], token, paths)
                found = _in_rounds(
                    {name: way for door in doors for name, way in door.ways(reader, paths, clients, seconds).items()},
                    rounds,
                )
        finally:
            database.dispose()
            redis.stop()
    one = {door: found[doors[0].name(door)].per_second for door in ("service", "nginx", "gateway")}
    rows = [
        f"| {name} | {each.per_second:,.0f} | {each.p50_ms:.0f} | {each.p99_ms:.0f} |" for name, each in found.items()
    ]
    return [
        *(f"| {clients} clients | requests per second | median ms | p99 ms |", "| --- | --- | --- | --- |", *rows, ""),
        *(*_gains(doors, found), ""),
        ratio_line("gateway/service", one["gateway"] / one["service"], GATEWAY_TO_SERVICE, least=True),
        ratio_line("gateway/nginx", one["gateway"] / one["nginx"], GATEWAY_TO_NGINX, least=True),
    ]


def _gains(doors: list[Doors], found: dict[str, Load]) -> list[str]:
    """What more workers gain on this machine: the pace of each number of them as a multiple of one's."""
    head = f"| workers of each, {os.cpu_count()} cores | service itself | through the gateway |"
    rows = []
    for door in doors:
        gains = [
            found[door.name(way)].per_second / found[doors[0].name(way)].per_second for way in ("service", "gateway")
        ]
        rows.append(f"| {door.workers} | {gains[0]:.2f} | {gains[1]:.2f} |")
    return [head, "| --- | --- | --- |", *rows]


def _in_rounds(ways: dict[str, Callable[[], Load]], rounds: int) -> dict[str, Load]:
    """The median of each figure, way by way."""
    loads: dict[str, list[Load]] = {name: [] for name in ways}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", flush=True)
        for name, way in ways.items():
            each = way()
            loads[name].append(each)
            print(f"  {name}: {each.per_second:,.0f} per second, p99 {each.p99_ms:.0f} ms", flush=True)
    return {
        name: Load(
            statistics.median(each.per_second for each in found),
            statistics.median(each.p50_ms for each in found),
            statistics.median(each.p99_ms for each in found),
        )
        for name, found in loads.items()
    }


def _require_entries(doors: Doors, token: str, paths: list[str]) -> None:
    """Both answers through the gateway hold what is claimed: 50 entries, and why each is there."""
    cookie = {"Cookie": f"{SESSION}={token}"}
    answers = [
        urllib3.request("GET", f"http://127.0.0.1:{doors.gateway}{path}", headers=cookie).json() for path in paths
    ]
    entries, reasons = answers[0]["items"], answers[1]["events"]
    explained = {change["entry"] for event in reasons for change in event["changes"] if event["sentences"]}
    if len(entries) != ENTRIES or {entry["id"] for entry in entries} != explained:
        raise RuntimeError(f"the statement has {len(entries)} entries, of which {len(explained)} are explained")


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gateway")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args(arguments)
    print(*measure(options.rounds, options.seconds, options.clients), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
