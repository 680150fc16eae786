"""A demand as the pages draw it: a straight way of six stations, tags, and the acts that are possible now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, due_kind, remaining_words

_WAY = ("waiting", "assigned", "taken", "working", "answered", "closed")
_TAGS = {"answered": "soon", "closed": "done", "withdrawn": "plain", "converted": "plain"}


@dataclass(frozen=True, slots=True)
class ActButton:
    """One act: what the button says, and what it asks for."""

    action: str
    label: str
    explanation: str
    form: str

    @property
    def is_aside(self) -> bool:
        """Ways out of the straight way: they are there, and not in the way."""
        return self.action in {"reopen", "withdraw", "send_back"}


def act_buttons(allowed: list[str], *, inside: bool) -> list[ActButton]:
    """The acts in the order in which they are offered; the first is the main one."""
    buttons = {
        "assign": ActButton("assign", _("派单"), _("选办公室，或者选一个人。"), "assign"),
        "take": ActButton("take", _("接单"), _("接单后，时限内由您办理并答复。"), ""),
        "start": ActButton("start", _("开始办理"), _("告诉群众已经动手办了。"), ""),
        "answer": ActButton("answer", _("答复"), _("写清办得怎么样。公开的话里不要写姓名和电话。"), "answer"),
        "send_back": ActButton("send_back", _("退回并说明原因"), _("不归您管的，写明原因退给派单的人。"), "note"),
        "confirm": ActButton(
            "confirm",
            _("确认办结"),
            _("回访过群众，群众说办好了。") if inside else _("这件事办好了，我满意。"),
            "",
        ),
        "reopen": ActButton("reopen", _("要求重新办理"), _("没有办好的，写明哪里没办好。"), "note"),
        "withdraw": ActButton("withdraw", _("撤回诉求"), _("不用办了，可以撤回。撤回后不能再恢复，可以重新提。"), ""),
    }
    return [buttons[action] for action in allowed if action in buttons]


def tags(demand: dict[str, Any]) -> list[tuple[str, str]]:
    """Words and colours: how long is left for the answer where one is due, and the state."""
    state = (demand["state_words"], _TAGS.get(demand["state"], "main"))
    due = _due_day(demand)
    if due is None:
        return [state]
    return [(remaining_words(due), due_kind(due)), state]


def due_words(demand: dict[str, Any]) -> str:
    """By when an answer is due, or that it has been given; how long is left is said by the tag."""
    if demand.get("answered_on"):
        return _("%(day)s 已答复", day=day_words(demand["answered_on"]))
    due = _due_day(demand)
    if due is None:
        return ""
    words = _("%(day)s 前答复", day=day_words(due))
    if demand.get("due_is_provisional"):
        words += _("（明年的放假安排还没公布，日期可能变动）")
    return words


def timeline(demand: dict[str, Any]) -> list[dict[str, str]]:
    """What has happened, what is going on, and what is still to come."""
    steps = [
        {"title": _("收到诉求"), "when": day_words(demand["received_on"]), "text": "", "state": "done"},
        *(
            {
                "title": step["state_words"],
                "when": " ".join(part for part in (day_words(step["on"]), step["actor_name"]) if part),
                "text": step["note"],
                "state": "done",
            }
            for step in demand.get("steps", [])
        ),
    ]
    state = demand["state"]
    if state in _WAY and state != "closed":
        now = "late" if demand.get("is_overdue") else "now"
        if len(steps) > 1:
            steps[-1]["state"] = now
        else:
            steps.append({"title": demand["state_words"], "when": "", "text": "", "state": now})
        words = {
            "assigned": _("已派单"),
            "taken": _("已接单"),
            "working": _("办理中"),
            "answered": _("已答复待回访"),
            "closed": _("已办结"),
        }
        following = _WAY[_WAY.index(state) + 1 :]
        steps += [{"title": words[each], "when": "", "text": "", "state": "next"} for each in following]
    return steps


def line(demand: dict[str, Any]) -> dict[str, Any]:
    """A demand as a line of a list."""
    return {
        **demand,
        "tags": tags(demand),
        "due_words": due_words(demand),
        "received_words": day_words(demand["received_on"]),
        "short": demand["text"] if len(demand["text"]) <= 60 else demand["text"][:60] + "…",
        "place_words": " ".join(part for part in (demand["village_name"], demand["group_name"]) if part),
    }


def _due_day(demand: dict[str, Any]) -> date | None:
    """The day by which an answer is due, while there is none."""
    waits = demand["state"] in {"waiting", "assigned", "taken", "working"} and not demand.get("answered_on")
    return as_day(demand.get("due_on")) if waits else None


def as_day(text: str | None) -> date | None:
    """An ISO date as a date; None for none, and for what is no date."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
