"""One line between its form and the API: every mode has its own fields, and only the chosen mode's are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.pages.rulebooks.presentation import plain
from services.gateway.pages.wording import _
from shared.amounts import format_hundredths, parse_hundredths

Line = dict[str, Any]
Values = Mapping[str, str]
Option = tuple[str, str] | tuple[str, str, str]

_LEAST_TIERS, _LEAST_TIMES, _SPARE, _MOST = 4, 3, 2, 30


def mode_options() -> list[Option]:
    """The four modes, each with an example."""
    return [
        ("fixed", _("固定分"), _("每次、每亩、每小时多少分，可以是扣分")),
        ("range", _("区间分"), _("在最低和最高之间，由审核的人定")),
        ("tiered", _("分档"), _("到了哪一档，得哪一档的分")),
        ("stepped", _("累次"), _("同一年里第一次、第二次、第三次各是多少分")),
    ]


def choice_options() -> dict[str, list[Option]]:
    """What the other choices of a line offer, by field."""
    return {
        "per": [("event", _("每次单独看")), ("year", _("全年累计着看"))],
        "cap_period": [("", _("没有上限")), ("month", _("每月")), ("quarter", _("每季度"))],
        "once": [
            ("", _("不限次数")),
            ("quarter", _("每季度一次")),
            ("year", _("每年一次")),
            ("ever", _("只算一次")),
        ],
        "evidence": [("none", _("不用")), ("note", _("写明情况")), ("proof", _("照片、材料或证明人"))],
        "review": [("single", _("一人审")), ("double", _("两人审")), ("none", _("不用审"))],
        "expiry": [("never", _("一直有效")), ("months", _("过几个月到期")), ("year_end", _("年底到期"))],
    }


def empty_values(category: str) -> dict[str, str]:
    """A new line's form."""
    return {"mode": "fixed", "category": category, "max_quantity": "100", "review": "single", "evidence": "none"}


def values_of(line: Mapping[str, Any]) -> dict[str, str]:
    """A line as its form shows it."""
    simple = ("code", "category", "title", "unit", "mode", "per", "cap_period", "once", "evidence", "review", "expiry")
    values = {name: line[name] or "" for name in simple}
    values["village"] = line["village"] or ""
    values["common"] = "yes" if line["common"] else ""
    values["valid_months"] = str(line["valid_months"] or "")
    for name in ("points", "minimum", "maximum", "cap", "max_quantity"):
        values[name] = plain(line[name]) if line[name] is not None else ""
    for place, step in enumerate(line["steps"], 1):
        if line["mode"] == "tiered":
            values[f"from_{place}"], values[f"tier_{place}"] = plain(step["threshold"]), plain(step["points"])
        else:
            values[f"time_{place}"] = plain(step["points"])
    return values


def rows_of(values: Values) -> dict[str, list[int]]:
    """How many tiers and times the form offers: those that are filled, and two more."""
    return {
        "tiers": list(range(1, _offered(values, ("from", "tier"), _LEAST_TIERS) + 1)),
        "times": list(range(1, _offered(values, ("time",), _LEAST_TIMES) + 1)),
    }


def _offered(values: Values, names: tuple[str, ...], least: int) -> int:
    filled = [place for place in range(1, _MOST + 1) for name in names if values.get(f"{name}_{place}", "").strip()]
    return min(max(least, max(filled, default=0) + _SPARE), _MOST)


def line_of(form: Values) -> Line:
    """The line that a form describes, as the API takes it; what the chosen mode has no use for is left out."""
    mode = form.get("mode", "")
    expiry = form.get("expiry") or "never"
    cap_period = form.get("cap_period") or None
    return {
        "code": _text(form, "code"),
        "category": _text(form, "category"),
        "title": _text(form, "title"),
        "unit": _text(form, "unit"),
        "mode": mode,
        "points": _amount(form, "points") if mode == "fixed" else None,
        "minimum": _amount(form, "minimum") if mode == "range" else None,
        "maximum": _amount(form, "maximum") if mode == "range" else None,
        "per": (form.get("per") or "event") if mode == "tiered" else None,
        "steps": [{"threshold": threshold, "points": points} for _place, threshold, points in _steps(form, mode)],
        "cap": _amount(form, "cap"),
        "cap_period": cap_period,
        "once": form.get("once") or None,
        "evidence": form.get("evidence") or "none",
        "review": form.get("review") or "single",
        "expiry": expiry,
        "valid_months": _months(form) if expiry == "months" else None,
        "max_quantity": _amount(form, "max_quantity") or "100.00",
        "common": form.get("common") == "yes",
        "village": form.get("village") or None,
    }


def faults_of(form: Values) -> dict[str, list[str]]:
    """What can't be sent at all: no mode, months that are no number."""
    found: dict[str, list[str]] = {}
    if form.get("mode", "") not in {option[0] for option in mode_options()}:
        found["mode"] = [_("请选一种计分方式。")]
    months = _text(form, "valid_months")
    if form.get("expiry") == "months" and months and not (months.isascii() and months.isdigit() and len(months) < 4):
        found["valid_months"] = [_("有效月数是 1 到 120 的整数。")]
    return found


def field_names(form: Values) -> dict[str, str]:
    """The API's names of a line's parts → the form's fields, as far as they differ."""
    mode = form.get("mode", "")
    amounts = {"fixed": "points", "range": "minimum", "tiered": "tiers", "stepped": "times"}[mode]
    steps = "times" if mode == "stepped" else "tiers"
    same = ("code", "category", "title", "unit", "mode", "minimum", "maximum", "per", "cap", "cap_period", "once")
    rest = ("evidence", "review", "expiry", "valid_months", "max_quantity", "village")
    names = {name: name for name in (*same, *rest)} | {"points": amounts, "steps": steps}
    for number, (place, _threshold, _points) in enumerate(_steps(form, mode)):
        if mode == "stepped":
            names[f"steps.{number}.points"] = f"time_{place}"
        else:
            names[f"steps.{number}.threshold"] = f"from_{place}"
            names[f"steps.{number}.points"] = f"tier_{place}"
    return names


def _steps(form: Values, mode: str) -> list[tuple[int, str, str]]:
    """Row of the form, threshold, points; rows that are left empty between others count, later ones do not."""
    if mode == "tiered":
        rows = [
            (place, _amount(form, f"from_{place}") or "", _amount(form, f"tier_{place}") or "") for place in _rows()
        ]
        return [row for row in rows if row[1] or row[2]]
    if mode == "stepped":
        times = [(place, f"{place}.00", _amount(form, f"time_{place}") or "") for place in _rows()]
        last = max((place for place, _nth, points in times if points), default=0)
        return times[:last]
    return []


def _rows() -> range:
    return range(1, _MOST + 1)


def _text(form: Values, name: str) -> str:
    return form.get(name, "").strip()


def _amount(form: Values, name: str) -> str | None:
    """An amount with two decimals; what is none goes as it was typed, for the service to say so."""
    typed = _text(form, name).replace("＋", "+").replace("－", "-").replace("−", "-").replace("．", ".")
    if not typed:
        return None
    try:
        return format_hundredths(parse_hundredths(typed))
    except ValueError:
        return typed


def _months(form: Values) -> int | None:
    months = _text(form, "valid_months")
    return int(months) if months else None
