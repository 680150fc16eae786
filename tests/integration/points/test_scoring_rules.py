"""Each rule of scoring by name, with the figures worked out by hand, on both databases. Hundredths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from services.points.scoring.lines import Line
from shared.models.points import CapPeriod, Entry, Event, Mode, Once, Per
from shared.quarters import quarter_of
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.township import SmallTownship
from tests.properties.points.worlds import FIRST_DAY, add_codes, add_rulebook, adopt

FIXED = Line(Mode.FIXED, 200, None, None, None, None, None, None, "A", None)
RANGE = replace(FIXED, mode=Mode.RANGE, points=None, minimum=100, maximum=300)
TIERS = ((400, 100), (1000, 200), (2000, 500))
TIERED = replace(FIXED, mode=Mode.TIERED, points=None, per=Per.EVENT, steps=TIERS)
BY_YEAR = replace(TIERED, per=Per.YEAR)
STEPPED = replace(FIXED, mode=Mode.STEPPED, points=None, steps=((100, -800), (200, -1500), (300, -2000)))
JULY, AUGUST, OCTOBER, JANUARY = date(2025, 7, 5), date(2025, 8, 5), date(2025, 10, 5), date(2026, 1, 5)


@dataclass(frozen=True)
class Case:
    """Lines by index, events as (rule, day, quantity, chosen) in the order of recording, and what each must score."""

    says: str
    lines: dict[int, Line]
    events: list[tuple[int, date, int, int | None]]
    scores: list[int]


def _once(line: Line, *days: date) -> list[tuple[int, date, int, int | None]]:
    return [(0, day, 100, None) for day in days]


CASES = [
    Case("fixed is points times quantity", {0: FIXED}, [(0, JULY, 250, None)], [500]),
    Case(
        "a half hundredth is rounded away from zero in both directions",
        {0: replace(FIXED, points=1), 1: replace(FIXED, points=-1)},
        [(0, JULY, 50, None), (1, JULY, 50, None), (0, JULY, 49, None), (1, JULY, 149, None)],
        [1, -1, 0, -1],
    ),
    Case(
        "a range takes what was chosen, clamped into the range of the revision that scores it",
        {0: RANGE},
        [(0, JULY, 100, 250), (0, JULY, 100, 350), (0, JULY, 100, 50)],
        [250, 300, 100],
    ),
    Case(
        "the highest tier reached counts, below the first nothing",
        {0: TIERED},
        [(0, JULY, 399, None), (0, JULY, 400, None), (0, JULY, 1999, None), (0, JULY, 9000, None)],
        [0, 100, 200, 500],
    ),
    Case(
        "hours of a year add up, over its quarters, and start anew in January",
        {0: BY_YEAR},
        [(0, JULY, 300, None), (0, AUGUST, 300, None), (0, OCTOBER, 600, None), (0, JANUARY, 300, None)],
        [0, 100, 100, 0],
    ),
    Case(
        "the n-th time of a year has its own amount, the last step holds for all later ones",
        {0: STEPPED},
        _once(STEPPED, JULY, AUGUST, OCTOBER, OCTOBER, JANUARY),
        [-800, -1500, -2000, -2000, -800],
    ),
    Case(
        "events count by day, not by when they were recorded",
        {0: STEPPED},
        _once(STEPPED, OCTOBER, AUGUST, JULY),
        [-2000, -1500, -800],
    ),
    Case(
        "once a quarter: later ones of the quarter score nothing",
        {0: replace(FIXED, once=Once.QUARTER)},
        _once(FIXED, JULY, AUGUST, OCTOBER),
        [200, 0, 200],
    ),
    Case(
        "once a year: later ones of the year score nothing",
        {0: replace(FIXED, once=Once.YEAR)},
        _once(FIXED, JULY, OCTOBER, JANUARY),
        [200, 0, 200],
    ),
    Case("once ever", {0: replace(FIXED, once=Once.EVER)}, _once(FIXED, JULY, OCTOBER, JANUARY), [200, 0, 0]),
    Case(
        "once means the first of a day, too: the one that was recorded first",
        {0: replace(RANGE, once=Once.QUARTER)},
        [(0, JULY, 100, 150), (0, JULY, 100, 300)],
        [150, 0],
    ),
    Case(
        "a cap that is met exactly cuts nothing, and leaves nothing",
        {
            0: replace(FIXED, cap=400, cap_period=CapPeriod.MONTH, category_cap=500),
            1: replace(FIXED, points=-100, cap=100, cap_period=CapPeriod.QUARTER),
            2: replace(FIXED, points=100, category_cap=500),
        },
        [
            *((0, JULY, quantity, None) for quantity in (100, 100, 1)),
            *((1, JULY, quantity, None) for quantity in (100, 1)),
            *((2, AUGUST, quantity, None) for quantity in (100, 1)),
        ],
        [200, 200, 0, -100, 0, 100, 0],
    ),
    Case(
        "a cap holds the running sum: a deduction first takes what lies above it",
        {0: replace(RANGE, minimum=-300, maximum=300, cap=400, cap_period=CapPeriod.QUARTER)},
        [(0, JULY, 100, chosen) for chosen in (300, 300, -200, 300, -300, -300)],
        [300, 100, 0, 0, 0, -300],
    ),
    Case(
        "a cap of nothing leaves nothing of both signs",
        {0: replace(FIXED, cap=0, cap_period=CapPeriod.MONTH), 1: replace(FIXED, category_cap=0)},
        [(0, JULY, 100, None), (1, JULY, 100, None)],
        [0, 0],
    ),
    Case(
        "the smallest quantity, in every mode",
        {
            0: replace(FIXED, points=50),
            1: replace(FIXED, points=49),
            2: replace(FIXED, points=-50),
            3: RANGE,
            4: replace(TIERED, steps=((1, 3), (2, 7))),
            5: replace(BY_YEAR, steps=((1, 3), (2, 7))),
        },
        [*((rule, JULY, 1, 250) for rule in range(6)), (5, OCTOBER, 1, None)],
        [1, 0, -1, 250, 3, 3, 4],
    ),
    Case(
        "the largest amounts, and hours of a year beyond what a number holds",
        {
            0: replace(FIXED, points=100),
            1: replace(FIXED, points=-100),
            2: replace(BY_YEAR, steps=((400, 100), (999_999_999, 10_000_000))),
        },
        [(rule, day, 1_000_000_000, None) for rule in range(3) for day in (JULY, AUGUST, OCTOBER)],
        [1_000_000_000] * 3 + [-1_000_000_000] * 3 + [10_000_000, 0, 0],
    ),
    Case(
        "a monthly cap cuts what exceeds it and starts anew with the month",
        {0: replace(FIXED, cap=300, cap_period=CapPeriod.MONTH)},
        _once(FIXED, JULY, JULY, JULY, AUGUST),
        [200, 100, 0, 200],
    ),
    Case(
        "a quarterly cap lasts the quarter",
        {0: replace(FIXED, cap=300, cap_period=CapPeriod.QUARTER)},
        _once(FIXED, JULY, JULY, AUGUST, OCTOBER),
        [200, 100, 0, 200],
    ),
    Case(
        "a cap holds deductions back too",
        {0: replace(FIXED, points=-200, cap=300, cap_period=CapPeriod.MONTH)},
        _once(FIXED, JULY, JULY, JULY),
        [-200, -100, 0],
    ),
    Case(
        "a category's cap is shared by its rules and touches positive points only",
        {
            0: replace(FIXED, category_cap=500),
            1: replace(FIXED, points=400, category_cap=500),
            2: replace(FIXED, points=-300, category_cap=500),
        },
        [(0, JULY, 100, None), (1, JULY, 100, None), (2, JULY, 100, None), (0, AUGUST, 100, None)],
        [200, 300, -300, 0],
    ),
    Case(
        "the category's cap comes after the rule's",
        {
            0: replace(FIXED, cap=300, cap_period=CapPeriod.QUARTER, category_cap=250),
            1: replace(FIXED, category_cap=250),
        },
        [(0, JULY, 200, None), (1, AUGUST, 100, None)],
        [250, 0],
    ),
]


def _scores(session: Session, township: SmallTownship, case: Case, *, batches: int = 1) -> list[int]:
    """What the ledger holds by event; with two batches, the last event comes by a later one."""
    village = township.villages[0]
    codes = add_codes(session, township.id)
    rulebook = add_rulebook(session, township.id, 1, case.lines, codes)
    adopt(session, village.id, rulebook, quarter_of(FIRST_DAY))
    events = [
        ReviewedEvent(village.households[0], codes[rule], day, quantity, chosen)
        for rule, day, quantity, chosen in case.events
    ]
    for batch in [events] if batches == 1 else [events[:-1], events[-1:]]:
        record_events_bulk(session, village.id, batch, made_by="task:test")
    held = (
        select(func.coalesce(func.sum(Entry.amount), 0))
        .where(Entry.village_id == Event.village_id, Entry.event_id == Event.id)
        .correlate(Event)
        .scalar_subquery()
    )
    return [
        int(amount) for amount in session.scalars(select(held).where(Event.village_id == village.id).order_by(Event.id))
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_scores(case: Case, any_database: str, database_for: DatabaseFor, small_township: SmallTownship) -> None:
    with database_for(Service.POINTS).transaction() as session:
        assert _scores(session, small_township, case) == case.scores


LATE = [
    Case("a yearly tier", {0: BY_YEAR}, [(0, OCTOBER, 600, None), (0, JULY, 300, None)], [100, 0]),
    Case("a step", {0: STEPPED}, _once(STEPPED, OCTOBER, JULY), [-1500, -800]),
    Case("once a year", {0: replace(FIXED, once=Once.YEAR)}, _once(FIXED, OCTOBER, JULY), [0, 200]),
    Case("once ever", {0: replace(FIXED, once=Once.EVER)}, _once(FIXED, JANUARY, JULY), [0, 200]),
    Case(
        "the room that it leaves under the category's cap",
        {0: replace(FIXED, once=Once.YEAR, category_cap=300), 1: replace(FIXED, category_cap=300)},
        [(0, OCTOBER, 100, None), (1, OCTOBER, 100, None), (0, JULY, 100, None)],
        [0, 200, 200],
    ),
]


@pytest.mark.parametrize("case", LATE, ids=lambda case: case.says)
def test_a_batch_that_comes_late_scores_again_what_remembers_it_in_later_quarters(
    case: Case, any_database: str, database_for: DatabaseFor, small_township: SmallTownship
) -> None:
    with database_for(Service.POINTS).transaction() as session:
        assert _scores(session, small_township, case, batches=2) == case.scores
