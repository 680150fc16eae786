"""Exports of events, in the shape of the import, and the template with its drop-downs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.points.imports.batches import IMPORTERS
from services.points.imports.columns import CARD, COLUMNS, DAY, HEAD, NOTE, NUMBER, QUANTITY, RULE, VILLAGE, WITNESS
from services.points.scoring.quarters import quarter_rows
from shared import audit
from shared.calendar import say_moment, today
from shared.excel import CellKind, ExportColumn, write_template, write_workbook
from shared.identity import Principal, Role
from shared.identity.scope import village_by_code, villages_in_scope
from shared.models.base import now
from shared.models.points import Event, EventState, Rule, RuleCode
from shared.models.registry import Household, Village
from shared.quarters import quarter_of, say_quarter

_STATES = {
    EventState.DECLARED: "待审核",
    EventState.REVIEWED: "待复审",
    EventState.POSTED: "已记账",
    EventState.REJECTED: "未通过",
    EventState.WITHDRAWN: "已撤回",
    EventState.VOIDED: "已作废",
}


def export_events(session: Session, actor: Principal, village_code: str, quarter: int) -> tuple[str, bytes]:
    """Name and content of a workbook with a village's events of a quarter; it says who made it and when."""
    village = village_by_code(session, actor, village_code, *IMPORTERS, Role.AUDITOR)
    kinds = {NUMBER.key: CellKind.INTEGER, QUANTITY.key: CellKind.AMOUNT}
    shown = (VILLAGE, NUMBER, CARD, HEAD, RULE, DAY, QUANTITY, NOTE, WITNESS)
    columns = [ExportColumn(column.header, kinds.get(column.key, CellKind.TEXT)) for column in shown]
    columns += [ExportColumn("内容", width=30), ExportColumn("状态")]
    caption = f"{village.name} {say_quarter(quarter)} 积分记录　导出人：{actor.name}　导出时间：{say_moment(now())}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.xlsx"
        rows = _rows(session, village, quarter)
        count = write_workbook(path, "积分记录", columns, rows, caption=caption)
        content = path.read_bytes()
    audit.record(
        session,
        actor,
        "export_events",
        "quarter",
        f"{village.id}:{quarter}",
        village_id=village.id,
        details={"rows": count},
    )
    return f"{village.name}{say_quarter(quarter)}积分记录.xlsx", content


def _rows(session: Session, village: Village, quarter: int) -> Iterator[tuple[object, ...]]:
    row = quarter_rows(session, village.id).get(quarter)
    lines = select(Rule.code_id, Rule.title).where(
        Rule.rulebook_id == (row.rulebook_id if row else 0),
        or_(Rule.village_id.is_(None), Rule.village_id == village.id),
    )
    titles = {line.code_id: line.title for line in session.execute(lines)}
    events = session.execute(
        select(Event, RuleCode.code, Household.number, Household.card_number, Household.head_name)
        .join(RuleCode, RuleCode.id == Event.rule_id)
        .join(Household, Household.id == Event.household_id)
        .where(Event.village_id == village.id, Event.quarter == quarter)
        .order_by(Event.occurred_on, Event.id)
        .execution_options(yield_per=2000)
    )
    for event, code, number, card, head in events:
        yield (
            village.name,
            number,
            card,
            head,
            code,
            event.occurred_on,
            event.quantity,
            event.note,
            event.witness,
            titles.get(event.rule_id, ""),
            _STATES[event.state],
        )


def events_template(session: Session, actor: Principal) -> bytes:
    """An empty workbook with the villages and rules that the caller may choose from."""
    villages = session.scalars(
        select(Village).where(Village.id.in_(villages_in_scope(actor, *IMPORTERS))).order_by(Village.code)
    ).all()
    running = quarter_of(today())
    rulebooks = {
        row.rulebook_id
        for village in villages
        for quarter, row in quarter_rows(session, village.id).items()
        if quarter == running
    }
    titles = session.scalars(
        select(Rule.title).where(Rule.rulebook_id.in_(rulebooks)).order_by(Rule.position, Rule.id)
    ).all()
    choices = {VILLAGE.key: [village.name for village in villages], RULE.key: list(dict.fromkeys(titles))}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        note = "每行一件事；户号、户卡号、户主至少填一项；日期写成 2026-10-05。"
        write_template(path, "积分记录", COLUMNS, choices=choices, note=note)
        return path.read_bytes()
