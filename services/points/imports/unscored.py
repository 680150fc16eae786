"""Rows that nothing scores: the revision that their quarter uses now does not have their line any more.

They would be posted with nothing. As in a review of one event they are not: they wait, and the batch says why.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from services.points.events.finding import WAITING
from services.points.imports.batches import waiting_rows
from shared.models.points import Event, ImportRow, Rule, RuleCode, VillageQuarter

# How the sentence begins; what stands before it in a batch's `problem` was said by the reading.
_BEGIN = "有的行没有记账："
_NAMED = 10


def scored_only(
    session: Session, village_id: int, mine: tuple[ColumnElement[bool], ...]
) -> tuple[ColumnElement[bool], ...]:
    """The condition that leaves out the waiting events among `mine` whose line has gone; none where all have theirs."""
    pairs = select(Event.quarter, Event.rule_id).where(*mine, Event.state.in_(WAITING)).distinct().subquery()
    line = _lines().where(
        VillageQuarter.village_id == village_id,
        VillageQuarter.quarter == pairs.c.quarter,
        Rule.code_id == pairs.c.rule_id,
    )
    gone = session.execute(select(pairs.c.quarter, pairs.c.rule_id).where(~line.exists())).all()
    if not gone:
        return ()
    return (tuple_(Event.quarter, Event.rule_id).not_in([(pair.quarter, pair.rule_id) for pair in gone]),)


def with_unscored(session: Session, import_id: int, said: str) -> str:
    """What a batch says, `said` until now, with the waiting rows that nothing scores and what to do with them."""
    before = said.partition(_BEGIN)[0]
    line = _lines().where(
        VillageQuarter.village_id == Event.village_id,
        VillageQuarter.quarter == Event.quarter,
        Rule.code_id == Event.rule_id,
    )
    left = session.execute(
        select(ImportRow.row_number, RuleCode.code)
        .join(Event, and_(Event.village_id == ImportRow.village_id, Event.id == ImportRow.event_id))
        .join(RuleCode, RuleCode.id == Event.rule_id)
        .where(*waiting_rows(import_id), ~line.exists())
        .order_by(ImportRow.row_number)
    ).all()
    if not left:
        return before
    numbers = "、".join(str(row.row_number) for row in left[:_NAMED]) + (" 等" if len(left) > _NAMED else "")
    codes = "、".join(sorted({row.code for row in left}))
    return (
        f"{before}{_BEGIN}第 {numbers} 行，共 {len(left)} 行。这些行的季度现在采用的细则里没有 {codes}，不能记分。"
        "请在“积分记录”里逐条选“退回”并说明；村里采用了有这一条的细则，也可以再放行一次。"
    )


def _lines() -> Select[int]:
    """Lines of the revisions that villages' quarters use: the township's, and the village's own."""
    return (
        select(Rule.id)
        .join(VillageQuarter, VillageQuarter.rulebook_id == Rule.rulebook_id)
        .where(or_(Rule.village_id.is_(None), Rule.village_id == VillageQuarter.village_id))
    )
