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

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database import Database
from shared.models.base import now
from shared.settings import with_driver
from shared.topology import Service
from tests.faults.accounting import Count, settle
from tests.faults.clients import Load
from tests.faults.county import SIZES, make_county
from tests.faults.faults import Tools, fault
from tests.faults.holdings import read_holdings, waiting_messages
from tests.faults.journal import Journal
from tests.faults.plan import Strike, make_plan
from tests.faults.previous import PreviousVersion
from tests.faults.report import Struck, is_good, last_line, show, time_recoveries
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
        self.struck: list[Struck] = []
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
            self.system.stop()
            self.room.unmount()
            self.previous.remove()
        time_recoveries(self.struck, self.journal)
        show(self.struck, self.journal, self.count)
        print(f"logs and journal: {self.folder}")
        print(last_line(self.struck, self.count), flush=True)
        return is_good(self.struck, self.count)

    def _prepare(self) -> Load:
        started = time.monotonic()
        self.system.prepare()
        self.room.mount()
        self.previous.make()
        self.system.run("deploy.demo.load")
        intake, points = self._database(Service.INTAKE), self._database(Service.POINTS)
        stores = make_county(intake, points, SIZES[self.size])
        intake.dispose()
        points.dispose()
        self.system.start()
        say(f"{self.size} of {len(stores)} villages beside the demo's, ready after {time.monotonic() - started:.0f} s")
        say(f"previous version: {self.previous.words}; room for uploads: {'mounted' if self.room.mounted else 'limit'}")
        return Load(self.system.base, stores, self.journal, self.seed)

    def _strike(self, load: Load) -> datetime:
        """The load with its faults, until every client has its answers or has given up; the instant of its end."""
        load.start()
        started = time.monotonic()
        tools = Tools(self.room, self.previous, time.sleep)
        try:
            for strike in self.plan:
                time.sleep(max(0.0, started + strike.at - time.monotonic()))
                say(f"{time.monotonic() - started:6.1f} s  {strike.name}")
                self.struck.append(self._one(strike, tools))
            time.sleep(max(0.0, started + self.minutes * 60 - time.monotonic()))
            self.system.wait_ready(ANSWER_SECONDS * 2)
        finally:
            load.end(ANSWER_SECONDS)
        if load.failed:
            raise RuntimeError(f"clients ended: {'; '.join(load.failed)}")
        return now()

    def _one(self, strike: Strike, tools: Tools) -> Struck:
        error = ""
        try:
            with fault(strike.kind, self.system, strike.target, tools):
                time.sleep(strike.lasts)
        except (RuntimeError, OSError) as reason:
            error = repr(reason)
        return Struck(strike, time.monotonic(), error=error)

    def _rest(self, ended_at: datetime) -> None:
        """Wait until no message of the load waits and no run is at work."""
        database = self._database(Service.POINTS)

        def at_rest() -> bool:
            with database.reading() as session:
                return waiting_messages(session, ended_at) == 0 and not _runs_at_work(session)

        try:
            say(f"at rest after {wait_for(at_rest, REST_SECONDS, 'rest'):.0f} s")
        except RuntimeError as error:
            say(str(error))
        database.dispose()

    def _count(self, ended_at: datetime) -> None:
        database = self._database(Service.POINTS)
        self.count = settle(self.journal, read_holdings(database, self.journal, self.system.data_dir, ended_at))
        database.dispose()

    def _database(self, service: Service) -> Database:
        return Database(with_driver(self.system.cluster.url), service)


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
