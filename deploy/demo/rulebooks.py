"""The demo's two revisions, and the villages that adopted them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from deploy.demo.registry import MadeTownship
from deploy.demo.rulebook import (
    CATEGORIES,
    CORRECTED_LINES,
    CORRECTION_REASON,
    REVISION_1_TITLE,
    REVISION_2_TITLE,
    RULES,
    RuleLine,
    revision_2,
)
from services.points.ledger.village import prepare_village
from services.points.rulebooks import lines
from services.points.rulebooks.adoption import Decision, Matter, adopt_rulebook
from services.points.rulebooks.corrections import Correction
from services.points.rulebooks.drafts import create_draft, publish_draft
from shared.amounts import parse_hundredths
from shared.identity import Grant, Principal, Role
from shared.models.points import Adoption, CapPeriod, Evidence, Expiry, Mode, Once, Per, Review, Rulebook
from shared.models.registry import DutyKind, Person
from shared.quarters import first_day

MATTER = "村民代表会议决议〔{year}〕3号"
CORRECTING_MATTER = "村民代表会议决议〔{year}〕9号"


def make_first_rulebook(session: Session, made: MadeTownship, first_quarter: int) -> None:
    """Revision 1, published, and adopted by every village from the first quarter of the history on.

    The adoptions are written as they were a year ago: today nobody may adopt backwards.
    """
    book = _published(session, _admin(session, made), REVISION_1_TITLE, "", RULES)
    for village in made.villages:
        prepare_village(session, village.id)
        session.add(
            Adoption(
                village_id=village.id,
                rulebook_id=book.id,
                from_quarter=first_quarter,
                matter_number=MATTER.format(year=first_quarter // 4),
                matter_on=first_day(first_quarter),
                adopted_by=village.duties[DutyKind.CADRE][0],
            )
        )
    session.flush()


def make_corrected_rulebook(session: Session, made: MadeTownship, first_quarter: int, day: date) -> None:
    """Revision 2, adopted as 更正 from the same first quarter: every village waits for a recalculation."""
    admin = _admin(session, made)
    book = _published(session, admin, REVISION_2_TITLE, CORRECTION_REASON, revision_2())
    for village in made.villages:
        decision = Decision(
            village=village.plan.code,
            effective_from=first_day(first_quarter),
            matter=Matter(CORRECTING_MATTER.format(year=day.year), day),
            correction=Correction(CORRECTED_LINES, CORRECTION_REASON),
        )
        adopt_rulebook(session, admin, book, decision)


def _published(session: Session, admin: Principal, title: str, summary: str, rules: Sequence[RuleLine]) -> Rulebook:
    categories = [lines.CategoryLine(line.code, line.title, _amount(line.cap_quarter)) for line in CATEGORIES]
    book = create_draft(
        session, admin, title=title, summary=summary, categories=categories, rules=[_line(rule) for rule in rules]
    )
    return publish_draft(session, admin, book, expected_version=book.version)


def _line(line: RuleLine) -> lines.RuleLine:
    mode = Mode(line.mode)
    tiers = [lines.Step(parse_hundredths(at), parse_hundredths(points)) for at, points in line.tiers]
    steps = [lines.Step(nth * 100, parse_hundredths(points)) for nth, points in enumerate(line.steps, 1)]
    return lines.RuleLine(
        code=line.code,
        category=line.category,
        title=line.title,
        unit=line.unit,
        mode=mode,
        points=_amount(line.points),
        minimum=_amount(line.minimum),
        maximum=_amount(line.maximum),
        per=Per(line.per) if mode is Mode.TIERED else None,
        steps=tuple(tiers + steps),
        cap=_amount(line.cap),
        cap_period=CapPeriod(line.cap_period) if line.cap_period else None,
        once=Once(line.once) if line.once else None,
        evidence=Evidence(line.evidence),
        review=Review(line.review),
        expiry=Expiry(line.expires),
        valid_months=line.valid_months,
        common=line.common,
    )


def _admin(session: Session, made: MadeTownship) -> Principal:
    person = session.get_one(Person, made.officials[DutyKind.ADMIN][0])
    return Principal(
        made.id, actor=f"person:{person.id}", person_id=person.id, name=person.name, grants=(Grant(Role.ADMIN),)
    )


def _amount(text: str | None) -> int | None:
    return None if text is None else parse_hundredths(text)
