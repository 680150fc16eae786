"""Clients that go on working while something is done to the deployment, and remember every answer that was none."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

import urllib3

from deploy.demo.client import ApiSession, WalkFailed

PAGES = ("/", "/readyz", "/boards")


class Clients:
    """Runs each piece of work again and again in a thread of its own until the block ends."""

    def __init__(self, *works: Callable[[], None]) -> None:
        self.done: Counter[str] = Counter()
        self.errors: list[str] = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(work,)) for work in works]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(120)

    def _repeat(self, work: Callable[[], None]) -> None:
        name = getattr(work, "__name__", "work")
        while not self._stopped.is_set():
            try:
                work()
                self.done[name] += 1
            except (WalkFailed, AssertionError, urllib3.exceptions.HTTPError) as error:
                self.errors.append(f"{name}: {error}")
            self._stopped.wait(0.05)


def looker(base: str, ca: str) -> Callable[[], None]:
    """Opens public pages, each time over a connection of its own, and never asks twice."""

    def look() -> None:
        for page in PAGES:
            with urllib3.PoolManager(ca_certs=ca, retries=False, timeout=30) as http:
                answer = http.request("GET", base + page, redirect=False)
                assert answer.status in (200, 302, 303), f"{page} {answer.status}"

    return look


def reader(base: str) -> Callable[[], None]:
    """A cadre who reads the registry over one connection that stays open."""
    cadre = ApiSession(base, "cadre")

    def read() -> None:
        cadre.get("/api/intake/households?limit=5")
        cadre.get("/api/points/rulebooks")

    return read


def verifier(base: str) -> Callable[[], None]:
    """An auditor who starts verifications, which the workers do, and waits for each."""
    auditor = ApiSession(base, "auditor")

    def verify() -> None:
        run = auditor.post("/api/points/verifications")
        found = auditor.poll(
            f"/api/points/verifications/{run['id']}", lambda each: each["finished_at"] is not None, _nothing, 120
        )
        assert not found["errors"]

    return verify


def previewer(base: str) -> Callable[[], None]:
    """An admin who has every village's points computed again, without applying it."""
    admin = ApiSession(base, "admin")

    def preview() -> None:
        run = admin.post("/api/points/recalculations", {"mode": "preview", "full": True})
        found = admin.poll(
            f"/api/points/recalculations/{run['id']}", lambda each: each["state"] != "running", _nothing, 120
        )
        assert found["state"] == "done", found["errors"]

    return preview


def _nothing(_answer: object) -> None:
    """Nobody looks at the progress."""
