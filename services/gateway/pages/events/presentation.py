"""Events as lists and forms show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.pages.rulebooks.presentation import plain
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, moment_words, points, signed_points

Data = Mapping[str, Any]
WAITING = frozenset({"declared", "reviewed"})


def event_state(state: str) -> tuple[str, str]:
    """State in words, and the kind of its tag."""
    return {
        "declared": (_("待审核"), "soon"),
        "reviewed": (_("已初审，待复审"), "soon"),
        "posted": (_("已记账"), "done"),
        "rejected": (_("未通过"), "plain"),
        "withdrawn": (_("已撤回"), "plain"),
        "voided": (_("已作废"), "plain"),
    }[state]


def title_of(event: Data) -> str:
    """What was done, by its line's wording."""
    return str(event["title"] or event["rule"])


def household_words(event: Data) -> str:
    """Whose it is."""
    return _("%(name)s 户（%(n)s号）", name=event["head_name"], n=event["household_number"])


def quantity_words(event: Data) -> str:
    """How many, and what it is worth where that is known."""
    words = _("%(n)s %(unit)s", n=plain(event["quantity"]), unit=event["unit"] or "")
    if event["points"] is not None:
        return f"{words}　{signed_points(event['points'])}"
    return words


def flags_of(event: Data) -> list[str]:
    """What a reviewer should look at twice."""
    if event["same_photo"]:
        return [_("这张照片在另外 %(n)s 条记录里也用过，请看清楚", n=event["same_photo"])]
    return []


def event_line(event: Data, *, may_review: bool, may_void: bool, may_withdraw: bool) -> dict[str, Any]:
    """A line of the list. `may_withdraw`: this person has declared it."""
    words, kind = event_state(event["state"])
    origin = _("%(who)s %(when)s 申报", who=event["declarer"] or _("系统"), when=moment_words(event["declared_at"]))
    return {
        "id": event["id"],
        "title": title_of(event),
        "household": household_words(event),
        "occurred_on": event["occurred_on"],
        "quantity_words": quantity_words(event),
        "origin": origin,
        "note": event["note"] or event["state_reason"] or "",
        "flags": flags_of(event),
        "state_words": words,
        "state_kind": kind,
        "can_review": may_review and not may_withdraw and event["state"] in WAITING,
        "can_withdraw": may_withdraw and event["state"] == "declared",
        "can_void": may_void and event["state"] == "posted",
    }


def event_facts(event: Data) -> list[tuple[str, str]]:
    """What a reviewer compares with what they know."""
    rows = [
        (_("哪一天"), day_words(event["occurred_on"])),
        (_("多少"), quantity_words(event)),
        (_("说明"), event["note"] or _("没有写")),
        (_("证明人"), event["witness"] or _("没有写")),
        (_("谁申报"), _who(event["declarer"], event["declared_at"])),
    ]
    if event["reviewer"]:
        rows.append((_("谁初审"), _who(event["reviewer"], event["reviewed_at"])))
    return rows


def _who(name: str | None, moment: str | None) -> str:
    return _("%(who)s，%(when)s", who=name or _("系统"), when=moment_words(moment))


def evidence_words(event: Data) -> str:
    """What is attached: `photo`, `scan` or nothing."""
    kind = event["evidence_type"]
    return "" if kind is None else "photo" if kind.startswith("image/") else "scan"


def twin_line(event: Data) -> str:
    """Another event with the same photo."""
    return _(
        "%(household)s，%(day)s，%(title)s，%(state)s",
        household=household_words(event),
        day=day_words(event["occurred_on"]),
        title=title_of(event),
        state=event_state(event["state"])[0],
    )


def range_words(event: Data) -> str:
    """For a line whose amount the reviewer chooses: between what."""
    if event["mode"] != "range":
        return ""
    return _("在 %(least)s 到 %(most)s 之间。", least=points(event["minimum"]), most=points(event["maximum"]))
