"""Rules in the words that people use for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, points, quarter_words, signed_points

Data = Mapping[str, Any]


def worth_words(rule: Data) -> str:
    """What a line is worth: `每次 +2.00 分`, `满 4.00 小时 +1.00 分 …`."""
    unit = rule["unit"]
    if rule["mode"] == "fixed":
        return _("每%(unit)s %(points)s", unit=unit, points=signed_points(rule["points"]))
    if rule["mode"] == "range":
        return _("%(least)s 到 %(most)s，由审核的人定", least=points(rule["minimum"]), most=points(rule["maximum"]))
    if rule["mode"] == "tiered":
        tiers = "，".join(
            _(
                "满 %(n)s %(unit)s %(points)s",
                n=plain(step["threshold"]),
                unit=unit,
                points=signed_points(step["points"]),
            )
            for step in rule["steps"]
        )
        return _("全年累计%(tiers)s", tiers=tiers) if rule["per"] == "year" else tiers
    return "，".join(
        _("第 %(n)s 次 %(points)s", n=plain(step["threshold"]), points=signed_points(step["points"]))
        for step in rule["steps"]
    )


def limit_words(rule: Data) -> str:
    """Caps and `once`."""
    parts = []
    if rule["cap"] is not None:
        period = {"month": _("每月"), "quarter": _("每季度")}[rule["cap_period"]]
        parts.append(_("每户%(period)s最多 %(points)s", period=period, points=points(rule["cap"])))
    if rule["once"]:
        parts.append({"quarter": _("每季度一次"), "year": _("每年一次"), "ever": _("只算一次")}[rule["once"]])
    return "，".join(parts)


def needs_words(rule: Data) -> str:
    """What a declaration must bring, and how long the points last."""
    needs = {"none": _("不用"), "note": _("写明情况"), "proof": _("照片、材料或证明人")}[rule["evidence"]]
    if rule["expiry"] == "months":
        return _("%(needs)s；%(n)s 个月内有效", needs=needs, n=rule["valid_months"])
    if rule["expiry"] == "year_end":
        return _("%(needs)s；年底前有效", needs=needs)
    return needs


def review_words(rule: Data) -> str:
    """Who looks before it is booked."""
    return {"none": _("不用审"), "single": _("一人审"), "double": _("两人审")}[rule["review"]]


def plain(number: str) -> str:
    """`4` of `4.00`, `0.5` of `0.50`."""
    return number.rstrip("0").rstrip(".") if "." in number else number


def categories_of(book: Data, villages: Mapping[str, str]) -> list[dict[str, Any]]:
    """The book's lines by category, in its order."""
    listed = []
    for category in book["categories"]:
        rules = [rule for rule in book["rules"] if rule["category"] == category["code"]]
        if not rules:
            continue
        caption = category["name"]
        if category["cap_quarter"] is not None:
            most = points(category["cap_quarter"])
            caption = _("%(name)s（每户每季度加分最多 %(most)s）", name=category["name"], most=most)
        listed.append({"caption": caption, "rules": [_line(rule, villages) for rule in rules]})
    return listed


def adoption_line(adoption: Data) -> dict[str, str]:
    """Who adopted what, since when, and by what."""
    if adoption["trial"]:
        matter = _("试行，最多 %(n)s 个季度", n=adoption["trial_quarters"])
    else:
        matter = _("%(number)s（%(day)s）", number=adoption["matter_number"], day=day_words(adoption["matter_on"]))
    if adoption["correction"]:
        matter = _("%(matter)s。更正：%(reason)s", matter=matter, reason=adoption["correction_reason"])
    return {
        "village": adoption["village_name"],
        "revision": _("第 %(n)s 版", n=adoption["revision"]),
        "since": quarter_words(adoption["from_quarter"]),
        "matter": matter,
    }


def kept_lines(book: Data) -> list[dict[str, str]]:
    """Lines that a check has asked about, with the published reason why they stay."""
    titles = {rule["code"]: rule["title"] for rule in book["rules"]}
    return [{"title": titles[each["rule_code"]], "reason": each["reason"]} for each in book["kept"]]


def _line(rule: Data, villages: Mapping[str, str]) -> dict[str, str]:
    title = rule["title"]
    if rule["village"]:
        title = _("%(title)s（只在%(village)s）", title=title, village=villages.get(rule["village"], _("一个村")))
    return {
        "title": title,
        "points": worth_words(rule),
        "limit": limit_words(rule),
        "needs": needs_words(rule),
        "review": review_words(rule),
    }
