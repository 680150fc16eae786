"""The bench's township on PostgreSQL: villages, households, three revisions and events, made by set-based statements.

20 rules in all modes (14 fixed, 2 ranges, 2 tiered, 2 stepped), 10 of them capped; 5 categories, 3 of them capped;
8 quarters. Revisions 2 and 3 differ from the one before in one rule each: of an uncapped and of a capped category.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.points.ledger.village import prepare_village
from shared.database import Database
from shared.models.base import now
from shared.models.points import (
    Adoption,
    CapPeriod,
    Category,
    Mode,
    Per,
    Rule,
    Rulebook,
    RulebookState,
    RuleCode,
    RuleStep,
    VillageQuarter,
)
from shared.models.registry import Township
from shared.quarters import quarter_of
from tests.fixtures.villages import SEED, History, Names, add_villages, drawn_events

FIRST_DAY = date(2025, 1, 1)
QUARTERS = 8
RULES = 20
EVENTS_PER_VILLAGE = 25_000
HOUSEHOLDS_PER_VILLAGE = 300
CATEGORY_CAPS = {"A": 4000, "B": 6000, "C": 5000, "D": None, "E": None}
TIERS = ((200, 100), (400, 200), (800, 500))
YEARLY_TIERS = ((400, 100), (1000, 300), (2000, 700), (4000, 1600))
STEPS = ((100, -200), (200, -400), (300, -600))


@dataclass(frozen=True, slots=True)
class RuleShape:
    """One rule of the bench. Points, caps in hundredths."""

    number: int
    category: str
    mode: Mode
    points: int | None = None
    cap: int | None = None
    cap_period: CapPeriod | None = None
    per: Per | None = None
    steps: tuple[tuple[int, int], ...] = ()


def rule_shapes() -> list[RuleShape]:
    """The twenty rules; the first ten are capped, every category has four."""
    shapes = []
    for number in range(1, RULES + 1):
        category = "ABCDE"[(number - 1) % 5]
        capped = number <= 10
        cap = (600 if number % 2 else 1500) if capped else None
        period = (CapPeriod.MONTH if number % 2 else CapPeriod.QUARTER) if capped else None
        if number <= 14:
            points = -150 if number in (5, 13) else 50 + number * 25
            shapes.append(RuleShape(number, category, Mode.FIXED, points, cap, period))
        elif number <= 16:
            shapes.append(RuleShape(number, category, Mode.RANGE))
        elif number == 17:
            shapes.append(RuleShape(number, category, Mode.TIERED, per=Per.EVENT, steps=TIERS))
        elif number == 18:
            shapes.append(RuleShape(number, category, Mode.TIERED, per=Per.YEAR, steps=YEARLY_TIERS))
        else:
            shapes.append(RuleShape(number, category, Mode.STEPPED, steps=STEPS))
    return shapes


CHANGED_UNCAPPED = 14
"""Rule of category D whose points revision 2 changes."""
CHANGED_CAPPED = 11
"""Rule of category A whose points revision 3 changes as well."""


@dataclass(frozen=True, slots=True)
class BenchTownship:
    """Ids of what was made."""

    township_id: int
    village_ids: tuple[int, ...]
    rulebook_ids: tuple[int, int, int]
    events: int
    households: int


def make_township(database: Database, url: str, events: int) -> BenchTownship:
    """Everything but the ledger's entries. `events` is rounded to whole villages of 25,000."""
    villages = max(2, round(events / EVENTS_PER_VILLAGE))
    township = make_villages(database, villages, HOUSEHOLDS_PER_VILLAGE)
    _events(url, township.village_ids)
    return replace(township, events=villages * EVENTS_PER_VILLAGE)


def make_villages(database: Database, villages: int, households: int) -> BenchTownship:
    """Villages with so many households each, that have adopted the first revision and opened their quarters."""
    with database.transaction() as session:
        township_id, village_ids = _registry(session, villages, households)
        rulebooks = _rulebooks(session, township_id)
        for village_id in village_ids:
            prepare_village(session, village_id)
            session.add(
                Adoption(
                    village_id=village_id,
                    rulebook_id=rulebooks[0],
                    from_quarter=quarter_of(FIRST_DAY),
                    matter_number="bench",
                )
            )
            session.add_all(
                VillageQuarter(village_id=village_id, quarter=quarter_of(FIRST_DAY) + index, rulebook_id=rulebooks[0])
                for index in range(QUARTERS)
            )
    return BenchTownship(township_id, village_ids, rulebooks, 0, villages * households)


