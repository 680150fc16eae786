"""A verification as its page shows it: each check a sentence with a sign, how many rows, how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from services.gateway.pages.operator.presentation import service_words
from services.gateway.pages.verification.chains import ProvedChain
from services.gateway.pages.wording import _
from services.gateway.pages.words import count_words, duration_words, moment_words


def verification_line(data: Mapping[str, Any]) -> dict[str, Any]:
    """An earlier verification in the list."""
    words, kind = {
        "running": (_("正在核验"), "main"),
        "passed": (_("✓ 全部相符"), "done"),
        "failed": (_("✗ 有不符"), "late"),
    }[data["state"]]
    village = data["village"] or _("全乡镇")
    return {
        "href": url_for("verification.show", run_id=data["id"]),
        "title": _("%(when)s　%(village)s", when=moment_words(data["created_at"]), village=village),
        "detail": _("%(who)s 发起，核对了 %(n)s 个村", who=data["by"] or _("系统"), n=data["done"]),
        "state_words": words,
        "state_kind": kind,
    }


def chain_line(chain: ProvedChain) -> dict[str, Any]:
    """A service's audit log: holds, or the first line that does not."""
    rows = count_words(chain.checked)
    if chain.trouble:
        words, sentence = _("没有查成"), chain.trouble
    elif chain.broken_seq is not None:
        words = _("✗ 不符")
        sentence = _(
            "第 %(n)s 行对不上：这一行或它前面的一行被改过、删过或插进来过。请马上告诉运维人员，用备份对照。",
            n=count_words(chain.broken_seq),
        )
    elif not chain.checked:
        words, sentence = _("还没有编号的"), _("这一部分还没有编了号的记录，没有可以核对的。")
    else:
        words, sentence = _("✓ 相符"), _("核对到第 %(rows)s 行，一行不缺，一环扣一环。", rows=rows)
    go_on = chain.go_on_after
    return {
        "name": service_words(chain.service),
        "state_words": words,
        "state_kind": "late" if not chain.holds else "done" if chain.checked else "plain",
        "sentence": sentence,
        "waiting": _("另有 %(n)s 行刚写下，一分钟内编号。", n=chain.unchained) if chain.unchained else "",
        "digest": chain.digest if chain.checked else "",
        "more_href": url_for("verification.audit", service=chain.service.value, after=go_on) if go_on else None,
    }


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
