"""One row of a rulebook's workbook as a line, in the words that the export writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from services.points.rulebooks.columns import (
    CAP_PERIODS,
    CODE,
    EVIDENCES,
    EXPIRIES,
    MODES,
    ONCES,
    PERS,
    REVIEWS,
    STEPS,
    VILLAGE,
    YES,
)
from services.points.rulebooks.lines import CODE_FORM, RuleLine, Step
from shared.amounts import parse_hundredths
from shared.excel import Row
from shared.models.points import Evidence, Expiry, Mode, Review

_CHOICES: tuple[tuple[str, Mapping[Any, str], Any], ...] = (
    ("mode", MODES, Mode.FIXED),
    ("per", PERS, None),
    ("cap_period", CAP_PERIODS, None),
    ("once", ONCES, None),
    ("evidence", EVIDENCES, Evidence.NONE),
    ("review", REVIEWS, Review.SINGLE),
    ("expiry", EXPIRIES, Expiry.NEVER),
)
_AMOUNTS = ("points", "minimum", "maximum", "cap", "valid_months")
_DEFAULT_QUANTITY = 100_00


def line_of_row(row: Row, category: str, villages: Mapping[str, int]) -> tuple[RuleLine, dict[str, str]]:
    """The line, and what is wrong with its cells by column. `villages`: names and codes of the township's to ids."""
    errors = dict(row.errors)
    values: dict[str, Any] = {name: row.values[name] for name in _AMOUNTS}
    for name, words, usual in _CHOICES:
        meant = {word: choice for choice, word in words.items()}
        values[name] = meant.get(row.text(name), usual)
    if not re.match(CODE_FORM, row.text(CODE.key)):
        errors.setdefault(CODE.key, "条目编号用 1 到 20 个字母、数字或汉字。")
    try:
        steps = steps_of(row.text(STEPS.key), values["mode"])
    except ValueError:
        steps = ()
        errors.setdefault(STEPS.key, "“各档”写不对：分档写成 4=1；10=3，累次写成 -2；-4（第一次、第二次）。")
    village = row.text(VILLAGE.key)
    if village and village not in villages:
        errors.setdefault(VILLAGE.key, f"没有叫“{village}”的村，请写村名或 12 位代码。")
    quantity = row.values["max_quantity"]
    line = RuleLine(
        code=row.text(CODE.key),
        category=category,
        steps=steps,
        max_quantity=quantity if isinstance(quantity, int) else _DEFAULT_QUANTITY,
        common=row.text("common") == YES,
        village_id=villages.get(village),
        title=row.text("title"),
        unit=row.text("unit"),
        **values,
    )
    return line, errors


def steps_of(text: str, mode: Mode) -> tuple[Step, ...]:
    """`4=1.00；10=3.00` of tiers, `-2.00；-4.00` of the first and second time. Raises ValueError."""
    parts = [part.strip() for part in re.split(r"[；;、，,\n]", text) if part.strip()]
    if mode is Mode.STEPPED:
        return tuple(Step(100 * nth, parse_hundredths(part)) for nth, part in enumerate(parts, 1))
    steps = []
    for part in parts:
        threshold, sign, points = re.sub("[＝:：]", "=", part).partition("=")
        if not sign:
            raise ValueError(part)
        steps.append(Step(parse_hundredths(threshold.strip()), parse_hundredths(points.strip())))
    return tuple(steps)
