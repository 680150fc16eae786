"""(f) What is usually built: one Celery task per household that loads its events through the ORM and loops.

Its entries go to a table of its own, so that the ledger stays as it is. Run on a sample, through Redis and two workers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from celery import Celery
from sqlalchemy import BigInteger, Engine, create_engine, delete, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from deploy.embedded.redis_server import start_redis
from shared.models.points import CapPeriod, Category, Event, Mode, Per, Rule, RuleStep, VillageQuarter

PROJECT = Path(__file__).resolve().parents[2]
WORKERS = 2

app = Celery("per_household", broker=os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1"))
app.conf.task_ignore_result = True


class BenchBase(DeclarativeBase):
    """Tables of this way alone."""


class HouseholdEntry(BenchBase):
    """One scored event."""

    __tablename__ = "bench_household_entry"

    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    household_id: Mapped[int] = mapped_column(BigInteger, index=True)
    amount: Mapped[int]


class HouseholdBalance(BenchBase):
    """The sum of a household."""

    __tablename__ = "bench_household_balance"

    household_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger)


_engine = create_engine(os.environ["BENCH_DATABASE_URL"]) if "BENCH_DATABASE_URL" in os.environ else None


@app.task(name="per_household.score")  # type: ignore[untyped-decorator]
def score(village_id: int, household_id: int) -> None:
    """Score one household event by event, delete its old entries, add the new ones, set its balance."""
    with Session(_engine) as session, session.begin():
        amounts = _score(session, village_id, household_id)
        session.execute(delete(HouseholdEntry).where(HouseholdEntry.household_id == household_id))
        for event_id, amount in amounts:
            session.add(HouseholdEntry(event_id=event_id, household_id=household_id, amount=amount))
        session.merge(HouseholdBalance(household_id=household_id, balance=sum(amount for _, amount in amounts)))


def _score(session: Session, village_id: int, household_id: int) -> list[tuple[int, int]]:
    books = {
        quarter.quarter: quarter.rulebook_id
        for quarter in session.scalars(select(VillageQuarter).where(VillageQuarter.village_id == village_id))
    }
    rules = {
        (rule.rulebook_id, rule.code_id): rule
        for rule in session.scalars(select(Rule).where(Rule.rulebook_id.in_(set(books.values()))))
    }
    categories = {category.id: category for category in session.scalars(select(Category))}
    steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for step in session.scalars(select(RuleStep).order_by(RuleStep.threshold)):
        steps[step.rule_id].append((step.threshold, step.points))
    events = session.scalars(
        select(Event)
        .where(Event.village_id == village_id, Event.household_id == household_id)
        .order_by(Event.occurred_on, Event.id)
    )
    running: dict[tuple[int, ...], int] = defaultdict(int)
    scored = []
    for event in events:
        rule = rules[books[event.quarter], event.rule_id]
        amount = _raw(event, rule, steps[rule.id], running)
        if rule.cap is not None:
            period = event.month if rule.cap_period is CapPeriod.MONTH else event.quarter
            amount = _capped(running, (1, event.rule_id, period), amount, rule.cap)
        category = categories[rule.category_id]
        if category.cap_quarter is not None and amount > 0:
            amount = _capped(running, (2, category.id, event.quarter), amount, category.cap_quarter)
        scored.append((event.id, amount))
    return scored


def _raw(event: Event, rule: Rule, steps: list[tuple[int, int]], running: dict[tuple[int, ...], int]) -> int:
    year = event.quarter // 4
    if rule.mode is Mode.FIXED:
        product = event.quantity * (rule.points or 0)
        return (abs(product) + 50) // 100 * (-1 if product < 0 else 1)
    if rule.mode is Mode.RANGE:
        return max(rule.minimum or 0, min(event.chosen or 0, rule.maximum or 0))
    if rule.mode is Mode.TIERED and rule.per is Per.EVENT:
        return _tier(event.quantity, steps)
    key = (3, event.rule_id, year)
    before = running[key]
    running[key] += event.quantity if rule.mode is Mode.TIERED else 100
    if rule.mode is Mode.TIERED:
        return _tier(running[key], steps) - _tier(before, steps)
    return _tier(running[key], steps)


def _tier(quantity: int, steps: list[tuple[int, int]]) -> int:
    return max(((at, points) for at, points in steps if at <= quantity), default=(0, 0))[1]


def _capped(running: dict[tuple[int, ...], int], key: tuple[int, ...], amount: int, cap: int) -> int:
    before = max(min(running[key], cap), -cap)
    running[key] += amount
    return max(min(running[key], cap), -cap) - before


def measure(url: str, folder: Path, households: list[tuple[int, int]]) -> tuple[float, int]:
    """Seconds that the tasks of these (village, household) pairs take on two warm workers, and the sum they found."""
    engine = create_engine(url)
    BenchBase.metadata.create_all(engine)
    broker = start_redis(folder / "redis-per-household", durable=True)
    environment = {
        **os.environ,
        "BENCH_REDIS_URL": broker.url,
        "BENCH_DATABASE_URL": url,
        "PYTHONPATH": str(PROJECT),
    }
    app.conf.broker_url = broker.url
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "tests.bench.per_household", "--quiet", "worker"),
            *(
                "--concurrency",
                str(WORKERS),
                "--loglevel",
                "WARNING",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ),
        ],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    try:
        for pair in households[:WORKERS]:
            score.delay(*pair)
        _wait(engine, WORKERS)
        rest = households[WORKERS:]
        started = time.perf_counter()
        for pair in rest:
            score.delay(*pair)
        _wait(engine, len(households))
        seconds = time.perf_counter() - started
        with engine.connect() as connection:
            total = int(connection.execute(text("SELECT sum(balance) FROM bench_household_balance")).scalar_one())
        return seconds, total
    finally:
        worker.terminate()
        worker.wait(20)
        broker.stop()
        engine.dispose()


def _households_done(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM bench_household_balance")).scalar_one())


def _wait(engine: Engine, wanted: int) -> None:
    deadline = time.monotonic() + 600
    while _households_done(engine) < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError("the household tasks did not end within ten minutes")
        time.sleep(0.02)
