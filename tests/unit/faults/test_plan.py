"""A seed repeats a plan; every kind of process and every fault has its turn."""

from __future__ import annotations

from collections import Counter

import pytest

from shared.topology import ROLES, Kind
from tests.faults.faults import FAULTS
from tests.faults.plan import KINDS, SHORT, kinds_of_roles, make_plan


def test_a_seed_repeats_the_plan_and_another_seed_makes_another() -> None:
    assert make_plan(7, 5) == make_plan(7, 5)
    assert make_plan(7, 5) != make_plan(8, 5)


def test_five_minutes_have_every_fault_once_in_the_order_of_time() -> None:
    plan = make_plan(1, 5)
    assert Counter(each.kind for each in plan) == Counter(kind for kind, _, _ in KINDS)
    assert {each.target for each in plan if each.kind == "kill"} == set(ROLES)
    assert [each.at for each in plan] == sorted(each.at for each in plan)
    assert max(each.at for each in plan) < 300
    assert kinds_of_roles() == {kind.value for kind in Kind}


def test_the_seed_names_whom_the_kills_at_random_meet() -> None:
    met = [each.target for seed in range(20) for each in make_plan(seed, 5) if each.kind == "kill_random"]
    assert len(met) == 60
    assert len(set(met)) > len(ROLES) // 2
    assert set(met) <= set(ROLES)


def test_every_fault_of_the_plan_can_be_made() -> None:
    assert {kind for kind, _, _ in KINDS} == set(FAULTS)


def test_a_longer_drill_has_more_faults_and_a_short_one_those_that_it_names() -> None:
    assert len(make_plan(1, 10)) == 2 * len(KINDS)
    assert sorted(each.name for each in make_plan(1, 1, only=SHORT)) == sorted(SHORT)
    with pytest.raises(ValueError, match="no such fault: earthquake"):
        make_plan(1, 1, only=("earthquake",))
