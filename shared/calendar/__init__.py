"""Days as the township counts and says them: Shanghai's today, China's working days, lunar dates."""

from shared.calendar.days import (
    SHANGHAI,
    add_days,
    add_working_days,
    day_of,
    is_provisional,
    is_working_day,
    next_working_day,
    today,
)
from shared.calendar.lunar import lunar_day, say_lunar_day
from shared.calendar.speech import say_day, say_moment, say_remaining

__all__ = [
    "SHANGHAI",
    "add_days",
    "add_working_days",
    "day_of",
    "is_provisional",
    "is_working_day",
    "lunar_day",
    "next_working_day",
    "say_day",
    "say_lunar_day",
    "say_moment",
    "say_remaining",
    "today",
]
