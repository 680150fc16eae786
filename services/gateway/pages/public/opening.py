"""Today's opening and reception in words, from what the township wrote in its settings.

Settings used: `opening_hours`, `reception_hours`, `reception_place` (texts), `reception_weekdays` (1 = Monday … 7);
beside them the page shows `reception_phone` and `store_hours`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.gateway.pages.wording import _
from shared.calendar import add_days, is_working_day, next_working_day, say_day

_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Opening:
    """Two sentences for the public page; an empty one when the township has not said."""

    office: str
    reception: str


def opening_on(day: date, settings: Mapping[str, Any]) -> Opening:
    """What is open on `day`; on a day of rest, the next working day."""
    return Opening(_office(day, str(settings.get("opening_hours", ""))), _reception(day, settings))


def _office(day: date, hours: str) -> str:
    if not hours:
        return ""
    if is_working_day(day):
        return _("今天（%(day)s）上班：%(hours)s", day=say_day(day), hours=hours)
    following = next_working_day(add_days(day, 1))
    return _("今天（%(day)s）休息，%(next)s 上班：%(hours)s", day=say_day(day), next=say_day(following), hours=hours)


def _reception(day: date, settings: Mapping[str, Any]) -> str:
    weekdays = sorted(int(number) for number in settings.get("reception_weekdays", ()))
    hours, place = str(settings.get("reception_hours", "")), str(settings.get("reception_place", ""))
    where = " ".join(word for word in (hours, place) if word)
    if not where:
        return ""
    if not weekdays:
        return _("领导接访：%(where)s", where=where)
    if day.isoweekday() in weekdays and is_working_day(day):
        return _("今天有领导接访：%(where)s", where=where)
    words = "、".join(_WEEKDAYS[number - 1] for number in weekdays)
    return _("领导接访：每周%(weekdays)s %(where)s", weekdays=words, where=where)
