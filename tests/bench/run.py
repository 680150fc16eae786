"""Measure the recalculation against the database itself and print a table, then one `ratio` line per goal.

python -m tests.bench.run [--events 5000000] [--rounds 3]

Needs PostgreSQL's programs (a cluster of its own is made and removed) and duckdb. Exit code 0 also where a goal is
missed: the line says so.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select, text

from services.points.verification.checks import check_village
from shared.database import Database
from shared.models.points import Account, Recalculation, RuleCode, Shard
from shared.models.registry import Household
from shared.topology import Service
from tests.bench import per_household
from tests.bench.baselines import DuckDb, HandWritten
from tests.bench.system import BenchSystem
from tests.bench.township import BenchTownship, adopt, empty_ledger, make_township
from tests.fixtures.postgresql_cluster import OwnCluster, make_template, url_of_database

SAMPLE = 400
"""Households of (f)."""

SERVER = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "2GB",
    "effective_cache_size": "8GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "max_locks_per_transaction": "1024",
    "max_parallel_workers_per_gather": "0",
}

WAYS = {
    "0": "DuckDB in process, every event scored, sums returned",
    "a": "hand-written SQL, 2 connections by village, sums returned",
    "b": "the same, writing an entry for every event and the accounts, no chain",
    "c": "our run, full, nothing to change",
    "d": "our run, full, every event to adjust",
    "e1": "our run, one rule of 20 changed, category without cap",
    "e2": "our run, one rule of 20 changed, category with cap",
    "f": "one Celery task per household with the ORM (sample, scaled up)",
}


@dataclass(frozen=True, slots=True)
class Goal:
    """`numerator / denominator` must be at most (or, `least`, at least) `bound`."""

    numerator: str
    denominator: str
    bound: float
    least: bool = False


GOALS = (
    Goal("c", "a", 1.4),
    Goal("c", "0", 4.0),
    Goal("d", "b", 1.5),
    Goal("e1", "c", 0.2),
    Goal("e2", "c", 0.35),
    Goal("f", "c", 100.0, least=True),
)
WORKER_MB = 200.0


@dataclass(slots=True)
class Measured:
    """Seconds of every round, by way."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})

    def note(self, way: str, seconds: float) -> None:
        """Keep a figure and show it at once."""
        self.seconds[way].append(seconds)
        print(f"  ({way}) {seconds:.2f} s", flush=True)

    def median(self, way: str) -> float:
        return statistics.median(self.seconds[way])


class Bench:
    """One cluster, one township, some rounds."""

    def __init__(self, events: int, rounds: int, folder: Path) -> None:
        self.rounds = rounds
        self.folder = folder
        self.measured = Measured()
        self.cluster = OwnCluster(SERVER, on_disk=True)
        self.events = events

    def run(self) -> None:
        """Everything, and the table at the end."""
        self.cluster.start()
        try:
            cluster = make_template(self.cluster.url)
            url = url_of_database(cluster.url, cluster.template)
            database = Database(url, Service.POINTS)
            started = time.perf_counter()
            township = make_township(database, self._plain(url), self.events)
            print(
                f"{township.events:,} events, {township.households:,} households, {len(township.village_ids)} villages"
                f" made in {time.perf_counter() - started:.0f} s",
                flush=True,
            )
            self._measure(database, url, township)
            database.dispose()
        finally:
            self.cluster.stop()

    def _measure(self, database: Database, url: str, township: BenchTownship) -> None:
        with database.reading() as session:
            rules = list(session.scalars(select(RuleCode.id).order_by(RuleCode.code)))
        hand_written = HandWritten(self._plain(url), township, rules)
        totals: set[int] = set()
        duck = DuckDb(self._plain(url), self.folder, rules)
        for _ in range(self.rounds):
            seconds, _, total = duck.score()
            self.measured.note("0", seconds)
            totals.add(total)
        duck.close()
        with BenchSystem(url, self.folder, township.township_id) as system:
            for number in range(self.rounds):
                print(f"round {number + 1} of {self.rounds}", flush=True)
                seconds, _, total = hand_written.sums()
                self.measured.note("a", seconds)
                totals.add(total)
                seconds, _, total = hand_written.write()
                self.measured.note("b", seconds)
                totals.add(total)
                empty_ledger(database, township)
                self._run("d", system, database)
                self._analyze(database)
                totals.add(_balance(database))
                self._run("c", system, database)
                for way, rulebook in (("e1", township.rulebook_ids[1]), ("e2", township.rulebook_ids[2])):
                    adopt(database, township, rulebook)
                    self._run(way, system, database, full=False)
                if number == self.rounds - 1:
                    _require_verified(database, township)
                empty_ledger(database, township)
            self.worker_mb = system.worker_peak_mb
        if len(totals) != 1:
            raise RuntimeError(f"the ways do not agree on the sum of points: {sorted(totals)}")
        self._per_household(database, url, township)

    def _run(self, way: str, system: BenchSystem, database: Database, *, full: bool = True) -> None:
        run_id = system.recalculate(full=full)
        with database.reading() as session:
            run = session.get_one(Recalculation, run_id)
            assert run.finished_at is not None
            self.measured.note(way, (run.finished_at - run.created_at).total_seconds())
            posted = session.scalar(select(func.sum(Shard.entries_posted)).where(Shard.recalculation_id == run_id)) or 0
        if (posted == 0) != (way == "c"):
            raise RuntimeError(f"({way}) posted {posted} entries")

    def _per_household(self, database: Database, url: str, township: BenchTownship) -> None:
        with database.reading() as session:
            statement = select(Household.village_id, Household.id).order_by(Household.id)
            every = [(village_id, household_id) for village_id, household_id in session.execute(statement)]
        sample = every[:: max(1, len(every) // SAMPLE)][:SAMPLE]
        seconds, _ = per_household.measure(url, self.folder, sample)
        warm = len(sample) - per_household.WORKERS
        self.measured.note("f", seconds / warm * township.households)

    @staticmethod
    def _analyze(database: Database) -> None:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE points_entry"))

    @staticmethod
    def _plain(url: str) -> str:
        return url.replace("postgresql+psycopg://", "postgresql://")

    def report(self) -> str:
        """The table and the ratio lines."""
        rows = [f"| ({way}) | {text} | {self.measured.median(way):.2f} |" for way, text in WAYS.items()]
        lines = ["| | Way | Median s |", "| --- | --- | --- |", *rows, ""]
        for goal in GOALS:
            ratio = self.measured.median(goal.numerator) / self.measured.median(goal.denominator)
            met = ratio >= goal.bound if goal.least else ratio <= goal.bound
            name = f"{goal.numerator}/{goal.denominator}"
            lines.append(f"ratio {name} {ratio:.2f} goal {goal.bound:.2f} {'met' if met else 'missed'}")
        met = self.worker_mb <= WORKER_MB
        lines.append(f"worker_mb {self.worker_mb:.0f} goal {WORKER_MB:.0f} {'met' if met else 'missed'}")
        return "\n".join(lines)


def _balance(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalar(select(func.sum(Account.balance))) or 0)


def _require_verified(database: Database, township: BenchTownship) -> None:
    for village_id in township.village_ids:
        with database.transaction() as session:
            failed = [check.sentence for check in check_village(session, village_id) if not check.passed]
        if failed:
            raise RuntimeError(f"verify fails after the runs: {failed}")


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.run")
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="xiangzhi-bench-"))
    bench = Bench(options.events, options.rounds, folder)
    try:
        bench.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print()
    print(bench.report())
    return 0


if __name__ == "__main__":
    sys.exit(main())
