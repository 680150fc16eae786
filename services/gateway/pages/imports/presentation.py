"""An imported workbook as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.pages.phases import eta_words, phase_words
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, moment_words

Data = Mapping[str, Any]


def import_state(data: Data) -> tuple[str, str]:
    """State in words, and the kind of its tag."""
    return {
        "reading": (_("正在检查"), "main"),
        "checked": (_("只检查，没有导入"), "plain"),
        "declared": (_("等放行"), "soon"),
        "releasing": (_("正在记账"), "main"),
        "released": (_("已放行"), "done"),
        "refused": (_("没有收下"), "late"),
    }[data["state"]]


def import_line(data: Data) -> dict[str, str]:
    """A line of the list."""
    words, kind = import_state(data)
    summary = _(
        "%(when)s　%(total)s 行，新的 %(new)s 行，有错 %(wrong)s 行",
        when=moment_words(data["imported_at"]),
        total=data["total"],
        new=data["new"],
        wrong=data["wrong"],
    )
    return {
        "id": data["id"],
        "file_name": data["file_name"],
        "summary": summary,
        "state_words": words,
        "state_kind": kind,
    }


class ImportPage:
    """What `imports/show.html` shows."""

    def __init__(self, data: Data) -> None:
        self._data = data

    @property
    def id(self) -> str:
        return str(self._data["id"])

    @property
    def file_name(self) -> str:
        return str(self._data["file_name"])

    @property
    def summary(self) -> str:
        return _(
            "%(state)s　%(when)s 交来", state=import_state(self._data)[0], when=moment_words(self._data["imported_at"])
        )

    @property
    def is_moving(self) -> bool:
        return self._data["state"] in {"reading", "releasing"}

    @property
    def done(self) -> int:
        return int(self._data["done"])

    @property
    def total(self) -> int:
        return int(self._data["total"])

    @property
    def progress_words(self) -> str:
        return phase_words(self._data)

    @property
    def eta_words(self) -> str:
        return eta_words(self._data)

    @property
    def is_refused(self) -> bool:
        return bool(self._data["state"] == "refused")

    @property
    def problem(self) -> str:
        return str(self._data["problem"])

    @property
    def counts(self) -> list[tuple[str, str, str, bool]]:
        """Figures of the sheet."""
        rows = [
            (_("表里共"), self.total, ""),
            (_("新的"), self._data["new"], ""),
            (_("以前交过"), self._data["known"], _("不会重复记")),
            (_("有错"), self._data["wrong"], ""),
            (_("已放行"), self._data["released"], ""),
        ]
        return [(label, _("%(n)s 行", n=count), small, False) for label, count, small in rows]

    @property
    def wrong(self) -> int:
        return int(self._data["wrong"])

    @property
    def error_href(self) -> str:
        return f"/api/points/imports/{self.id}/errors.xlsx" if self._data["has_error_workbook"] else ""

    @property
    def errors(self) -> list[Data]:
        return list(self._data["errors"])

    @property
    def sample(self) -> list[dict[str, Any]]:
        """Rows to compare with the paper."""
        return [
            {
                "row": each["row"],
                "household": _("%(name)s（%(n)s号）", name=each["household"], n=each["household_number"]),
                "what": each["rule_code"],
                "when": day_words(each["occurred_on"]),
                "quantity": each["quantity"],
            }
            for each in self._data["sample"]
        ]

    @property
    def waiting(self) -> int:
        return int(self._data["waiting"])

    @property
    def can_release(self) -> bool:
        return bool(self._data["can_release"]) and self._data["state"] == "declared"

    @property
    def waits_for_other(self) -> bool:
        return bool(self._data["is_own"]) and self._data["state"] == "declared" and self.waiting > 0
