"""A revision as a workbook: one row a line, in the words of the pages."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.rulebooks.columns import (
    CAP_PERIODS,
    CODE,
    COLUMNS,
    EVIDENCES,
    EXPIRIES,
    MODES,
    ONCES,
    PERS,
    REVIEWS,
    STEPS,
    TITLE,
    VILLAGE,
    YES,
)
from services.points.rulebooks.lines import CategoryLine, RuleLine, categories_of, rules_of
from shared import audit
from shared.amounts import format_hundredths
from shared.calendar import say_moment
from shared.excel import ExportColumn, write_template, write_workbook
from shared.identity import Principal
from shared.models.base import now
from shared.models.points import Mode, Rulebook
from shared.models.registry import Village

_WIDTHS = {TITLE.key: 48, STEPS.key: 28}


def export_lines(session: Session, actor: Principal, book: Rulebook) -> tuple[str, bytes]:
    """Name and content of a workbook with the revision's lines; it says who made it and when."""
    rules = rules_of(session, book.id)
    categories = {line.code: line for line in categories_of(session, book.id)}
    named = {rule.village_id for rule in rules if rule.village_id is not None}
    villages = {village.id: village.name for village in session.scalars(select(Village).where(Village.id.in_(named)))}
    columns = [ExportColumn(column.header, column.kind, _WIDTHS.get(column.key, 12)) for column in COLUMNS]
    caption = f"{book.title}　第 {book.revision} 版　导出人：{actor.name}　导出时间：{say_moment(now())}"
    rows = [_row(rule, categories, villages) for rule in rules]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.xlsx"
        write_workbook(path, f"第{book.revision}版", columns, rows, caption=caption)
        content = path.read_bytes()
    audit.record(session, actor, "export_rulebook", "rulebook", book.id, details={"lines": len(rows)})
    return f"积分细则第{book.revision}版.xlsx", content


def lines_template(session: Session, actor: Principal) -> bytes:
    """An empty workbook of the same columns, with drop-downs for what is chosen."""
    villages = session.scalars(
        select(Village.name).where(Village.township_id == actor.township_id).order_by(Village.code)
    ).all()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        note = "每行一条。各档：分档写成 4=1；10=3，累次写成 -2；-4（第一次、第二次）。"
        write_template(path, "积分细则", COLUMNS, choices={VILLAGE.key: villages}, note=note)
        return path.read_bytes()


def steps_text(rule: RuleLine) -> str:
    """`4=1.00；10=3.00` of tiers, `-2.00；-4.00` of the first and second time."""
    if rule.mode is Mode.STEPPED:
        return "；".join(format_hundredths(step.points) for step in rule.steps)
    return "；".join(f"{_plain(step.threshold)}={format_hundredths(step.points)}" for step in rule.steps)


def _plain(hundredths: int) -> str:
    return format_hundredths(hundredths).rstrip("0").rstrip(".")


def _row(rule: RuleLine, categories: dict[str, CategoryLine], villages: dict[int, str]) -> list[Any]:
    words = {
        CODE.key: rule.code,
        "category": categories[rule.category].name,
        "category_cap": categories[rule.category].cap_quarter,
        "title": rule.title,
        "unit": rule.unit,
        "mode": MODES[rule.mode],
        "points": rule.points,
        "minimum": rule.minimum,
        "maximum": rule.maximum,
        "per": PERS[rule.per] if rule.per else None,
        "steps": steps_text(rule),
        "cap": rule.cap,
        "cap_period": CAP_PERIODS[rule.cap_period] if rule.cap_period else None,
        "once": ONCES[rule.once] if rule.once else None,
        "evidence": EVIDENCES[rule.evidence],
        "review": REVIEWS[rule.review],
        "expiry": EXPIRIES[rule.expiry],
        "valid_months": rule.valid_months,
        "max_quantity": rule.max_quantity,
        "common": YES if rule.common else None,
        "village": villages[rule.village_id] if rule.village_id is not None else None,
    }
    return [words[column.key] for column in COLUMNS]
