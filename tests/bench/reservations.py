"""Measure reservations and fulfilments of the store on PostgreSQL, 8 clients, and print a table and `ratio` lines.

python -m tests.bench.reservations [--rounds 3] [--seconds 6] [--villages 200]

The domain functions, as the API calls them, in eight client processes; against the same work in a stored procedure and
against pgbench's tpcb-like, both called by pgbench with eight clients on the same server. Nothing else is on the way:
no HTTP, no broker. At the end `verify` proves every village.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import date
from multiprocessing.pool import Pool
from pathlib import Path

import psycopg
from sqlalchemy import insert, select

from services.points.ledger.plain_entries import PlainEntry, open_accounts
from services.points.store.fulfilments import fulfil_redemption
from services.points.store.reservations import reserve_goods
from services.points.verification.checks import check_village
from shared.database import Database
from shared.identity import Grant, Principal, Role
from shared.models.points import Item, Price, Redemption, RedemptionState
from shared.models.registry import Household
from shared.quarters import quarter_of
from shared.topology import Service
from tests.bench.ground import Ground, bench_ground
from tests.bench.rounds import ratio_line, side_by_side
from tests.bench.township import BenchTownship, make_villages
from tests.fixtures.postgresql_cluster import execute

CLIENTS = 8
HOUSEHOLDS = 30
"""Of one village."""
TPCB_SCALE = 20
PROCEDURE = Path(__file__).with_name("reserve.sql")
GOAL = 0.2
OPENING_POINTS = 2_000_000_000
STOCK = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Shelves:
    """The village's item by household: what a client reserves for whom."""

    township_id: int
    places: tuple[tuple[int, int], ...]

    @property
    def actor(self) -> Principal:
        """Someone who keeps every store of the township."""
        return Principal(self.township_id, actor="account:1", name="bench", grants=(Grant(Role.ADMIN),))


def stock_shelves(database: Database, township: BenchTownship) -> Shelves:
    """Points on every account, by the ledger's own opening, and one item with a price in each village."""
    with database.transaction() as session:
        items = {village_id: _item(village_id) for village_id in township.village_ids}
        session.add_all(items.values())
        session.flush()
        session.execute(
            insert(Price),
            [{"item_id": item.id, "effective_from": date(2025, 1, 1), "points": 100} for item in items.values()],
        )
        homes = session.execute(select(Household.village_id, Household.id).order_by(Household.id)).all()
        for village_id in township.village_ids:
            entries = [PlainEntry(home.id, OPENING_POINTS) for home in homes if home.village_id == village_id]
            quarter = quarter_of(date(2025, 1, 1))
            open_accounts(session, village_id, entries, quarter=quarter, made_by="bench", reason="bench")
        return Shelves(township.township_id, tuple((home.id, items[home.village_id].id) for home in homes))


def _item(village_id: int) -> Item:
    return Item(village_id=village_id, code="soap", name="洗衣粉", unit="袋", on_hand=STOCK)


_database: Database
_shelves: Shelves


def _begin_client(url: str, shelves: Shelves) -> None:
    global _database, _shelves
    _database, _shelves = Database(url, Service.POINTS, pool_size=1), shelves


def _reserve(seconds: float) -> float:
    """Reservations a second of this client, each a transaction of its own."""
    started, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < seconds:
        household_id, item_id = random.choice(_shelves.places)
        with _database.transaction() as session:
            reserve_goods(
                session, _shelves.actor, household_id=household_id, item_id=item_id, quantity=1, key=uuid.uuid4().hex
            )
        done += 1
    return done / passed


def _fulfil(redemption_ids: list[int]) -> float:
    """Fulfilments a second of this client."""
    started = time.perf_counter()
    for redemption_id in redemption_ids:
        with _database.transaction() as session:
            fulfil_redemption(session, _shelves.actor, redemption_id)
    return len(redemption_ids) / (time.perf_counter() - started)


