"""The table of later years: what the State Council announced for years that the calendar package does not know yet.

One line a day that differs from its weekday: `day,working,name` (`2027-02-06,no,春节`; a make-up Saturday has `yes`).
The deployment's own files lie in `<data folder>/calendar/*.csv` and win over the one that ships with the program.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from shared.settings import settings

SHIPPED = Path(__file__).with_name("later_years.csv")


class UnreadableCalendar(Exception):
    """Raised when a line of the table can't be read; names the file and the line."""


@dataclass(frozen=True, slots=True)
class OfficialDays:
    """Days that work although their weekday does not, and the reverse. A year is covered when it has any."""

    working: dict[date, bool]
    years: frozenset[int]

    def covers(self, year: int) -> bool:
        return year in self.years


def read_official_days(paths: Iterable[Path]) -> OfficialDays:
    """Read tables; a later file wins. Raises UnreadableCalendar."""
    working: dict[date, bool] = {}
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                try:
                    working[date.fromisoformat(row["day"].strip())] = {"yes": True, "no": False}[row["working"].strip()]
                except (KeyError, ValueError, AttributeError) as error:
                    raise UnreadableCalendar(
                        f"{path.name} 第 {number} 行看不懂：应为 day,working,name，例如 2027-02-06,no,春节"
                    ) from error
    return OfficialDays(working, frozenset(day.year for day in working))


def official_days() -> OfficialDays:
    """The tables of this deployment; a changed file is read again."""
    paths = (SHIPPED, *sorted((settings().data_dir / "calendar").glob("*.csv")))
    return _read(tuple((path, path.stat().st_mtime_ns) for path in paths))


@lru_cache(maxsize=4)
def _read(files: tuple[tuple[Path, int], ...]) -> OfficialDays:
    return read_official_days(path for path, _ in files)
