"""A verification as its page shows it: each check a sentence with a sign, how many rows, how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.pages.wording import _
from services.gateway.pages.words import count_words, duration_words, moment_words


class VerificationPage:
    """What `verification/show.html` shows."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    @property
    def id(self) -> str:
        return str(self._data["id"])

    @property
    def is_moving(self) -> bool:
        return bool(self._data["state"] == "running")

    @property
    def passed(self) -> bool:
        return bool(self._data["state"] == "passed")

    @property
    def failed(self) -> bool:
        return bool(self._data["state"] == "failed")

    @property
    def heading(self) -> str:
        return _("正在核验") if self.is_moving else _("核验的结果")

    @property
    def lead(self) -> str:
        return moment_words(self._data["finished_at"] or self._data["created_at"])

    @property
    def done(self) -> int:
        return int(self._data["done"])

    @property
    def total(self) -> int:
        return int(self._data["total"])

    @property
    def progress_words(self) -> str:
        words = _("%(total)s 个村，核验完 %(done)s 个", total=self.total, done=self.done)
        eta = self._data["eta_seconds"]
        return _("%(words)s，还要%(time)s", words=words, time=duration_words(eta)) if eta else words

    @property
    def covered_words(self) -> str:
        rows = sum(check["rows_covered"] for village in self._data["villages"] for check in village["checks"])
        checks = sum(len(village["checks"]) for village in self._data["villages"])
        return _("%(checks)s 项检查，一共核对了 %(rows)s 行。", checks=checks, rows=count_words(rows))

    @property
    def villages(self) -> list[dict[str, Any]]:
        """The checks of each village."""
        return [
            {"name": village["name"], "checks": [self._check(check) for check in village["checks"]]}
            for village in self._data["villages"]
        ]

    @staticmethod
    def _check(check: Mapping[str, Any]) -> dict[str, Any]:
        rows, time = count_words(check["rows_covered"]), count_words(check["milliseconds"])
        effort = _("%(rows)s 行，%(time)s 毫秒", rows=rows, time=time)
        return {"passed": check["passed"], "sentence": check["sentence"], "effort": effort}
