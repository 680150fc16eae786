"""Recoveries are timed from the fault's end, and whatever did not go well fails the drill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.accounting import Count
from tests.faults.journal import Journal, Operation, Told
from tests.faults.plan import Strike
from tests.faults.probes import QUESTIONS, Probe, slowest_queue
from tests.faults.report import RECOVERY_LIMIT_SECONDS, Struck, failures, last_line

FLUSH = Strike("redis_flush", "", 1.0)
MOMENT = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
QUICK = Struck(FLUSH, recovered={"redeem": 0.5, "runs": 12.34})


def after(seconds: float) -> datetime:
    return MOMENT + timedelta(seconds=seconds)


def test_a_recovery_is_the_first_yes_to_an_attempt_sent_after_the_fault() -> None:
    journal = Journal()
    for sent_at, told in ((9.0, Told.ACKNOWLEDGED), (11.0, Told.REFUSED), (12.0, Told.ACKNOWLEDGED)):
        journal.note(Operation("redeem", "reserve", f"key {sent_at}", told=told, sent_at=sent_at))
        journal.operations[-1].told_at = sent_at + 1
    assert journal.first_after("redeem", 10.0) == 13.0
    assert journal.first_after("events", 10.0) is None


def test_the_queues_are_back_when_the_slowest_has_handled_a_message_made_after_the_fault() -> None:
    before = [Probe(queue, "a", after(-1), after(9)) for queue in QUESTIONS]
    behind = [Probe(queue, "b", after(1), after(2 + place)) for place, queue in enumerate(QUESTIONS)]
    assert slowest_queue([*before, *behind], MOMENT) == 1 + len(QUESTIONS)
    assert slowest_queue([*before, *behind[:-1]], MOMENT) is None
    assert slowest_queue([*before, *behind[:-1], Probe(behind[-1].queue, "c", after(1))], MOMENT) is None


def test_the_last_line_says_the_figures() -> None:
    assert last_line([QUICK], Count()) == "lost 0 doubled 0 overdrawn 0 unreadable 0 faults 1 worst_recovery_s 12.3"
    never = Struck(FLUSH, recovered={"runs": None})
    assert last_line([QUICK, never], Count(lost=2)) == (
        "lost 2 doubled 0 overdrawn 0 unreadable 0 faults 2 worst_recovery_s never"
    )


def test_all_well_is_good() -> None:
    assert failures([QUICK], Count()) == []


@pytest.mark.parametrize("figure", ["lost", "doubled", "overdrawn", "unreadable", "broken"])
def test_each_figure_fails_the_drill(figure: str) -> None:
    count = Count()
    count.add(figure, "something")
    assert len(failures([QUICK], count)) == 1


@pytest.mark.parametrize(
    "struck",
    [
        Struck(FLUSH, recovered={"runs": RECOVERY_LIMIT_SECONDS + 1}),
        Struck(FLUSH, recovered={"runs": None}),
        Struck(FLUSH, errors=["not seen: 12 keys gone"], recovered={"runs": 1.0}),
    ],
)
def test_a_late_recovery_none_at_all_and_a_fault_that_nobody_felt_fail_the_drill(struck: Struck) -> None:
    assert len(failures([struck], Count())) == 1
