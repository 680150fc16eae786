"""A board as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from markupsafe import Markup

from services.gateway.pages.qr import qr_svg
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, points, quarter_words


def board_state(board: Mapping[str, Any]) -> tuple[str, str]:
    """State in words, and the kind of its tag."""
    if board["state"] == "closed":
        return _("已定榜"), "done"
    return _("公示中"), "main"


def _on_the_wall(amount: str | None) -> str:
    return "–" if amount is None else points(amount)


class BoardPage:
    """What `boards/show.html` shows."""

    def __init__(self, data: Mapping[str, Any], address: str) -> None:
        self._data = data
        self._address = address

    @property
    def village(self) -> str:
        return str(self._data["village"])

    @property
    def quarter(self) -> str:
        return str(self._data["quarter"])

    @property
    def objection_href(self) -> str:
        return url_for("boards.show_objection", quarter=self.quarter, code=self._data["village_code"])

    @property
    def edition_words(self) -> str:
        edition = _("第 %(n)s 版", n=self._data["edition"])
        return _("%(edition)s（试行）", edition=edition) if self._data["trial"] else edition

    @property
    def note(self) -> str:
        words = _("公布于 %(day)s", day=day_words(self._data["published_at"]))
        if self.objections_open:
            until = day_words(self._data["objections_until"])
            return _("%(words)s；%(until)s 前可以提出异议", words=words, until=until)
        return words

    @property
    def objections_until(self) -> str:
        return str(self._data.get("objections_until") or "")

    @property
    def objections_open(self) -> bool:
        return bool(self._data["objections_open"])

    @property
    def groups(self) -> list[Any]:
        """Groups with their households; a net below zero stands as “–” on the wall."""
        return [
            {"name": group["name"], "rows": [{**row, "points": _on_the_wall(row["points"])} for row in group["rows"]]}
            for group in self._data["groups"]
        ]

    @property
    def red_list(self) -> list[Any]:
        return list(self._data["red_list"])

    @property
    def progress_list(self) -> list[Any]:
        return list(self._data["progress_list"])

    @property
    def sums(self) -> list[dict[str, str]]:
        """Sums by category."""
        return [{"name": each["name"], "points": each["points"]} for each in self._data["category_sums"]]

    @property
    def corrections(self) -> list[dict[str, Any]]:
        """What was booked for earlier quarters, without a sign of fault."""
        return [
            {
                "what": _("%(what)s（%(quarter)s）", what=each["what"], quarter=quarter_words(each["origin_quarter"])),
                "count": each["households"],
                "points": each["points"],
            }
            for each in self._data["corrections"]
        ]

    @property
    def digest(self) -> str:
        return str(self._data["digest"])

    @property
    def qr(self) -> Markup:
        return qr_svg(self._address, _("这张榜的网址"))

    @property
    def seal_lines(self) -> list[str]:
        """What pins the history: the village's last posting at publication."""
        return [
            _("扫码，或在浏览器里输入 %(address)s，看网上的这一张榜，应当和纸上的一样。", address=self._address),
            _("公布时记到第 %(seq)s 批，校验码如下；账以后若被改动，校验码就对不上。", seq=self._data["seq"]),
        ]
