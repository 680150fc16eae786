"""Reasons: why an event is scored otherwise than before, in the words of the two revisions."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.points.recalculation.targets import moves_of_villages
from services.points.scoring.lines import Line, Lines, lines_of
from shared.amounts import format_hundredths
from shared.models.points import CapPeriod, Mode, Once, Per, Recalculation, Rule, Rulebook, Shard

_CAPS = {CapPeriod.MONTH: "每月", CapPeriod.QUARTER: "每季度"}
_ONCE = {Once.QUARTER: "每季度只记一次", Once.YEAR: "每年只记一次", Once.EVER: "只记一次"}


@dataclass(slots=True)
class Reasons:
    """The revisions of a run's villages and quarters, old and new, and the titles of their lines."""

    held: dict[int, dict[int, int]]
    target: dict[int, dict[int, int]]
    lines: dict[int, dict[int, Lines]]
    titles: dict[tuple[int, int], str]

    @classmethod
    def of_run(cls, session: Session, run: Recalculation, village_ids: Collection[int]) -> Reasons:
        """Read what is needed to explain differences in these villages."""
        shards = session.execute(
            select(Shard.village_id, Shard.moved_from).where(
                Shard.recalculation_id == run.id, Shard.village_id.in_(village_ids)
            )
        )
        held = {village: {int(q): int(r) for q, r in json.loads(moved).items()} for village, moved in shards}
        rulebook = session.get(Rulebook, run.rulebook_id) if run.rulebook_id else None
        target = moves_of_villages(session, list(held), [int(q) for q in json.loads(run.quarters)], rulebook)
        rulebooks = {r for of in (*held.values(), *target.values()) for r in of.values()}
        lines = {village: lines_of(session, village, rulebooks) for village in held}
        titles = {
            (rulebook_id, code_id): title
            for rulebook_id, code_id, title in session.execute(
                select(Rule.rulebook_id, Rule.code_id, Rule.title).where(
                    Rule.rulebook_id.in_(rulebooks), or_(Rule.village_id.is_(None), Rule.village_id.in_(list(held)))
                )
            )
        }
        return cls(held, target, lines, titles)

    def explain(self, village_id: int, quarter: int, rule_id: int) -> tuple[str, str]:
        """Title of the line, and the sentence that says what has changed in it."""
        old_id = self.held.get(village_id, {}).get(quarter, 0)
        new_id = self.target.get(village_id, {}).get(quarter, 0)
        known = self.lines.get(village_id, {})
        old, new = known.get(old_id, {}).get(rule_id), known.get(new_id, {}).get(rule_id)
        title = self.titles.get((new_id, rule_id)) or self.titles.get((old_id, rule_id)) or "（条目已删除）"
        if old == new:
            return title, "这一条没有改；同类别或同一户的其他记录变了，上限内还能记的分随之变动。"
        if new is None:
            return title, f"新的细则没有这一条，原为{describe_line(old)}。" if old else "两版细则都没有这一条。"
        if old is None:
            return title, f"原来的细则没有这一条，现为{describe_line(new)}。"
        if describe_line(old) == describe_line(new):
            return title, "这一条改了类别或类别的上限。"
        return title, f"由“{describe_line(old)}”改为“{describe_line(new)}”。"


def describe_line(line: Line) -> str:
    """What a line is worth, in words: `每次 2.00 分，每月最多 6.00 分`."""
    parts = [_worth(line)]
    if line.cap is not None and line.cap_period is not None:
        parts.append(f"{_CAPS[line.cap_period]}最多 {format_hundredths(line.cap)} 分")
    if line.once is not None:
        parts.append(_ONCE[line.once])
    return "，".join(parts)


def _worth(line: Line) -> str:
    if line.mode is Mode.FIXED:
        return f"每单位 {format_hundredths(line.points or 0, sign=True)} 分"
    if line.mode is Mode.RANGE:
        return f"{format_hundredths(line.minimum or 0)} 到 {format_hundredths(line.maximum or 0)} 分"
    if line.mode is Mode.TIERED:
        tiers = "、".join(f"满 {format_hundredths(at)} 得 {format_hundredths(points)} 分" for at, points in line.steps)
        return ("全年累计" if line.per is Per.YEAR else "") + tiers
    return "、".join(f"第 {at // 100} 次 {format_hundredths(points, sign=True)} 分" for at, points in line.steps)
