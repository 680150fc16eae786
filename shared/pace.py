"""Pace 进度: how far long work is, told now and then, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from shared.models.base import now

Item = TypeVar("Item")
TELL_SECONDS = 1.0
"""How often work says how far it is: each time is a short transaction."""


class Phase(StrEnum):
    """What is being done to an uploaded workbook."""

    WAITING = "waiting"
    """排队中: no worker has taken it yet."""
    READING = "reading"
    """读表、核对: row by row."""
    WRITING = "writing"
    """写入: one transaction, all or nothing."""
    POSTING = "posting"
    """记账."""
    RESTING = "resting"
    """Nothing is being done."""


def told(items: Iterable[Item], tell: Callable[[], None]) -> Iterator[Item]:
    """The items one by one; `tell` is called when the last time is a second ago."""
    last = time.monotonic()
    for item in items:
        yield item
        if time.monotonic() - last >= TELL_SECONDS:
            tell()
            last = time.monotonic()


def reading_phase(started_at: datetime | None, done: int, total: int) -> Phase:
    """The phase of a workbook that is being read."""
    if started_at is None:
        return Phase.WAITING
    return Phase.WRITING if total and done >= total else Phase.READING


def eta_seconds(started_at: datetime | None, done: int, total: int) -> int | None:
    """How long the rows that are left take at the pace of those that are done; None where nobody can say."""
    if started_at is None or not 0 < done < total:
        return None
    return max(1, round((now() - started_at).total_seconds() / done * (total - done)))
