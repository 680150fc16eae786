"""The load: clients of every kind at once; each turn is drawn from the seed, whatever became of the turn before."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.faults.county import Store
from tests.faults.journal import Journal, Operation
from tests.faults.session import DrillSession, Gone

CLIENTS: Mapping[str, int] = {"redeem": 2, "events": 2, "demands": 1, "petitions": 1, "runs": 1, "photos": 1}
"""Kinds of clients, whose recovery is timed one by one, and how many there are of each."""
_PEOPLE = {"petitions": ("clerk", "discipline", "handler")}
_ADMINS = ("admin", "admin2")


@dataclass(slots=True)
class Load:
    """All clients. `resting`: make nothing new; `over`: give up what nobody answers."""

    base: str
    stores: list[Store]
    journal: Journal
    seed: int
    resting: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    failed: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, acts: Mapping[str, Callable[[Client], None]]) -> None:
        """Log everyone in and begin. `acts`: what each kind of client does in one turn."""
        clients = [Client(self, kind, place) for kind, count in CLIENTS.items() for place in range(count)]
        for client in clients:
            client.log_in()
        self._threads = [
            threading.Thread(target=client.work, args=(acts[client.kind],), name=client.kind) for client in clients
        ]
        for thread in self._threads:
            thread.start()

    def end(self, seconds: float) -> None:
        """No new operations; wait for answers to those under way, then give up."""
        self.resting.set()
        for thread in self._threads:
            thread.join(seconds)
        self.over.set()
        for thread in self._threads:
            thread.join()


class Client:
    """One client, who acts as the people of its kind: an admin who does things and the other one who reviews them."""

    def __init__(self, load: Load, kind: str, place: int) -> None:
        self.load, self.kind, self.place = load, kind, place
        self.people = {
            name: DrillSession(load.base, name, kind, load.journal, load.over) for name in _PEOPLE.get(kind, _ADMINS)
        }
        self._turn = -1
        self.random = Random()
        self.next_turn()

    @property
    def admin(self) -> DrillSession:
        return self.people["admin"]

    @property
    def other_admin(self) -> DrillSession:
        return self.people["admin2"]

    def log_in(self) -> None:
        for session in self.people.values():
            session.log_in()

    def next_turn(self) -> None:
        """The dice anew, by seed, kind, place and number of the turn: what was refused before changes nothing."""
        self._turn += 1
        self.random = Random(f"{self.load.seed} {self.kind} {self.place} {self._turn}")

    def work(self, act: Callable[[Client], None]) -> None:
        """One turn after the other until the load rests."""
        while not self.load.resting.is_set():
            try:
                act(self)
            except Gone:
                return
            except Exception as error:
                self.load.failed.append(f"{self.kind}: {error!r}")
                raise
            self.next_turn()

    def operation(self, act: str, subject: str = "", **facts: Any) -> Operation:
        """An operation under a key that no other one has; it also stands in what the operation makes."""
        return Operation(self.kind, act, uuid.UUID(int=self.random.getrandbits(128)).hex, subject, facts=facts)

    def store(self) -> Store:
        return self.random.choice(self.load.stores)
