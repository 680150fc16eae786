"""A statement as its page shows it: large balance, entries by month, each with its why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import url_for

from services.gateway.pages.rulebooks.presentation import plain
from services.gateway.pages.wording import _
from services.gateway.pages.words import day_words, points, quarter_words, signed_points
from shared.amounts import format_hundredths, parse_hundredths
from shared.calendar import day_of

Data = Mapping[str, Any]


def kind_words(kind: str) -> str:
    """What kind of entry it is, where that is not a plain award."""
    return {
        "award": "",
        "adjustment": _("更正"),
        "redemption": _("兑换"),
        "refund": _("退货退回"),
        "expiry": _("到期"),
        "opening": _("期初"),
        "transfer": _("转户"),
    }[kind]


@dataclass(frozen=True, slots=True)
class StatementPage:
    """What `households/statement.html` shows. `explained`: explanations by event."""

    account: Data
    entries: Sequence[Data]
    explained: Mapping[str, Data]
    quarter: str | None
    next_cursor: str | None
    staff: bool

    def variables(self) -> dict[str, Any]:
        """The template's variables."""
        account = self.account
        place = _(
            "%(village)s %(group)s %(n)s号", village=account["village"], group=account["group"], n=account["number"]
        )
        return {
            "staff": self.staff,
            "household": {"name": account["head_name"], "place": place},
            "figures": self._figures(),
            "account_notice": self._notice(),
            "months": self._months(),
            "without_points": self._without_points(),
            "quarters": self._quarters(),
            "next_href": self._href(self.quarter, self.next_cursor) if self.next_cursor else None,
        }

    def _figures(self) -> list[tuple[str, str, str, bool]]:
        account = self.account
        held = ""
        if parse_hundredths(account["reserved"]):
            balance, reserved = points(account["balance"]), points(account["reserved"])
            held = _("余额 %(balance)s，其中 %(reserved)s 已为兑换留着", balance=balance, reserved=reserved)
        figures = [(_("可用积分"), points(account["available"]), held, True)]
        if account["quarters"]:
            newest = max(account["quarters"], key=lambda each: str(each["quarter"]))
            figures.append(
                (quarter_words(newest["quarter"]), signed_points(newest["points"]), _("这个季度记的分"), False)
            )
        return figures

    def _notice(self) -> str:
        if self.account["balance"].startswith("-"):
            return _("余额现在是负的。以后得的分先补上，补够以后才能兑换；公示榜上只写“–”。")
        return ""

    def _months(self) -> list[dict[str, Any]]:
        """Entries by month, the newest first: awards by the day of the deed, all others by the day of booking."""
        by_month: dict[tuple[int, int], list[Data]] = {}
        for entry in self.entries:
            by_month.setdefault(_month_of(entry), []).append(entry)
        months = []
        for month, entries in sorted(by_month.items(), reverse=True):
            total = format_hundredths(sum(parse_hundredths(entry["amount"]) for entry in entries))
            label = _("%(year)s年%(month)s月", year=month[0], month=month[1])
            months.append({"label": label, "total": total, "entries": [self._entry(entry) for entry in entries]})
        return months

    def _without_points(self) -> list[dict[str, Any]]:
        """Deeds that earned nothing, with their why: a limit was reached, or the record was voided."""
        return [
            {
                "id": f"event-{event['event']}",
                "title": event["title"],
                "amount": "0.00",
                "when": day_words(event["occurred_on"]),
                "kind_words": "",
                "why": event["sentences"],
                "facts": [],
            }
            for event in self.explained.values()
            if event["state"] == "posted" and not event["changes"]
        ]

    def _entry(self, entry: Data) -> dict[str, Any]:
        booked = day_words(day_of(datetime.fromisoformat(entry["booked_at"])))
        happened = day_words(entry["occurred_on"])
        when = happened if happened == booked else _("%(day)s 的事，%(booked)s 记账", day=happened, booked=booked)
        return {
            "id": entry["id"],
            "title": entry["title"],
            "amount": entry["amount"],
            "when": when,
            "kind_words": kind_words(entry["kind"]),
            "why": self._why(entry),
            "facts": self._facts(entry),
        }

    def _why(self, entry: Data) -> list[str]:
        explanation = self.explained.get(entry["event"] or "")
        if explanation is None:
            sentences = [_("%(title)s，%(amount)s。", title=entry["title"], amount=signed_points(entry["amount"]))]
            return sentences + [words for words in (entry["reason"], entry["note"]) if words]
        return list(explanation["sentences"])

    def _facts(self, entry: Data) -> list[tuple[str, str]]:
        """The numbers behind the sentences: what the line gives, what caps left, and every booking since."""
        explanation = self.explained.get(entry["event"] or "")
        if explanation is None:
            return []
        unit = explanation["unit"]
        rows = [
            (_("条目"), _("第 %(n)s 版：%(words)s", n=explanation["revision"], words=explanation["wording"])),
            (_("数量"), _("%(n)s %(unit)s", n=plain(explanation["quantity"]), unit=unit)),
            (_("按条目得"), signed_points(explanation["raw"])),
        ]
        if explanation["ruled"] != explanation["raw"]:
            rows.append((_("条目上限后"), signed_points(explanation["ruled"])))
        if explanation["scored"] != explanation["ruled"]:
            rows.append((_("类别上限后"), signed_points(explanation["scored"])))
        rows.append((_("最后得"), signed_points(explanation["scored"])))
        if explanation["note"]:
            rows.append((_("说明"), explanation["note"]))
        if len(explanation["changes"]) > 1:
            rows.extend((day_words(change["booked_on"]), change["sentence"]) for change in explanation["changes"])
        return rows

    def _quarters(self) -> list[tuple[str, str, bool]]:
        quarters = [(_("全部"), self._href(None), self.quarter is None)]
        for each in sorted(self.account["quarters"], key=lambda each: str(each["quarter"]), reverse=True):
            words = _("%(quarter)s　%(sum)s", quarter=quarter_words(each["quarter"]), sum=signed_points(each["points"]))
            quarters.append((words, self._href(each["quarter"]), self.quarter == each["quarter"]))
        return quarters

    def _href(self, quarter: str | None, cursor: str | None = None) -> str:
        if self.staff:
            household = self.account["household"]
            return url_for("households.statement", household_id=household, quarter=quarter, cursor=cursor)
        return url_for("households.own", quarter=quarter, cursor=cursor)


def _month_of(entry: Data) -> tuple[int, int]:
    if entry["kind"] == "award":
        day = date.fromisoformat(entry["occurred_on"])
    else:
        day = day_of(datetime.fromisoformat(entry["booked_at"]))
    return day.year, day.month
