"""How pages say values: points with sign and unit, quarters, days, durations, states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from services.gateway.pages.wording import _
from shared.calendar import day_of, say_day, say_moment, say_remaining, today
from shared.identity import Role
from shared.identity.role_words import ROLE_WORDS
from shared.quarters import format_quarter, parse_quarter

_ORDINALS = "一二三四"


def points(value: str) -> str:
    """`12.50 分` of a decimal string as the API gives it."""
    return _("%(points)s 分", points=value)


def signed_points(value: str) -> str:
    """`+3.00 分`, `-2.00 分`, `0.00 分`."""
    unsigned = value.lstrip("+-")
    if not unsigned.strip("0."):
        return points(unsigned)
    return points(value if value.startswith("-") else f"+{unsigned}")


def direction(value: str) -> str:
    """`up`, `down` or nothing, for the colour that accompanies the sign."""
    if not value.strip("+-0."):
        return ""
    return "down" if value.startswith("-") else "up"


def quarter_words(text: str) -> str:
    """`2026年第三季度` of `2026Q3`."""
    number = parse_quarter(text)
    return _("%(year)s年第%(ordinal)s季度", year=number // 4, ordinal=_ORDINALS[number % 4])


def quarters_words(texts: Sequence[str]) -> str:
    """Several quarters: those that follow each other as `2025年第四季度到2026年第二季度`."""
    runs: list[list[int]] = []
    for number in sorted(parse_quarter(text) for text in texts):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = []
    for run in runs:
        first, last = quarter_words(format_quarter(run[0])), quarter_words(format_quarter(run[-1]))
        said.append(first if len(run) == 1 else _("%(first)s到%(last)s", first=first, last=last))
    return "、".join(said)


def day_in(value: str | date | datetime) -> date:
    """The day of a date, an instant or its ISO text; an instant's day is the township's, never UTC's."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return day_of(value) if isinstance(value, datetime) else value


def day_words(value: str | date | None) -> str:
    """`10月5日 周一` of a date, an instant or its ISO text; nothing of nothing."""
    return say_day(day_in(value)) if value else ""


def moment_words(value: str | datetime | None) -> str:
    """`10月5日 周一 14:05` of an instant or its ISO text."""
    if not value:
        return ""
    return say_moment(value if isinstance(value, datetime) else datetime.fromisoformat(value))


def remaining_words(value: str | date | None) -> str:
    """`还剩 3 天`, `今天到期`, `已超 2 天`."""
    return say_remaining(day_in(value)) if value else ""


def due_kind(value: str | date | None) -> str:
    """The colour of a due day's tag: `late` after it, `soon` in the week before it, else `plain`."""
    if not value:
        return "plain"
    left = day_in(value) - today()
    return "late" if left < timedelta() else "soon" if left <= timedelta(days=7) else "plain"


def duration_words(seconds: float | None) -> str:
    """`约 40 秒`, `约 3 分钟`, `约 2 小时`: how long something still takes, without false exactness."""
    if seconds is None:
        return ""
    whole = max(1, round(seconds))
    if whole < 90:
        return _("约 %(number)s 秒", number=whole)
    if whole < 5400:
        return _("约 %(number)s 分钟", number=round(whole / 60))
    return _("约 %(number)s 小时", number=round(whole / 3600))


def count_words(number: int) -> str:
    """`12,345`: figures of four digits and more are grouped so that they can be read."""
    return f"{number:,}"


def role_words(role: Role) -> str:
    """What people call a role."""
    return _(ROLE_WORDS[role])


FILTERS = {
    "points": points,
    "signed_points": signed_points,
    "direction": direction,
    "quarter_words": quarter_words,
    "day_words": day_words,
    "moment_words": moment_words,
    "remaining_words": remaining_words,
    "due_kind": due_kind,
    "duration_words": duration_words,
    "count_words": count_words,
}