class Reservations:
    """The ways, on one server."""

    def __init__(self, ground: Ground, database: Database, pool: Pool, shelves: Shelves, seconds: float) -> None:
        self._ground, self._database, self._pool = ground, database, pool
        self._shelves, self._seconds = shelves, seconds
        self._tpcb = ground.plain_url.rpartition("/")[0] + "/bench_tpcb"
        execute(ground.cluster.url, "CREATE DATABASE bench_tpcb")
        self._pgbench(self._tpcb, "--initialize", "--quiet", "--scale", str(TPCB_SCALE))
        with psycopg.connect(ground.plain_url, autocommit=True) as connection:
            connection.execute(PROCEDURE.read_bytes())
            connection.execute("VACUUM ANALYZE")
        self._script = ground.folder / "reserve.pgbench"
        self._script.write_text(self._calls())

    def _calls(self) -> str:
        """Households and items have numbers without gaps, as they were made."""
        first_household, first_item = self._shelves.places[0]
        for place, pair in enumerate(self._shelves.places):
            assert pair == (first_household + place, first_item + place // HOUSEHOLDS)
        return (
            f"\\set place random(0, {len(self._shelves.places) - 1})\n"
            "\\set number random(1, 9000000000000000000)\n"
            f"SELECT bench_reserve({first_household} + :place, {first_item} + :place / {HOUSEHOLDS}, 1,"
            " md5(:number::text));\n"
        )

    def tpcb(self) -> float:
        """pgbench's own transactions a second."""
        return self._measure(self._tpcb)

    def procedure(self) -> float:
        """Reservations a second by the stored procedure."""
        return self._measure(self._ground.plain_url, "--file", str(self._script))

    def domain(self) -> float:
        """Reservations a second by the domain function."""
        return sum(self._pool.map(_reserve, [self._seconds] * CLIENTS, chunksize=1))

    def fulfilments(self) -> float:
        """Fulfilments a second by the domain function, of what was reserved before, spread over all villages."""
        rate = 150 * self._seconds
        with self._database.reading() as session:
            waiting = select(Redemption.id).where(Redemption.state == RedemptionState.RESERVED)
            ids = list(session.scalars(waiting.order_by(Redemption.key).limit(int(rate))))
        shares = [ids[client::CLIENTS] for client in range(CLIENTS)]
        return sum(self._pool.map(_fulfil, shares, chunksize=1))

    def _measure(self, url: str, *more: str) -> float:
        told = self._pgbench(
            url,
            *("--no-vacuum", "--client", str(CLIENTS), "--jobs", "2", "--protocol", "prepared"),
            *("--time", f"{self._seconds:.0f}", *more),
        )
        found = re.search(r"tps = ([\d.]+)", told)
        if found is None or "number of failed transactions: 0 " not in told:
            raise RuntimeError(f"pgbench did not say how fast it was: {told[-400:]}")
        return float(found[1])

    def _pgbench(self, url: str, *arguments: str) -> str:
        program = self._ground.cluster.binaries / "pgbench"
        if not program.exists():
            raise SystemExit(f"pgbench is missing in {program.parent}: apt-get install postgresql-contrib")
        done = subprocess.run([str(program), *arguments, url], capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr[-400:]}")
        return done.stdout


def measure(rounds: int, seconds: float, villages: int) -> list[str]:
    """The lines of the report."""
    with bench_ground("reservations") as ground:
        database = Database(ground.url, Service.POINTS)
        township = make_villages(database, villages, HOUSEHOLDS)
        shelves = stock_shelves(database, township)
        with multiprocessing.get_context("fork").Pool(CLIENTS, _begin_client, (ground.url, shelves)) as pool:
            ways = Reservations(ground, database, pool, shelves, seconds)
            found = side_by_side(
                {
                    "pgbench tpcb-like": ways.tpcb,
                    "stored procedure": ways.procedure,
                    "domain function": ways.domain,
                    "fulfilment (domain function)": ways.fulfilments,
                },
                rounds,
                unit="per second",
            )
        _require_verified(database, township)
        database.dispose()
    ours = found["domain function"]
    rows = [f"| {way} | {rate:,.0f} |" for way, rate in found.items()]
    return [
        *("| Way, 8 clients | per second |", "| --- | --- |", *rows, ""),
        ratio_line("reservation/procedure", ours / found["stored procedure"], GOAL, least=True),
        ratio_line("reservation/tpcb", ours / found["pgbench tpcb-like"], GOAL, least=True),
    ]


def _require_verified(database: Database, township: BenchTownship) -> None:
    for village_id in township.village_ids:
        with database.transaction() as session:
            failed = [check.sentence for check in check_village(session, village_id) if not check.passed]
        if failed:
            raise RuntimeError(f"verify fails after the rounds: {failed}")


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reservations")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--villages", type=int, default=200)
    options = parser.parse_args(arguments)
    print(*measure(options.rounds, options.seconds, options.villages), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
