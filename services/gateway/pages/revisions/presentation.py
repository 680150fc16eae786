"""A revision as its pages show it: lines with what the lint says beside them, and what differs from the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.pages.rulebooks.presentation import limit_words, needs_words, review_words, worth_words
from services.gateway.pages.wording import _
from services.gateway.pages.words import moment_words, points

Data = Mapping[str, Any]


def state_words(state: str) -> tuple[str, str]:
    """State in words, and the kind of its tag."""
    return {"draft": (_("草稿"), "soon"), "published": (_("已发布"), "done")}[state]


def line_facts(rule: Data, villages: Mapping[str, str]) -> list[str]:
    """What stands under a line's title: worth, limits, proof, review, and where it holds."""
    where = ""
    if rule["village"]:
        where = _("只在%(village)s", village=villages.get(rule["village"], rule["village"]))
    evidence = needs_words(rule)
    needs = "" if (rule["evidence"], rule["expiry"]) == ("none", "never") else _("证明：%(needs)s", needs=evidence)
    common = _("列在常用十条") if rule["common"] else ""
    return [part for part in (worth_words(rule), limit_words(rule), needs, review_words(rule), where, common) if part]


def sections_of(book: Data, findings: Sequence[Data], villages: Mapping[str, str]) -> list[dict[str, Any]]:
    """The categories with their lines, each line with its findings."""
    by_code: dict[str, list[Data]] = {}
    for finding in findings:
        by_code.setdefault(finding["rule_code"], []).append(finding)
    return [
        {
            "code": category["code"],
            "name": category["name"],
            "cap": _("每户每季度加分最多 %(most)s", most=points(category["cap_quarter"]))
            if category["cap_quarter"] is not None
            else "",
            "lines": [
                {
                    "code": rule["code"],
                    "title": rule["title"],
                    "facts": line_facts(rule, villages),
                    "findings": by_code.get(rule["code"], []),
                }
                for rule in book["rules"]
                if rule["category"] == category["code"]
            ],
        }
        for category in book["categories"]
    ]


def changes_between(before: Data, after: Data) -> list[dict[str, str]]:
    """What differs between two revisions, line by line: what stood there, and what stands there now.

    A line differs with its category's name or limit, too.
    """
    old, new = _with_categories(before), _with_categories(after)
    changed = [code for code in [*old, *(code for code in new if code not in old)] if old.get(code) != new.get(code)]
    return [
        {"code": code, "title": (new.get(code) or old[code])["title"], "before": was, "after": now}
        for code in changed
        for was, now in [_apart(old.get(code), new.get(code))]
    ]


def _apart(before: Data | None, after: Data | None) -> tuple[str, str]:
    """Both sides of a changed line: only the parts that differ."""
    if before is None or after is None:
        absent = _("没有这一条")
        return (
            absent if before is None else "；".join(filter(None, _parts(before))),
            absent if after is None else "；".join(filter(None, _parts(after))),
        )
    sides = [(was, now) for was, now in zip(_parts(before), _parts(after), strict=True) if was != now]
    if not sides:
        sides = [(_category(before), _category(after))]
    return "；".join(was or _("没有") for was, _now in sides), "；".join(now or _("没有") for _was, now in sides)


def _parts(rule: Data) -> list[str]:
    return [
        rule["title"],
        worth_words(rule),
        limit_words(rule),
        _("证明：%(needs)s", needs=needs_words(rule)),
        review_words(rule),
        _("一次最多申报 %(most)s %(unit)s", most=rule["max_quantity"], unit=rule["unit"]),
        _("列在常用十条") if rule["common"] else "",
        _("只在 %(village)s", village=rule["village"]) if rule["village"] else "",
    ]


def _category(rule: Data) -> str:
    within = rule["within"]
    if within["cap_quarter"] is None:
        return _("类别“%(name)s”", name=within["name"])
    return _("类别“%(name)s”，每季度加分最多 %(most)s", name=within["name"], most=points(within["cap_quarter"]))


def _with_categories(book: Data) -> dict[str, dict[str, Any]]:
    categories = {category["code"]: category for category in book["categories"]}
    return {rule["code"]: {**rule, "within": categories[rule["category"]]} for rule in book["rules"]}


def book_line(book: Data, users: Sequence[str]) -> dict[str, Any]:
    """A revision in the list, with the villages that score by it."""
    words, kind = state_words(book["state"])
    if book["state"] == "published":
        when = _("%(when)s 发布", when=moment_words(book["published_at"]))
        detail = _("%(when)s；%(villages)s在用", when=when, villages="、".join(users)) if users else when
    else:
        detail = _("还能改；发布以后村里才能采用")
    return {"revision": book["revision"], "title": book["title"], "state": words, "kind": kind, "detail": detail}
