"""Drive the real system through faults under load, and count what became of every operation.

python -m tests.faults.run [--minutes 5] [--seed 1] [--size county|township] [--faults "redis_flush,kill points"]

Ends with one line; the exit code is 0 only where nothing is lost, doubled, overdrawn or unreadable and everyone came
back in time. See docs/drill.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime

import psycopg
import redis
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database import Database
from shared.models.base import now
from shared.settings import with_driver
from shared.topology import Service
from tests.faults import proof
from tests.faults.accounting import Count, Held, settle
from tests.faults.case import Case, NotFelt, Tools
from tests.faults.clients import ACTS
from tests.faults.county import SIZES, make_county
from tests.faults.faults import FAULTS
from tests.faults.holdings import read_rows, waiting_messages
from tests.faults.journal import Journal
from tests.faults.load import Load
from tests.faults.plan import Strike, make_plan
from tests.faults.previous import PreviousVersion
from tests.faults.probes import Probe, Prober, with_answers
from tests.faults.report import failures, last_line, show, struck_by
from tests.faults.system import DrillSystem, new_folder, wait_for
from tests.faults.uploads import UploadRoom

ANSWER_SECONDS = 60.0
"""How long the clients wait after the load for answers that are still owed to them."""
REST_SECONDS = 900.0
"""How long queues, outboxes and runs may take to come to rest: the relay's later pauses are minutes long."""


class Drill:
    """One drill: prepare, load with faults, heal, count."""

    def __init__(self, seed: int, minutes: float, size: str, only: tuple[str, ...] | None, port: int) -> None:
        self.plan = make_plan(seed, minutes, only=only)
        self.seed, self.minutes, self.size = seed, minutes, size
        self.folder = new_folder()
        self.journal = Journal()
        self.system = DrillSystem(self.folder, port)
        self.room = UploadRoom(self.system.data_dir / "files" / "points", lambda: self.system.main_pid("points"))
        self.previous = PreviousVersion(self.folder)
        self.tools = Tools(self.room, self.previous, self.journal)
        self.databases: dict[Service, Database] = {}
        self.cases: list[Case] = []
        self.probes: list[Probe] = []
        self.count = Count()

    def run(self) -> bool:
        """Everything, and the table; whether it went well."""
        try:
            load = self._prepare()
            ended_at = self._strike(load)
            self._rest(ended_at)
            self._count(ended_at)
        finally:
            self.journal.write(self.folder / "journal.jsonl")
            for database in self.databases.values():
                database.dispose()
            self.system.stop()
            self.room.unmount()
            self.previous.remove()
        struck = [struck_by(each, self.journal, self.probes) for each in self.cases]
        show(struck, self.journal, self.count)
        print(f"logs and journal: {self.folder}")
        found = failures(struck, self.count)
        for sentence in found:
            print(f"failed: {sentence}")
        print(last_line(struck, self.count), flush=True)
        return not found

    def _prepare(self) -> Load:
        started = time.monotonic()
        self.system.prepare()
        self.room.mount()
        self.previous.make()
        self.system.run("deploy.demo.load")
        self.databases = {
            service: Database(with_driver(self.system.cluster.url), service, pool_size=1) for service in Service
        }
        stores = make_county(self.databases[Service.INTAKE], self.databases[Service.POINTS], SIZES[self.size])
        self.system.start()
        say(f"{self.size} of {len(stores)} villages beside the demo's, ready after {time.monotonic() - started:.0f} s")
        say(f"previous version: {self.previous.words}; room for uploads: {'mounted' if self.room.mounted else 'limit'}")
        return Load(self.system.base, stores, self.journal, self.seed)

    def _strike(self, load: Load) -> datetime:
        """The load with its faults, until every client has its answers or has given up; the instant of its end."""
        prober = Prober(self.databases)
        load.start(ACTS)
        prober.start()
        started = time.monotonic()
        try:
            for strike in self.plan:
                time.sleep(max(0.0, started + strike.at - time.monotonic()))
                at = time.monotonic() - started
                say(f"{at:6.1f} s  {strike.name}")
                self.cases.append(self._one(strike, at))
            time.sleep(max(0.0, started + self.minutes * 60 - time.monotonic()))
            self.system.wait_ready(ANSWER_SECONDS * 2)
            for case in self.cases:
                case.wait_until_watched()
        finally:
            load.end(ANSWER_SECONDS)
            prober.stop()
            self.probes = prober.probes
        if load.failed:
            raise RuntimeError(f"clients ended: {'; '.join(load.failed)}")
        return now()

    def _one(self, strike: Strike, at: float) -> Case:
        case = Case(self.system, strike, self.tools, at)
        try:
            FAULTS[strike.kind](case)
        except (NotFelt, RuntimeError, OSError, psycopg.Error, redis.RedisError) as reason:
            case.errors.append(str(reason) or repr(reason))
        if not case.ended_at:
            case.over()
        return case

    def _rest(self, ended_at: datetime) -> None:
        """Wait until no message of the load waits, no run is at work and no audit line is loose."""

        def at_rest() -> bool:
            with self.databases[Service.POINTS].reading() as session:
                return not (
                    waiting_messages(session, ended_at)
                    or _runs_at_work(session)
                    or any(proof.unchained_lines(session, service, ended_at) for service in Service)
                )

        try:
            say(f"at rest after {wait_for(at_rest, REST_SECONDS, 'rest'):.0f} s")
        except RuntimeError as error:
            say(str(error))

    def _count(self, ended_at: datetime) -> None:
        held, database = Held(), self.databases[Service.POINTS]
        self.system.run("tests.faults.sweep")
        with database.reading() as session:
            read_rows(session, held, self.journal, self.system.data_dir, ended_at)
            self.probes = with_answers(session, self.probes)
            held.unproved = proof.unproved_audits(session, ended_at)
            held.leaks = proof.leaks_in_tables(session)
        held.unproved += proof.unproved_ledgers(database)
        held.handled_again = proof.handled_again(self.system.lines_since())
        written = (self.folder / "log", self.folder / "redis", self.system.data_dir / "files")
        held.leaks += proof.leaks_in_files(written)
        self.count = settle(self.journal, held)


def _runs_at_work(session: Session) -> bool:
    return bool(session.scalar(text("SELECT count(*) FROM points_recalculation WHERE state = 'running'")))


def say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the load lasts")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same plan")
    parser.add_argument("--size", choices=tuple(SIZES), default="county")
    parser.add_argument("--faults", default=None, help="only these, separated by commas")
    parser.add_argument("--port", type=int, default=18200, help="where the drill's gateway listens")
    options = parser.parse_args(arguments)
    only = tuple(name.strip() for name in options.faults.split(",")) if options.faults else None
    good = Drill(options.seed, options.minutes, options.size, only, options.port).run()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
