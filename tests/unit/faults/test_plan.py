"""A seed repeats a plan; every kind of process and every fault has its turn."""

from __future__ import annotations

import pytest

from shared.topology import Kind
from tests.faults.accounting import Count
from tests.faults.journal import Journal, Operation, Told
from tests.faults.plan import KINDS, SHORT, Strike, kinds_of_roles, make_plan
from tests.faults.report import RECOVERY_LIMIT_SECONDS, Struck, is_good, last_line


def test_a_seed_repeats_the_plan_and_another_seed_makes_another() -> None:
    assert make_plan(7, 5) == make_plan(7, 5)
    assert make_plan(7, 5) != make_plan(8, 5)


def test_five_minutes_have_every_fault_once_in_the_order_of_time() -> None:
    plan = make_plan(1, 5)
    assert sorted((each.kind, each.target) for each in plan) == sorted((kind, target) for kind, target, _ in KINDS)
    assert [each.at for each in plan] == sorted(each.at for each in plan)
    assert max(each.at for each in plan) < 300
    assert kinds_of_roles() == {kind.value for kind in Kind}


def test_a_longer_drill_has_more_faults_and_a_short_one_those_that_it_names() -> None:
    assert len(make_plan(1, 10)) == 2 * len(KINDS)
    assert sorted(each.name for each in make_plan(1, 1, only=SHORT)) == sorted(SHORT)
    with pytest.raises(ValueError, match="no such fault: earthquake"):
        make_plan(1, 1, only=("earthquake",))


def test_a_recovery_is_the_first_yes_to_an_attempt_sent_after_the_fault() -> None:
    journal = Journal()
    for sent_at, told in ((9.0, Told.ACKNOWLEDGED), (11.0, Told.REFUSED), (12.0, Told.ACKNOWLEDGED)):
        journal.note(Operation("redeem", "reserve", f"key {sent_at}", told=told, sent_at=sent_at))
        journal.operations[-1].told_at = sent_at + 1
    assert journal.first_after("redeem", 10.0) == 13.0
    assert journal.first_after("events", 10.0) is None


def test_the_last_line_says_the_figures_and_a_late_recovery_is_no_good() -> None:
    quick = Struck(Strike("redis_flush", "", 1.0), 2.0, {"redeem": 0.5, "runs": 12.34})
    assert last_line([quick], Count()) == ("lost 0 doubled 0 overdrawn 0 unreadable 0 faults 1 worst_recovery_s 12.3")
    assert is_good([quick], Count())
    assert not is_good([quick], Count(lost=1))
    late = Struck(Strike("redis_flush", "", 1.0), 2.0, {"runs": RECOVERY_LIMIT_SECONDS + 1})
    never = Struck(Strike("redis_flush", "", 1.0), 2.0, {"runs": None})
    assert not is_good([late], Count())
    assert not is_good([never], Count())
    assert last_line([quick, never], Count()).endswith("worst_recovery_s never")
    assert not is_good([Struck(quick.strike, 2.0, {"runs": 1.0}, error="it did not strike")], Count())
