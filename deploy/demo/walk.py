"""`make demo`: the main job without hands, over HTTP against the running system.

python -m deploy.demo.walk [--url http://127.0.0.1:8000] [--size township|county]

Logs in, imports a workbook of events, releases it as a second person, previews, tells the losers, applies, verifies,
and prints a table per village and the times. Starts a system in a folder of its own if none runs (always for the
county), and stops what it started. Exit code 1 with the reason when anything does not add up.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.demo.client import ApiSession, Json, WalkFailed
from deploy.demo.places import VILLAGES
from deploy.demo.registry import TOUR_HOUSEHOLD
from deploy.demo.system import system
from deploy.demo.workbook import events_workbook
from shared.calendar import today

RUN_SECONDS = 1800.0
IMPORTED = 120
"""Rows of the workbook: one for each of the first households of the first village, without the two cadres' own and the
one whose points the tour explains."""


@dataclass(slots=True)
class Walk:
    """The steps, and how long each took."""

    base: str
    times: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """All of it. Raises WalkFailed."""
        cadre, second = ApiSession(self.base, "cadre"), ApiSession(self.base, "cadre2")
        admin, auditor = ApiSession(self.base, "admin"), ApiSession(self.base, "auditor")
        self._timed("导入一张积分记录表 import", lambda: self._import(cadre, second))
        before = self._timed("核验 verify", lambda: self._verify(auditor))
        preview = self._timed("预览 preview", lambda: self._preview(admin))
        applied = self._timed("应用 apply", lambda: self._apply(admin, preview))
        self._compare(preview, applied)
        after = self._timed("再核验 verify again", lambda: self._verify(auditor))
        self._timed("再算一遍，应无差别 nothing left", lambda: self._require_nothing_left(admin))
        self._report(applied, before, after)

    def _timed(self, name: str, step: Callable[[], Any]) -> Any:
        started = time.monotonic()
        value = step()
        self.times[name] = time.monotonic() - started
        return value

    def _import(self, cadre: ApiSession, second: ApiSession) -> None:
        village = VILLAGES[0]
        found = cadre.get(f"/api/intake/households?village={village.code}&limit={IMPORTED + 3}")["items"]
        # Nobody releases points of the own household.
        own = {person.get("/api/session")["household_id"] for person in (cadre, second)}
        households = [each for each in found if each["id"] not in own and each["number"] != TOUR_HOUSEHOLD][:IMPORTED]
        content, rows = events_workbook(village.name, households, today(), f"{datetime.now():%H%M%S}")
        made = cadre.upload("/api/points/imports", "演示积分记录.xlsx", content, {"village": village.code})
        read = cadre.poll(
            f"/api/points/imports/{made['id']}", lambda batch: batch["state"] not in ("reading",), _nothing, 120
        )
        if read["wrong"] or read["new"] != rows:
            raise WalkFailed(f"应导入 {rows} 行，读到 {read['new']} 行，错 {read['wrong']} 行：{read['errors'][:3]}")
        second.post(f"/api/points/imports/{made['id']}/release")
        done = second.poll(
            f"/api/points/imports/{made['id']}", lambda batch: batch["state"] not in ("releasing",), _nothing, 120
        )
        if done["released"] != rows:
            raise WalkFailed(f"应放行 {rows} 行，放行了 {done['released']} 行：{done['errors'][:3] or done['state']}")

    def _preview(self, admin: ApiSession) -> Json:
        run = admin.post("/api/points/recalculations", {"mode": "preview"})
        preview = admin.poll(f"/api/points/recalculations/{run['id']}", _is_over, _bar("预览"), RUN_SECONDS)
        _require(preview["state"] == "done", f"预览没有完成：{preview['errors']}")
        if preview["losers"]:
            admin.post(f"/api/points/recalculations/{run['id']}/notices")
        return preview

    def _apply(self, admin: ApiSession, preview: Json) -> Json:
        run = admin.post("/api/points/recalculations", {"mode": "apply", "preview": int(preview["id"])})
        applied = admin.poll(f"/api/points/recalculations/{run['id']}", _is_over, _bar("重算"), RUN_SECONDS)
        _require(applied["state"] == "done", f"重算没有完成：{applied['errors']}")
        return applied

    def _compare(self, preview: Json, applied: Json) -> None:
        """Nothing happened in between, so that what was shown is what was posted."""
        for name in ("households", "changed", "points_up", "points_down"):
            _require(preview[name] == applied[name], f"预览与结果不一致：{name} {preview[name]} / {applied[name]}")
        _require(applied["changed_since_preview"] == 0, "预览以后有变动。")

    def _verify(self, auditor: ApiSession) -> Json:
        run = auditor.post("/api/points/verifications")
        found = auditor.poll(
            f"/api/points/verifications/{run['id']}",
            lambda answer: answer["finished_at"] is not None,
            _bar("核验"),
            RUN_SECONDS,
        )
        failed = [
            f"{village['name']}：{check['sentence']}"
            for village in found["villages"]
            for check in village["checks"]
            if not check["passed"]
        ]
        _require(not failed and not found["errors"], f"核验没有通过：{failed or found['errors']}")
        return found

    def _require_nothing_left(self, admin: ApiSession) -> None:
        run = admin.post("/api/points/recalculations", {"mode": "preview", "full": True})
        again = admin.poll(f"/api/points/recalculations/{run['id']}", _is_over, _bar("复查"), RUN_SECONDS)
        _require(again["state"] == "done" and again["changed"] == 0, f"重算后仍有 {again['changed']} 条与账本不同。")

    def _report(self, applied: Json, before: Json, after: Json) -> None:
        if not applied["changed"]:
            print("\n没有村在等重算，积分没有变动：这个系统以前已经应用过修订。Nothing waited: it was applied before.")
        print(f"\n{'村':<10}{'户':>8}{'记录':>12}{'改动':>10}{'加分':>14}{'减分':>14}")
        villages = applied["villages"]
        for village in villages[:12]:
            print(
                f"{village['name']:<10}{village['households']:>8,}{village['events']:>12,}{village['changed']:>10,}"
                f"{village['points_up']:>14}{village['points_down']:>14}"
            )
        if len(villages) > 12:
            print(f"…… 另有 {len(villages) - 12} 个村 and {len(villages) - 12} more villages")
        print(
            f"{'合计':<10}{applied['households']:>8,}{applied['events']:>12,}{applied['changed']:>10,}"
            f"{applied['points_up']:>14}{applied['points_down']:>14}"
        )
        rows = [sum(c["rows_covered"] for v in found["villages"] for c in v["checks"]) for found in (before, after)]
        print(f"\n核验通过：两次共查 {sum(rows):,} 行。Ledger and chain verified.\n")
        for name, seconds in self.times.items():
            print(f"  {seconds:7.1f} s  {name}")


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise WalkFailed(sentence)


def _is_over(run: Json) -> bool:
    return str(run["state"]) != "running"


def _nothing(_answer: Json) -> None:
    """No progress to show."""


def _bar(what: str) -> Callable[[Json], None]:
    def show(answer: Json) -> None:
        done, total = answer["done"], answer["total"] or 1
        filled = 30 * done // total
        eta = f" 还需约 {answer['eta_seconds']} 秒" if answer.get("eta_seconds") else ""
        end = "\n" if done == answer["total"] else ""
        if sys.stdout.isatty() or end:
            print(f"\r  {what} [{'#' * filled}{'.' * (30 - filled)}] {done}/{total}{eta}   ", end=end, flush=True)

    return show


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo.walk")
    parser.add_argument("--url", default=None, help="the running system (default: PORT, else the one of this folder)")
    parser.add_argument("--size", choices=("township", "county"), default="township")
    options = parser.parse_args(arguments)
    try:
        with system(options.url, options.size) as base:
            print(f"{base}")
            Walk(base).run()
    except WalkFailed as reason:
        print(f"\n演示没有走通：{reason}", file=sys.stderr)
        return 1
    print("\n全部相符。Everything adds up.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
