"""No person of the demo bears the name of a known one."""

from __future__ import annotations

from random import Random

import pytest

from deploy.demo import names
from deploy.demo.names import DENIED, SURNAMES, NameMaker


def drawn(maker: NameMaker, count: int) -> set[str]:
    return {maker.full_name(maker.surname(), male=number % 2 == 0, born=1950 + number % 60) for number in range(count)}


def test_names_of_leaders_are_never_drawn() -> None:
    assert not drawn(NameMaker(Random(1)), 60_000) & DENIED


def test_they_would_be_drawn_if_they_were_not_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "DENIED", frozenset())
    assert {"李强", "李鹏", "杨勇", "李敏", "陈光", "杨成武"} <= drawn(NameMaker(Random(1)), 60_000) & DENIED


def test_names_that_a_deployment_denies_are_not_drawn_either() -> None:
    usual = drawn(NameMaker(Random(1)), 500)
    assert not drawn(NameMaker(Random(1), frozenset(usual)), 500) & usual


def test_every_surname_is_of_one_or_two_characters() -> None:
    assert {len(surname) for surname in SURNAMES} == {1, 2}
