"""A quarter as its page shows it: four steps, and the one act that comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, moment_words, quarter_words, remaining_words

_ORDER = ("open", "tallied", "published", "closed")


def quarter_state(state: str) -> tuple[str, str]:
    """State in words, and the kind of its tag."""
    return {
        "open": (_("进行中"), "main"),
        "tallied": (_("已统计"), "soon"),
        "published": (_("公示中"), "main"),
        "closed": (_("已定榜"), "done"),
    }[state]


class QuarterPage:
    """What `quarters/show.html` shows."""

    def __init__(self, data: Mapping[str, Any], *, may_act: bool) -> None:
        self._data = data
        self._may_act = may_act

    @property
    def state(self) -> str:
        return str(self._data["state"])

    @property
    def quarter(self) -> str:
        return str(self._data["quarter"])

    @property
    def code(self) -> str:
        return str(self._data["village_code"])

    @property
    def village(self) -> str:
        return str(self._data["village"])

    @property
    def words(self) -> str:
        return quarter_words(self.quarter)

    @property
    def lead(self) -> str:
        return _("按积分细则第 %(n)s 版计分。", n=self._data["revision"])

    @property
    def steps(self) -> list[dict[str, str]]:
        """The quarter's way to the wall."""
        times = {"tallied": "tallied_at", "published": "published_at", "closed": "closed_at"}
        reached = _ORDER.index(self.state)
        titles = (_("进行中：记录和审核"), _("统计：停止记账，列出没审完的"), _("公示：贴榜，听异议"), _("定榜"))
        steps = []
        for index, (name, title) in enumerate(zip(_ORDER, titles, strict=True)):
            state = "done" if index < reached or self.state == "closed" else "now" if index == reached else "next"
            when = moment_words(self._data.get(times.get(name, "")))
            steps.append({"title": title, "state": state, "when": when, "text": ""})
        return steps

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What still stands in the way."""
        rows = []
        if self._data["unreviewed"]:
            rows.append((_("还没审完"), _("%(n)s 条", n=self._data["unreviewed"])))
        if self.state == "published":
            until = self._data["objections_until"]
            rows.append((_("公示到"), _("%(day)s，%(left)s", day=day_words(until), left=remaining_words(until))))
            rows.append((_("没答复的异议"), _("%(n)s 条", n=self._data["open_objections"])))
        return rows

    @property
    def leftovers(self) -> list[dict[str, str]]:
        return [
            {
                "title": each["title"],
                "household": _("%(name)s（%(n)s号）", name=each["household"], n=each["household_number"]),
                "when": day_words(each["occurred_on"]),
            }
            for each in self._data["leftovers"]
        ]

    @property
    def acts(self) -> list[tuple[str, str, str]]:
        """The acts of this state: verb of the API, button, kind."""
        if not self._may_act:
            return []
        return {
            "open": [("tally", _("统计这个季度"), "")],
            "tallied": [("publish", _("公示这张榜"), ""), ("reopen", _("退回继续记账"), "second")],
            "published": [("close", _("定榜"), "")],
            "closed": [],
        }[self.state]

    @property
    def next_title(self) -> str:
        return {"open": _("下一步：统计"), "tallied": _("下一步：公示"), "published": _("下一步：定榜")}[self.state]

    @property
    def next_text(self) -> str:
        return {
            "open": _("季度结束以后才能统计。统计后不再记账；没审完的会列出来，转到下一季。统计错了可以退回。"),
            "tallied": _("公示后榜就不能再改，公示期 7 天，村民可以提异议。还没公示时可以退回继续记账。"),
            "published": _("公示期满、异议都书面答复以后定榜，采纳的异议会在第 2 版上标出。"),
        }[self.state]

    @property
    def board_href(self) -> str:
        if self.state not in {"published", "closed"}:
            return ""
        return url_for("boards.show", quarter=self.quarter, code=self.code)


def done_words(verb: str) -> str:
    """What was done, and how to undo it where that is possible."""
    return {
        "tally": _("已统计。还没公示，错了可以退回继续记账。"),
        "reopen": _("已退回，可以继续记账。"),
        "publish": _("榜已公示，网上和纸上是同一张。请打印一份贴到公开栏。"),
        "close": _("已定榜。"),
    }[verb]
