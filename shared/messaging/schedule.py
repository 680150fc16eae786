"""What is due when: the schedule as data, and the slots that follow from it.

A slot is one instant at which a task is due. It becomes one outbox row of the service that receives the message,
unique by (task, slot), so that two schedulers are harmless; of missed slots only the latest becomes a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shared.messages.base import Message
from shared.messages.catalogue import all_messages
from shared.topology import Service

if TYPE_CHECKING:
    from celery.schedules import crontab

ZONE = ZoneInfo("Asia/Shanghai")
# 29 February may be eight years away (1896 to 1904, 2096 to 2104); nothing is due more rarely.
_LONGEST_DAYS = 8 * 366 + 1


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One task that is due by the clock of the township. The message has no required fields."""

    name: str
    """The message's name; each name stands once in the schedule."""
    cron: str
    """minute hour day month weekday, as in crontab, in Asia/Shanghai; a day must fit both day and weekday."""

    @property
    def message(self) -> type[Message]:
        """The class of the message. Raises KeyError when no message has this name."""
        return all_messages()[self.name]

    def slot_key(self, slot: datetime) -> str:
        """What is unique in the outbox: task and slot."""
        return f"{self.name}@{slot.isoformat(timespec='minutes')}"

    def latest_slot(self, present: datetime) -> datetime | None:
        """The last instant that was due at `present` (aware); None when the expression fits no day at all."""
        local = present.astimezone(ZONE).replace(second=0, microsecond=0, tzinfo=None)
        fields = _parse(self.cron)
        for days in range(_LONGEST_DAYS):
            day = local - timedelta(days=days)
            if not _fits(fields, day):
                continue
            latest = (local.hour, local.minute) if days == 0 else (23, 59)
            times = [(hour, minute) for hour in fields.hour for minute in fields.minute if (hour, minute) <= latest]
            if times:
                hour, minute = max(times)
                return day.replace(hour=hour, minute=minute, tzinfo=ZONE)
        return None

    def next_slot(self, present: datetime) -> datetime | None:
        """The first instant after `present` (aware) at which it is due; None when the expression fits no day at all."""
        local = present.astimezone(ZONE).replace(second=0, microsecond=0, tzinfo=None) + timedelta(minutes=1)
        fields = _parse(self.cron)
        for days in range(_LONGEST_DAYS):
            day = local + timedelta(days=days)
            if not _fits(fields, day):
                continue
            earliest = (local.hour, local.minute) if days == 0 else (0, 0)
            times = [(hour, minute) for hour in fields.hour for minute in fields.minute if (hour, minute) >= earliest]
            if times:
                hour, minute = min(times)
                return day.replace(hour=hour, minute=minute, tzinfo=ZONE)
        return None


@lru_cache(maxsize=256)
def _parse(cron: str) -> crontab:
    # Every service can tell what is due when; only who asks loads Celery for it.
    from celery.schedules import crontab

    return crontab.from_string(cron)


def _fits(fields: crontab, day: datetime) -> bool:
    return (
        day.month in fields.month_of_year
        and day.day in fields.day_of_month
        and day.isoweekday() % 7 in fields.day_of_week
    )


def slot_instant(key: str) -> datetime:
    """The instant of `Scheduled.slot_key`."""
    return datetime.fromisoformat(key.rpartition("@")[2])


SCHEDULE: tuple[Scheduled, ...] = (
    *(Scheduled(f"{service}.chain_audit", "* * * * *") for service in Service),
    *(Scheduled(f"{service}.forget_expired", "20 3 * * *") for service in Service),
    *(Scheduled(f"{service}.renew_fields", "30 2 * * 0") for service in Service),
    *(Scheduled(f"{service}.forget_past", "50 3 * * *") for service in Service),
    Scheduled("gateway.forget_logins", "*/30 * * * *"),
    Scheduled("points.sweep_shards", "* * * * *"),
    Scheduled("points.open_quarters", "10 0 * * *"),
    Scheduled("points.lapse_redemptions", "20 0 * * *"),
    # After what was not fetched has gone back.
    Scheduled("points.expire_points", "30 0 1 * *"),
    Scheduled("points.forget_previews", "40 3 * * *"),
    Scheduled("petitions.remind_of_clocks", "30 7 * * *"),
    Scheduled("intake.remind_of_demands", "40 7 * * *"),
)
