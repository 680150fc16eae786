"""What `make scale` is told, and in which order an upgrade goes through the roles."""

from __future__ import annotations

import pytest

from deploy.containers.engine import CannotRun
from deploy.containers.scale import parse, variable_of
from deploy.containers.upgrade import roles_in_order
from shared.topology import ROLES, Kind


def test_a_role_and_its_number_are_read() -> None:
    assert parse(["points-bulk-worker=4", "gateway=2"]) == {"points-bulk-worker": 4, "gateway": 2}
    assert variable_of("points-bulk-worker") == "POINTS_BULK_WORKER_SCALE"


@pytest.mark.parametrize("word", ["points-bulk-worker=0", "gateway=65", "gateway=", "gateway=two", "gateway=-1"])
def test_a_number_that_is_none_is_refused_in_words(word: str) -> None:
    with pytest.raises(CannotRun, match="的数量应是 1 到 64"):
        parse([word])


def test_a_role_that_is_none_is_refused_with_the_names_that_are() -> None:
    with pytest.raises(CannotRun, match="没有“pionts”这个角色.*points-bulk-worker"):
        parse(["pionts=2"])
    with pytest.raises(CannotRun, match="请写明角色和数量"):
        parse([])


def test_an_upgrade_teaches_receivers_before_senders_and_leaves_nobody_out() -> None:
    order = roles_in_order()
    assert sorted(order) == sorted(ROLES)
    kinds = [ROLES[role].kind for role in order]
    assert kinds == sorted(kinds, key=[Kind.WORKER, Kind.WEB, Kind.SCHEDULER, Kind.RELAY].index)
    assert [role for role in order if ROLES[role].kind is Kind.WEB][-1] == "gateway"
