"""The sentences of an explanation: what a line is worth, and which cap cut what."""

from __future__ import annotations

from services.points.scoring.amounts import EventAmounts
from services.points.scoring.lines import Line
from shared.amounts import format_hundredths
from shared.models.points import CapPeriod, Event, EventState, Mode, Once, Per

_PERIODS = {CapPeriod.MONTH: "每月", CapPeriod.QUARTER: "每季度"}
_THIS = {CapPeriod.MONTH: "本月", CapPeriod.QUARTER: "本季度"}
_ONCE = {Once.QUARTER: "每季度只记一次", Once.YEAR: "每年只记一次", Once.EVER: "只记一次"}


def describe_line(line: Line, unit: str) -> str:
    """`每人次 +2.00 分，每月最多 6.00 分`."""
    parts = [_worth(line, unit)]
    if line.cap is not None and line.cap_period is not None:
        parts.append(f"{_PERIODS[line.cap_period]}最多 {format_hundredths(line.cap)} 分")
    if line.once is not None:
        parts.append(_ONCE[line.once])
    return "，".join(parts)


def describe_cuts(event: Event, line: Line | None, amounts: EventAmounts, category: str) -> str:
    """How the event's own amount became what the ledger holds; says which limit cut how much."""
    if event.state is EventState.VOIDED:
        return "记录作废后不计分。"
    raw, ruled, scored = (
        format_hundredths(amount, sign=True) for amount in (amounts.raw, amounts.ruled, amounts.scored)
    )
    if line is None:
        return "所以不计分。"
    sentence = f"这次按条目是 {raw} 分"
    if amounts.raw == 0 and line.once is not None:
        return f"{sentence}：这一条{_ONCE[line.once]}，前面已经记过。"
    if amounts.ruled != amounts.raw and line.cap_period is not None and line.cap is not None:
        limit = f"{_THIS[line.cap_period]}这一条最多 {format_hundredths(line.cap)} 分"
        sentence += f"；{limit}，前面的记录已经用去一部分，所以这次只记 {ruled} 分"
    if amounts.scored != amounts.ruled and line.category_cap is not None:
        limit = f"“{category}”一类本季度最多 {format_hundredths(line.category_cap)} 分"
        sentence += f"；{limit}，所以最后记 {scored} 分"
    if amounts.raw == amounts.scored:
        return f"{sentence}，没有碰到上限，全部记入。"
    return f"{sentence}。"


def _worth(line: Line, unit: str) -> str:
    if line.mode is Mode.FIXED:
        return f"每{unit} {format_hundredths(line.points or 0, sign=True)} 分"
    if line.mode is Mode.RANGE:
        low, high = format_hundredths(line.minimum or 0), format_hundredths(line.maximum or 0)
        return f"每{unit} {low} 到 {high} 分，由审核人在范围内定"
    if line.mode is Mode.TIERED:
        tiers = "、".join(
            f"满 {format_hundredths(at).removesuffix('.00')} {unit}记 {format_hundredths(points)} 分"
            for at, points in line.steps
        )
        return f"全年累计{tiers}，只补差额" if line.per is Per.YEAR else tiers
    times = "、".join(f"第 {at // 100} 次 {format_hundredths(points, sign=True)} 分" for at, points in line.steps)
    return f"一年内{times}，以后同最后一档"
