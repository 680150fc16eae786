"""The demo's two revisions, and the villages that adopted them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
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
from shared.amounts import parse_hundredths
from shared.models.base import now
from shared.models.points import (
    Adoption,
    CapPeriod,
    Category,
    Evidence,
    Expiry,
    Mode,
    Once,
    Per,
    Review,
    Rule,
    Rulebook,
    RulebookState,
    RuleCode,
    RuleStep,
)
from shared.models.registry import DutyKind
from shared.quarters import first_day

MATTER = "村民代表会议决议〔{year}〕3号"
CORRECTING_MATTER = "村民代表会议决议〔{year}〕9号"


def make_first_rulebook(session: Session, made: MadeTownship, first_quarter: int) -> None:
    """Revision 1, published, and adopted by every village from the first quarter of the history on."""
    codes = [RuleCode(township_id=made.id, code=rule.code) for rule in RULES]
    session.add_all(codes)
    session.flush()
    book = _rulebook(session, made, 1, REVISION_1_TITLE, RULES)
    for village in made.villages:
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
    book = _rulebook(session, made, 2, REVISION_2_TITLE, revision_2(), based_on=1)
    for village in made.villages:
        session.add(
            Adoption(
                village_id=village.id,
                rulebook_id=book.id,
                from_quarter=first_quarter,
                matter_number=CORRECTING_MATTER.format(year=day.year),
                matter_on=day,
                correction=True,
                correction_lines=json.dumps(CORRECTED_LINES),
                correction_reason=CORRECTION_REASON,
                adopted_by=village.duties[DutyKind.CADRE][0],
            )
        )
    session.flush()


def _rulebook(
    session: Session,
    made: MadeTownship,
    revision: int,
    title: str,
    rules: Sequence[RuleLine],
    *,
    based_on: int | None = None,
) -> Rulebook:
    admin = made.officials[DutyKind.ADMIN][0]
    book = Rulebook(
        township_id=made.id,
        revision=revision,
        title=title,
        summary=CORRECTION_REASON if based_on else "",
        state=RulebookState.PUBLISHED,
        based_on=based_on,
        created_by=admin,
        published_by=admin,
        published_at=now(),
    )
    session.add(book)
    session.flush()
    categories = {
        line.code: Category(
            rulebook_id=book.id,
            code=line.code,
            name=line.title,
            cap_quarter=_amount(line.cap_quarter),
            position=position,
        )
        for position, line in enumerate(CATEGORIES)
    }
    session.add_all(categories.values())
    session.flush()
    codes = session.scalars(select(RuleCode).where(RuleCode.township_id == made.id))
    ids = {code.code: code.id for code in codes}
    for position, line in enumerate(rules):
        rule = _rule(book.id, categories[line.category].id, ids[line.code], position, line)
        session.add(rule)
        session.flush()
        session.add_all(_steps(rule.id, line))
    session.flush()
    return book


def _rule(rulebook_id: int, category_id: int, code_id: int, position: int, line: RuleLine) -> Rule:
    mode = Mode(line.mode)
    return Rule(
        rulebook_id=rulebook_id,
        code_id=code_id,
        category_id=category_id,
        position=position,
        title=line.title,
        unit=line.unit,
        mode=mode,
        points=_amount(line.points),
        minimum=_amount(line.minimum),
        maximum=_amount(line.maximum),
        per=Per(line.per) if mode is Mode.TIERED else None,
        cap=_amount(line.cap),
        cap_period=CapPeriod(line.cap_period) if line.cap_period else None,
        once=Once(line.once) if line.once else None,
        evidence=Evidence(line.evidence),
        review=Review(line.review),
        expiry=Expiry(line.expires),
        valid_months=line.valid_months,
        common=line.common,
    )


def _steps(rule_id: int, line: RuleLine) -> list[RuleStep]:
    tiers = [(parse_hundredths(at), parse_hundredths(points)) for at, points in line.tiers]
    steps = [(count * 100, parse_hundredths(points)) for count, points in enumerate(line.steps, 1)]
    return [RuleStep(rule_id=rule_id, threshold=at, points=points) for at, points in tiers + steps]


def _amount(text: str | None) -> int | None:
    return None if text is None else parse_hundredths(text)
