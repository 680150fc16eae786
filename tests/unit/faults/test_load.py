"""A seed repeats what every client does, turn by turn, whatever it was answered."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.faults.clients import ACTS
from tests.faults.county import Store
from tests.faults.journal import Journal, Operation
from tests.faults.load import CLIENTS, Client, Load
from tests.faults.session import DrillSession

STORES = [Store(f"village {place}", place, tuple(range(9)), tuple(range(10, 19)), False) for place in range(5)]
MADE = {"id": "1", "number": "2026-0001", "items": [{"id": "1"}], "text": "", "state": "done"}


class Recording(DrillSession):
    """Says yes (or no) to everything, and keeps what was asked."""

    def __init__(self, asked: list[tuple[str, str, Any, bytes | None]], yes: bool) -> None:
        super().__init__("http://127.0.0.1:1", "nobody", "nothing", Journal(), threading.Event())
        self.asked, self.yes = asked, yes

    def perform(
        self, operation: Operation, path: str, body: dict[str, Any] | None = None, *, photo: bytes | None = None
    ) -> dict[str, Any] | None:
        self.asked.append((operation.key, path, body, photo))
        return MADE if self.yes else None

    def look(self, path: str) -> tuple[float, int, dict[str, Any]]:
        return 0.0, 200, MADE


def first_of_turns(kind: str, seed: int, *, place: int = 0, yes: bool = True) -> list[Any]:
    """What a client asks first in each of four turns."""
    load = Load("http://127.0.0.1:1", STORES, Journal(), seed)
    load.resting.set()
    client = Client(load, kind, place)
    firsts = []
    for _ in range(4):
        asked: list[Any] = []
        client.people = {name: Recording(asked, yes) for name in client.people}
        ACTS[kind](client)
        firsts.append(asked[0])
        client.next_turn()
    return firsts


@pytest.mark.parametrize("kind", list(CLIENTS))
def test_the_same_seed_asks_the_same_under_the_same_keys_even_where_it_is_refused(kind: str) -> None:
    assert first_of_turns(kind, 7) == first_of_turns(kind, 7)
    assert first_of_turns(kind, 7) == first_of_turns(kind, 7, yes=False)


@pytest.mark.parametrize("kind", list(CLIENTS))
def test_no_two_turns_clients_or_seeds_share_a_key(kind: str) -> None:
    asked = [*first_of_turns(kind, 7), *first_of_turns(kind, 7, place=1), *first_of_turns(kind, 8)]
    assert len({key for key, *_ in asked}) == len(asked)
