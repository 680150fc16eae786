"""A run as its page shows it: words, figures and the chart, made from the service's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.pages.charts import Bar, Chart, horizontal_bars
from services.gateway.pages.wording import _
from services.gateway.pages.words import (
    count_words,
    day_words,
    duration_words,
    moment_words,
    quarters_words,
    signed_points,
)

Data = Mapping[str, Any]


def mode_words(mode: str) -> str:
    """What kind of run it is."""
    return _("预览重算") if mode == "preview" else _("正式重算")


def run_state(state: str) -> tuple[str, str]:
    """State in words, and the kind of its tag."""
    return {
        "running": (_("正在算"), "main"),
        "cancelled": (_("已停下"), "soon"),
        "done": (_("已完成"), "done"),
        "parked": (_("有村搁置"), "late"),
    }[state]


def shard_words(state: str) -> str:
    """How far one village is."""
    return {"waiting": _("排队"), "running": _("正在算"), "done": _("算完"), "parked": _("搁置，要人看")}[state]


def waiting_groups(villages: Sequence[Data]) -> list[dict[str, str]]:
    """Villages that wait for the same change of the same quarters for the same reason, said once for all of them."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for village in villages:
        change = _("第 %(old)s 版 → 第 %(new)s 版", old=village["held_revision"], new=village["adopted_revision"])
        reason = village["reason"] or _("村里采用了新的修订。")
        if village["correction"]:
            reason = _("更正：%(reason)s会减分的户要先收到原因。", reason=reason)
        groups.setdefault((quarters_words(village["quarters"]), change, reason), []).append(village["name"])
    return [
        {"villages": "、".join(names), "quarters": quarters, "change": change, "reason": reason}
        for (quarters, change, reason), names in groups.items()
    ]


@dataclass(frozen=True, slots=True)
class RunPage:
    """What `recalculation/show.html` shows of a run."""

    data: Data

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def is_preview(self) -> bool:
        return bool(self.data["mode"] == "preview")

    @property
    def is_moving(self) -> bool:
        return bool(self.data["state"] == "running")

    @property
    def is_finished(self) -> bool:
        return bool(self.data["state"] == "done")

    @property
    def can_resume(self) -> bool:
        return self.data["state"] in {"cancelled", "parked"}

    @property
    def mode_words(self) -> str:
        return mode_words(self.data["mode"])

    @property
    def heading(self) -> str:
        if self.is_preview:
            return _("预览：重算以后会怎样") if self.is_finished else _("正在计算预览")
        return _("重算的结果") if self.is_finished else _("正在重算")

    @property
    def lead(self) -> str:
        if self.is_preview:
            return _("这里只是计算，还没有改动任何积分。")
        if self.is_finished:
            return _("已经记账。每一户的积分单上都写着哪次重算、为什么。")
        return _("可以离开这一页，它会继续算；回来时接着看。")

    @property
    def facts(self) -> list[tuple[str, str]]:
        """When, who and what was asked."""
        rows = [(_("开始"), moment_words(self.data["created_at"]))]
        if self.data.get("finished_at"):
            rows.append((_("结束"), moment_words(self.data["finished_at"])))
        rows.append((_("季度"), quarters_words(self.data["quarters"])))
        revision = self.data.get("revision")
        rows.append((_("按哪一版"), _("第 %(n)s 版", n=revision) if revision else _("各村采用的那一版")))
        if self.is_preview and self.data.get("expires_at"):
            rows.append((_("保留到"), day_words(self.data["expires_at"])))
        return rows

    @property
    def done(self) -> int:
        return int(self.data["done"])

    @property
    def total(self) -> int:
        return int(self.data["total"])

    @property
    def parked(self) -> int:
        return int(self.data.get("parked", 0))

    @property
    def refusals(self) -> list[Data]:
        """The villages whose score can't be booked, and which record is in the way."""
        return [
            {"village": village["name"], "reason": village["refusal"]}
            for village in self.data["villages"]
            if village.get("refusal")
        ]

    @property
    def progress_words(self) -> str:
        return _("%(total)s 个村，算完 %(done)s 个", total=self.total, done=self.done)

    @property
    def eta_words(self) -> str:
        if not self.is_moving:
            return ""
        eta = self.data.get("eta_seconds")
        return _("还要%(time)s", time=duration_words(eta)) if eta else _("正在估计还要多久")

    @property
    def villages(self) -> Sequence[Data]:
        return list(self.data["villages"])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One line per village."""
        return [
            {
                "code": village["code"],
                "village": village["name"],
                "state_words": shard_words(village["state"]),
                "households": village["households"],
                "events": count_words(village["events"]),
                "up": village["points_up"],
                "down": village["points_down"],
            }
            for village in self.villages
        ]

    @property
    def foot(self) -> dict[str, Any]:
        """The sums under the table."""
        return {
            "village": _("合计"),
            "households": self.households,
            "events": count_words(self.data["events"]),
            "up": self.up,
            "down": self.down,
        }

    @property
    def households(self) -> int:
        """Households with a difference."""
        return int(self.data["households"])

    @property
    def up(self) -> str:
        return str(self.data["points_up"])

    @property
    def down(self) -> str:
        return str(self.data["points_down"])

    @property
    def changed(self) -> int:
        """Differences that are not those of the preview."""
        return int(self.data.get("changed_since_preview") or 0)

    @property
    def chart(self) -> Chart | None:
        """Points up and down by village, as far as there are any."""
        bars = [
            Bar(
                village["name"],
                abs(float(village["points_up"])),
                abs(float(village["points_down"])),
                signed_points(village["points_up"]),
                signed_points(village["points_down"]),
            )
            for village in self.villages
        ]
        if not any(bar.up or bar.down for bar in bars):
            return None
        description = _("每个村一行，加的分向右画，减的分向左画。")
        return horizontal_bars(_("各村加分和减分"), description, bars, headings=(_("村"), _("加分"), _("减分")))

    @property
    def losers(self) -> int | None:
        losers = self.data.get("losers")
        return None if losers is None else int(losers)

    @property
    def notices_sent_at(self) -> str | None:
        return self.data.get("notices_sent_at")

    @property
    def notices_sent(self) -> int:
        return int(self.data.get("notices_sent") or 0)

    @property
    def applied_id(self) -> str | None:
        return self.data.get("applied")

    @property
    def apply_words(self) -> str:
        """What applying does, in figures."""
        return _(
            "%(villages)s 个村 %(households)s 户的积分会变：共加 %(up)s，共减 %(down)s。",
            villages=self.total,
            households=self.households,
            up=signed_points(self.up),
            down=signed_points(self.down),
        )

    @property
    def apply_label(self) -> str:
        """The button: a verb with its object and its size."""
        return _(
            "应用到 %(households)s 户：%(up)s，%(down)s",
            households=self.households,
            up=signed_points(self.up),
            down=signed_points(self.down),
        )

    @property
    def result_words(self) -> str:
        return _(
            "%(villages)s 个村 %(households)s 户的积分已按新细则更正：共加 %(up)s，共减 %(down)s。"
            "更正会列在下一张公示榜上；要撤回，就让村里改回采用的版本，再重算一次。",
            villages=self.total,
            households=self.households,
            up=signed_points(self.up),
            down=signed_points(self.down),
        )
