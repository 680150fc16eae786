"""Amounts that no ledger can hold: an old event's quantity times what a later revision gives for one.

A line's own limit (`max_quantity`) keeps its events small, but not those recorded under an earlier revision, which may
have counted in another unit. A run looks before it scores, and says which record it is, instead of failing half-way.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from services.points.scoring.lines import lines_of
from shared.amounts import MAXIMUM, format_hundredths
from shared.calendar.speech import say_day
from shared.models.points import Event, EventState, Mode, Rule, Rulebook, RuleCode
from shared.models.registry import Household


def record_beyond_limit(session: Session, village_id: int, moves: Mapping[int, int]) -> str | None:
    """Which posted record of these quarters would come to more than ten million points, and the mend; None for none.

    `moves`: quarter → rulebook id. Records are only read for lines whose points, times the largest quantity that any
    revision has allowed for the code, could reach so far: for nearly every rulebook that is none.
    """
    lines = lines_of(session, village_id, set(moves.values()))
    worth = {
        (quarter, rule): abs(line.points)
        for quarter, target in moves.items()
        for rule, line in lines[target].items()
        if line.mode is Mode.FIXED and line.points
    }
    greatest = session.execute(
        select(Rule.code_id, func.max(Rule.max_quantity).label("quantity"))
        .where(Rule.code_id.in_({rule for _, rule in worth}))
        .group_by(Rule.code_id)
    )
    allowed = {row.code_id: row.quantity for row in greatest}
    suspect = [
        and_(Event.quarter == quarter, Event.rule_id == rule, Event.quantity > MAXIMUM * 100 // points)
        for (quarter, rule), points in worth.items()
        if points * allowed[rule] > MAXIMUM * 100
    ]
    if not suspect:
        return None
    found = session.execute(
        select(Event.quarter, Event.rule_id, Event.occurred_on, Event.quantity, Household.number, Household.head_name)
        .join(Household, Household.id == Event.household_id)
        .where(Event.village_id == village_id, Event.state == EventState.POSTED, or_(*suspect))
        .order_by(Event.id)
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    line = session.execute(
        select(RuleCode.code, Rule.title, Rule.unit, Rule.points, Rulebook.revision)
        .join(RuleCode, RuleCode.id == Rule.code_id)
        .join(Rulebook, Rulebook.id == Rule.rulebook_id)
        .where(Rule.rulebook_id == moves[found.quarter], Rule.code_id == found.rule_id)
        .where(or_(Rule.village_id.is_(None), Rule.village_id == village_id))
        .order_by(Rule.village_id.is_(None))
        .limit(1)
    ).one()
    day = f"{found.occurred_on.year}年{say_day(found.occurred_on)}"
    quantity = format_hundredths(found.quantity)
    return (
        f"{found.number} 号户（{found.head_name}）{day}的“{line.title}”记了 {quantity} {line.unit}，"
        f"按第 {line.revision} 版每{line.unit} {format_hundredths(line.points, sign=True)} 分，一条就超过一千万分。"
        f"数量登记错了，请作废这条记录重新登记；数量没错，请核对条目 {line.code} 的分值和单位，改好后再算。"
    )
