"""A petition as the pages draw it: tags with words, its way as a timeline, its time limits."""

from __future__ import annotations

from typing import Any

from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, due_kind, remaining_words

_TAGS = {"draft": "late", "delivered": "soon", "concluded": "done", "withdrawn": "plain", "reconciled": "done"}
_WAY = ("registered", "accepted", "delivered", "concluded")
_GRADES = {"satisfied": "done", "basically_satisfied": "done", "dissatisfied": "late"}


def due_tag(due: str | None) -> tuple[str, str]:
    """Words and colour of a due day: `还剩 3 天` amber, `已超 2 天` red; nothing where no limit runs."""
    if not due:
        return "", "plain"
    return remaining_words(due), due_kind(due)


def line(petition: dict[str, Any]) -> dict[str, Any]:
    """A petition as a line of the list."""
    words, kind = due_tag(petition["next_due_on"])
    return {
        **petition,
        "state_tag": _TAGS.get(petition["state"], "main"),
        "due_words": words,
        "due_tag": kind,
        "grade_tag": _GRADES.get(petition["grade"] or "", "plain"),
    }


def clock_rows(clocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The time limits as a table's rows, each with its source and how it stands, in words and colour."""
    return [
        {
            "text": clock["text"],
            "source": clock["source"],
            "started": day_words(clock["started_on"]),
            "due": _due_words(clock),
            "standing": _standing(clock),
        }
        for clock in clocks
    ]


def timeline(detail: dict[str, Any], said: dict[int, str] | None = None) -> list[dict[str, str]]:
    """What was done, by whom and when; what is going on; and what is still to come on the straight way."""
    petition, steps = detail["petition"], detail["steps"]
    drawn = [
        {
            "title": step["action_text"],
            "when": " ".join(part for part in (day_words(step["happened_on"]), step["actor_name"]) if part),
            "text": (said or {}).get(place, ""),
            "state": "done",
        }
        for place, step in enumerate(steps)
    ]
    state = petition["state"]
    if not detail["possible"] or state == "concluded":
        return drawn
    late = due_tag(petition["next_due_on"])[1] == "late"
    words = {"accepted": _("受理或答复"), "delivered": _("办理并送达处理意见"), "concluded": _("办结")}
    titles = [words[each] for each in _WAY[_WAY.index(state) + 1 :]] if state in _WAY else [petition["state_text"]]
    following = [{"title": title, "when": "", "text": "", "state": "next"} for title in titles]
    following[0] |= {"when": remaining_words(petition["next_due_on"]), "state": "late" if late else "now"}
    return drawn + following


def said_at(opened: dict[str, Any]) -> dict[int, str]:
    """What was said at each step, by its place in the history."""
    return {place: "；".join(step["said"]) for place, step in enumerate(opened["steps"])}


def _due_words(clock: dict[str, Any]) -> str:
    words = day_words(clock["due_on"])
    if clock["due_on_rolled"] != clock["due_on"]:
        words = _("%(day)s，遇假日顺延到 %(rolled)s", day=words, rolled=day_words(clock["due_on_rolled"]))
    if clock["extended_days"]:
        words += _("（已延长 %(days)s 天）", days=clock["extended_days"])
    if clock["provisional"]:
        words += _("（那一年的放假安排还没公布，日期可能变动）")
    return words


def _standing(clock: dict[str, Any]) -> tuple[str, str]:
    if clock["satisfied_on"]:
        late = clock["binding"] and clock["satisfied_on"] > clock["due_on_rolled"]
        words = _("%(day)s 完成", day=day_words(clock["satisfied_on"]))
        return (_("%(words)s，超期", words=words), "late") if late else (words, "done")
    words, kind = due_tag(clock["due_on_rolled"])
    if not clock["binding"]:
        return (_("已过期限") if kind == "late" else words, "plain")
    return words, kind
