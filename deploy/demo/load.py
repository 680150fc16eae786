"""Load the demo township into an empty, migrated database: always the same for the same day and size.

python -m deploy.demo.load [--date 2026-11-24] [--size township|county]

Database and keys are the settings'. Refuses a database that has a township.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from random import Random

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from deploy.demo.demands import DemandMaker
from deploy.demo.logins import PASSWORD, PIN, demo_logins
from deploy.demo.petitions import PetitionMaker
from deploy.demo.places import VILLAGES, county_villages
from deploy.demo.points import (
    CLOSED_QUARTERS,
    COUNTY_EVENTS_PER_HOUSEHOLD,
    EVENTS_PER_HOUSEHOLD,
    PointsMaker,
)
from deploy.demo.registry import MadeTownship, RegistryMaker
from deploy.demo.rulebooks import make_corrected_rulebook, make_first_rulebook
from deploy.embedded.refusal import in_words
from services.gateway.accounts.accounts import create_demo_accounts
from services.gateway.accounts.pins import set_demo_pins
from shared.calendar import today
from shared.database import Database, database_of
from shared.messaging.publisher import leave_to_relay
from shared.models.registry import Township
from shared.topology import Service

SEED = 431230203
SAY_SECONDS = 10.0
"""A county's history takes minutes: so often someone who waits is told how far it is."""


def load(day: date, *, county: bool) -> None:
    """Everything, a transaction for each part; the township itself comes first, so that a broken load is seen."""
    random = Random(SEED)
    plans = county_villages() if county else VILLAGES
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"  {what}（{time.monotonic() - started:.1f} 秒）", flush=True)

    intake, points = database_of(Service.INTAKE), database_of(Service.POINTS)
    with intake.transaction() as session:
        made = RegistryMaker(session, random, day, _denied()).make(plans)
    say(f"{len(plans)} 个村、{sum(plan.households for plan in plans):,} 户已登记")
    maker = PointsMaker(random, day, per_household=COUNTY_EVENTS_PER_HOUSEHOLD if county else EVENTS_PER_HOUSEHOLD)
    first_quarter = maker.quarter - CLOSED_QUARTERS
    with points.transaction() as session:
        make_first_rulebook(session, made, first_quarter)
    say(f"{_history(points, maker, made, say):,} 条积分记录已记账，{CLOSED_QUARTERS} 个季度已定榜")
    with points.transaction() as session:
        make_corrected_rulebook(session, made, first_quarter, day)
    with intake.transaction() as session:
        DemandMaker(session, random, made, day).make()
    with database_of(Service.PETITIONS).transaction() as session:
        PetitionMaker(session, random, made, day).make()
    say("诉求和信访事项已登记")
    with database_of(Service.GATEWAY).transaction() as session:
        create_demo_accounts(session, made.id, demo_logins(made), PASSWORD)
        set_demo_pins(session, made.id, PIN)
    _analyze(points)
    say("演示账号已开通")


def _history(points: Database, maker: PointsMaker, made: MadeTownship, say: Callable[[str], None]) -> int:
    count, said_at = 0, time.monotonic()
    for index, village in enumerate(made.villages):
        if time.monotonic() - said_at > SAY_SECONDS:
            said_at = time.monotonic()
            say(f"{index}/{len(made.villages)} 个村、{count:,} 条积分记录")
        with points.transaction() as session:
            count += maker.village(session, made, village, is_first=index == 0)
            maker.store(session, made, village)
    return count


def _analyze(database: Database) -> None:
    """Statistics for the planner: a database that was filled at once has none."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _denied() -> frozenset[str]:
    return frozenset(name for name in os.environ.get("DEMO_DENY_NAMES", "").replace("，", ",").split(",") if name)


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring. Exit code 1 with one sentence where there is a township already."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo.load")
    parser.add_argument("--date", type=date.fromisoformat, default=None, help="the demo's today (default: today)")
    parser.add_argument("--size", choices=("township", "county"), default="township")
    options = parser.parse_args(arguments)
    leave_to_relay()
    with database_of(Service.INTAKE).reading() as session:
        if session.scalar(select(func.count()).select_from(Township)):
            print("数据库里已经有乡镇，不再装入演示数据。The database has a township already.", file=sys.stderr)
            return 1
    try:
        load(options.date or today(), county=options.size == "county")
    except (SQLAlchemyError, OSError) as error:
        print(in_words(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