def _registry(session: Session, villages: int, households: int) -> tuple[int, tuple[int, ...]]:
    township = Township(code="999999999", name="压测乡", is_demo=True)
    session.add(township)
    session.flush()
    names = Names("压测村{place}", 999_999_999_000, "{place:05d}{number:05d}")
    return township.id, add_villages(session, township.id, villages, households, names)


def _rulebooks(session: Session, township_id: int) -> tuple[int, int, int]:
    codes = [RuleCode(township_id=township_id, code=f"R{number:02d}") for number in range(1, RULES + 1)]
    session.add_all(codes)
    session.flush()
    ids = []
    for revision in (1, 2, 3):
        book = Rulebook(
            township_id=township_id,
            revision=revision,
            title=f"压测细则第 {revision} 版",
            state=RulebookState.PUBLISHED,
            published_at=now(),
        )
        session.add(book)
        session.flush()
        categories = {
            code: Category(rulebook_id=book.id, code=code, name=code, cap_quarter=cap)
            for code, cap in CATEGORY_CAPS.items()
        }
        session.add_all(categories.values())
        session.flush()
        for shape, code in zip(rule_shapes(), codes, strict=True):
            _add_rule(session, book.id, categories[shape.category].id, code.id, shape, revision)
        ids.append(book.id)
    return ids[0], ids[1], ids[2]


def _add_rule(
    session: Session, rulebook_id: int, category_id: int, code_id: int, shape: RuleShape, revision: int
) -> None:
    points = shape.points
    changed = (revision >= 2 and shape.number == CHANGED_UNCAPPED) or (revision >= 3 and shape.number == CHANGED_CAPPED)
    if points is not None and changed:
        points += 25
    ranged = shape.mode is Mode.RANGE
    rule = Rule(
        rulebook_id=rulebook_id,
        code_id=code_id,
        category_id=category_id,
        title=f"条目{shape.number}",
        unit="次",
        mode=shape.mode,
        points=points,
        minimum=100 if ranged else None,
        maximum=800 if ranged else None,
        per=shape.per,
        cap=shape.cap,
        cap_period=shape.cap_period,
    )
    session.add(rule)
    session.flush()
    session.add_all(RuleStep(rule_id=rule.id, threshold=at, points=amount) for at, amount in shape.steps)


def _events(url: str, village_ids: tuple[int, ...]) -> None:
    """Events straight into the partitions.

    Foreign keys are not checked here: the statement takes households and rules from their tables.
    """
    history = History(
        EVENTS_PER_VILLAGE,
        FIRST_DAY,
        days=731 - 1,
        codes=[f"R{number:02d}" for number in range(1, RULES + 1)],
        quantity="100 * (1 + floor(random() * 4))::int",
        chosen="50 * (1 + floor(random() * 18))::int",
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(SEED)
        for village_id in village_ids:
            connection.execute(drawn_events(village_id, history, table=f"points_event_v{village_id}").encode())
        connection.execute("SET session_replication_role = DEFAULT")
        connection.execute("VACUUM ANALYZE")


def empty_ledger(database: Database, township: BenchTownship) -> None:
    """Back to the state before the first posting: no entries, quarters under revision 1."""
    with database.transaction() as session:
        for table in ("points_entry", "points_posting", "points_difference", "points_shard", "points_recalculation"):
            session.execute(text(f"TRUNCATE {table} CASCADE"))
        session.execute(text("DELETE FROM points_account"))
        session.execute(text("UPDATE points_village_ledger SET seq = 0, digest = repeat('0', 64)"))
        session.execute(text("UPDATE points_quarter SET rulebook_id = :book"), {"book": township.rulebook_ids[0]})
        session.execute(
            text("DELETE FROM points_adoption WHERE rulebook_id <> :book"), {"book": township.rulebook_ids[0]}
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE points_account, points_quarter"))
        connection.execute(text("CHECKPOINT"))


def adopt(database: Database, township: BenchTownship, rulebook_id: int) -> None:
    """Every village adopts a revision from its first quarter on."""
    with database.transaction() as session:
        session.add_all(
            Adoption(
                village_id=village_id,
                rulebook_id=rulebook_id,
                from_quarter=quarter_of(FIRST_DAY),
                matter_number="bench",
            )
            for village_id in township.village_ids
        )
