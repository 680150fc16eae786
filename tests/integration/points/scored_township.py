"""A small township with two revisions of a rulebook, adopted by its villages, and a year of posted events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.events.bulk import ReviewedEvent, record_events_bulk
from shared.models.base import now
from shared.models.points import (
    Adoption,
    CapPeriod,
    Category,
    Entry,
    Mode,
    Review,
    Rule,
    Rulebook,
    RulebookState,
    RuleCode,
)
from shared.quarters import quarter_of
from tests.fixtures.township import SmallTownship

FIRST_QUARTER = quarter_of(date(2026, 1, 1))


@dataclass(frozen=True, slots=True)
class ScoredTownship:
    """Ids of the two revisions and of the rule codes."""

    township: SmallTownship
    first: int
    second: int
    codes: dict[str, int]

    @property
    def villages(self) -> list[int]:
        return [village.id for village in self.township.villages]


def build_scored_township(
    session: Session, township: SmallTownship, *, adopt_second: bool = True, events: bool = True
) -> ScoredTownship:
    """Revision 1 (HELP 2 points, at most 6 a month; CLEAN 1; FINE −3) in force and scored; revision 2 gives HELP 3
    points and takes 5 for FINE, and is adopted as a correction from the same quarter on.
    """
    codes = {}
    for code in ("HELP", "CLEAN", "FINE", "WORK"):
        row = RuleCode(township_id=township.id, code=code)
        session.add(row)
        session.flush()
        codes[code] = row.id
    first = _add_rulebook(session, township, codes, 1, help_points=200, fine_points=-300)
    second = _add_rulebook(session, township, codes, 2, help_points=300, fine_points=-500)
    for village in township.villages:
        session.add(_adoption(village.id, first))
    session.flush()
    for village in township.villages:
        happened = _events(village.households, codes) if events else []
        record_events_bulk(session, village.id, happened, made_by="test")
    scored = ScoredTownship(township, first, second, codes)
    if adopt_second:
        adopt(session, scored)
    return scored


def adopt(session: Session, scored: ScoredTownship) -> None:
    """Both villages adopt the correcting revision."""
    for village_id in scored.villages:
        session.add(_adoption(village_id, scored.second, correction=True))
    session.flush()


def _adoption(village_id: int, rulebook_id: int, *, correction: bool = False) -> Adoption:
    return Adoption(
        village_id=village_id,
        rulebook_id=rulebook_id,
        from_quarter=FIRST_QUARTER,
        matter_number="2026-1",
        matter_on=date(2026, 1, 1),
        correction=correction,
        correction_reason="两处打字错误，现按村民会议通过的文本更正。" if correction else "",
        correction_lines='["HELP", "FINE"]' if correction else "[]",
    )


def _add_rulebook(
    session: Session,
    township: SmallTownship,
    codes: dict[str, int],
    revision: int,
    *,
    help_points: int,
    fine_points: int,
) -> int:
    book = Rulebook(
        township_id=township.id,
        revision=revision,
        title=f"第 {revision} 版",
        state=RulebookState.PUBLISHED,
        published_at=now(),
    )
    session.add(book)
    session.flush()
    category = Category(rulebook_id=book.id, code="A", name="互助")
    capped = Category(rulebook_id=book.id, code="B", name="劳动", cap_quarter=1000)
    session.add_all([category, capped])
    session.flush()
    common = {"rulebook_id": book.id, "unit": "次", "mode": Mode.FIXED, "review": Review.SINGLE}
    session.add_all(
        [
            Rule(
                **common,
                code_id=codes["HELP"],
                category_id=category.id,
                title="帮助邻里",
                points=help_points,
                cap=600,
                cap_period=CapPeriod.MONTH,
            ),
            Rule(**common, code_id=codes["CLEAN"], category_id=category.id, title="打扫门前", points=100),
            Rule(**common, code_id=codes["FINE"], category_id=category.id, title="乱倒垃圾", points=fine_points),
            Rule(**common, code_id=codes["WORK"], category_id=capped.id, title="义务劳动", points=400),
        ]
    )
    session.flush()
    return book.id


def _events(households: tuple[int, ...], codes: dict[str, int]) -> list[ReviewedEvent]:
    events = []
    for index, household in enumerate(households):
        for month in (1, 2, 4, 5):
            events.append(ReviewedEvent(household, codes["HELP"], date(2026, month, 3 + index), 100))
            events.append(ReviewedEvent(household, codes["CLEAN"], date(2026, month, 5), 200))
            events.append(ReviewedEvent(household, codes["WORK"], date(2026, month, 7), 200))
        if index == 0:
            events.append(ReviewedEvent(household, codes["FINE"], date(2026, 2, 9), 300))
    return events


def amounts(session: Session, village_id: int) -> dict[int, int]:
    """What the ledger holds by household."""
    held: dict[int, int] = {}
    for household_id, amount in session.execute(
        select(Entry.household_id, Entry.amount).where(Entry.village_id == village_id)
    ):
        held[household_id] = held.get(household_id, 0) + amount
    return held
