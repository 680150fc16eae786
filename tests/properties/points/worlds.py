"""Random rulebooks and events for one village, and the rows that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from services.points.scoring.lines import Line
from shared.models.base import now
from shared.models.points import (
    Adoption,
    CapPeriod,
    Category,
    Mode,
    Once,
    Per,
    Rule,
    Rulebook,
    RulebookState,
    RuleCode,
    RuleStep,
)

RULES = 6
CATEGORIES = ("A", "B", "C")
FIRST_DAY = date(2025, 7, 1)
DAYS = 365
"""Three quarters of 2025/26 and a bit: two calendar years, four quarters."""

Sheet = dict[int, Line]
"""Index of the rule (0..RULES − 1) → line; a missing index is a code that the revision does not have."""


@dataclass(frozen=True)
class Happening:
    """An event before it is recorded: household and rule by index."""

    household: int
    rule: int
    day: date
    quantity: int
    chosen: int | None


_amounts = st.integers(-3000, 3000)
_steps = st.lists(st.tuples(st.sampled_from([100, 200, 300, 450, 1000]), _amounts), min_size=1, max_size=3).map(
    lambda steps: tuple(sorted(dict(steps).items()))
)


@st.composite
def _lines(draw: st.DrawFn, caps: Mapping[str, int | None]) -> Line:
    mode = draw(st.sampled_from(list(Mode)))
    low, high = sorted((draw(_amounts), draw(_amounts)))
    cap = draw(st.none() | st.sampled_from([0, 150, 1000, 4000]))
    category = draw(st.sampled_from(CATEGORIES))
    return Line(
        mode=mode,
        points=draw(_amounts) if mode is Mode.FIXED else None,
        minimum=low if mode is Mode.RANGE else None,
        maximum=high if mode is Mode.RANGE else None,
        per=draw(st.sampled_from(list(Per))) if mode is Mode.TIERED else None,
        cap=cap,
        cap_period=draw(st.sampled_from(list(CapPeriod))) if cap is not None else None,
        once=draw(st.none() | st.none() | st.sampled_from(list(Once))),
        category=category,
        category_cap=caps[category],
        steps=draw(_steps) if mode in (Mode.TIERED, Mode.STEPPED) else (),
    )


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """A random revision."""
    caps = {category: draw(st.none() | st.sampled_from([0, 500, 2500])) for category in CATEGORIES}
    known = draw(st.sets(st.integers(0, RULES - 1), min_size=3))
    return {index: draw(_lines(caps)) for index in sorted(known)}


@st.composite
def revised(draw: st.DrawFn, sheet: Sheet) -> Sheet:
    """The same revision with a few lines, or a category's cap, changed."""
    changed = dict(sheet)
    caps: dict[str, int | None] = dict.fromkeys(CATEGORIES)
    caps |= {line.category: line.category_cap for line in sheet.values()}
    for index in draw(st.sets(st.integers(0, RULES - 1), max_size=2)):
        if index in changed and draw(st.booleans()):
            del changed[index]
        else:
            changed[index] = draw(_lines(caps))
    return changed


happening = st.builds(
    Happening,
    household=st.integers(0, 2),
    rule=st.integers(0, RULES - 1),
    day=st.integers(0, DAYS).map(lambda offset: FIRST_DAY + timedelta(days=offset))
    | st.integers(0, 20).map(lambda offset: FIRST_DAY + timedelta(days=offset)),
    quantity=st.sampled_from([100, 100, 100, 50, 1, 250, 333, 1000]),
    chosen=st.none() | _amounts,
)
"""A random event."""


def happenings(most: int = 40) -> st.SearchStrategy[list[Happening]]:
    """Random events, many of them on few households and days."""
    return st.lists(happening, max_size=most)


def add_codes(session: Session, township_id: int) -> list[int]:
    """Rule ids by index."""
    codes = [RuleCode(township_id=township_id, code=f"R{index}") for index in range(RULES)]
    session.add_all(codes)
    session.flush()
    return [code.id for code in codes]


def add_rulebook(session: Session, township_id: int, revision: int, sheet: Sheet, codes: list[int]) -> int:
    """Store a revision and return its id."""
    rulebook = Rulebook(
        township_id=township_id,
        revision=revision,
        title=f"第{revision}版",
        state=RulebookState.PUBLISHED,
        published_at=now(),
    )
    session.add(rulebook)
    session.flush()
    caps = {line.category: line.category_cap for line in sheet.values()}
    categories = {
        code: Category(rulebook_id=rulebook.id, code=code, name=code, cap_quarter=caps.get(code)) for code in CATEGORIES
    }
    session.add_all(categories.values())
    session.flush()
    for index, line in sheet.items():
        rule = Rule(
            rulebook_id=rulebook.id,
            code_id=codes[index],
            category_id=categories[line.category].id,
            title=f"条目{index}",
            unit="次",
            mode=line.mode,
            points=line.points,
            minimum=line.minimum,
            maximum=line.maximum,
            per=line.per,
            cap=line.cap,
            cap_period=line.cap_period,
            once=line.once,
        )
        session.add(rule)
        session.flush()
        session.add_all(RuleStep(rule_id=rule.id, threshold=at, points=points) for at, points in line.steps)
    session.flush()
    return rulebook.id


def adopt(
    session: Session, village_id: int, rulebook_id: int, from_quarter: int, *, correction_reason: str = ""
) -> None:
    """Record an adoption with a matter; with a reason, as a correction."""
    session.add(
        Adoption(
            village_id=village_id,
            rulebook_id=rulebook_id,
            from_quarter=from_quarter,
            matter_number="村民会议〔2025〕1号",
            correction=bool(correction_reason),
            correction_reason=correction_reason,
        )
    )
    session.flush()
